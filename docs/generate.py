"""Write the reference pages, and the module of settings for type checkers, from the code: python docs/generate.py.

With --check nothing is written: it fails where a file is out of date, and a test runs the same check.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import re
import sys
import textwrap
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal, TypeGuard, get_args, get_origin

import msgspec
from markdown_it import MarkdownIt

import gossamer
import gossamer.testing
from gossamer.check import findings as check_findings
from gossamer.check import settings as check_settings
from gossamer.check.findings import FindingKind, Severity
from gossamer.check.kinds import KINDS, anchor_of
from gossamer.check.settings import CHECK_SETTINGS
from gossamer.cli.command_table import CommandRow, FlagRow, commands
from gossamer.report.reason_advice import ADVICE
from gossamer.rules import policy
from gossamer.rules.policy import SETTINGS, HostManners, Policy
from gossamer.rules.setting import DOWNLOADS, FIXED, Notation, Setting, Trait
from gossamer.values import event_log
from gossamer.values.reasons import FinishReason, Reason, Waiting
from gossamer.values.snapshot import Counts, PausedHost, Pauses

HERE = Path(__file__).parent
SOURCE = HERE.parent / "src" / "gossamer"
WORDING = tomllib.loads((HERE / "wording.toml").read_text(encoding="utf-8"))


def pages() -> dict[str, str]:
    """Give every generated page by its path under docs/."""
    return {
        "reference/cli.md": cli(),
        "reference/reasons.md": reasons(),
        "reference/findings.md": findings(),
        "reference/configuration.md": configuration(),
        "reference/api.md": api(),
        "reference/events.md": events(),
        "reference/events.schema.json": events_schema(),
        "reference/check.schema.json": check_schema(),
        "gossamer.1": man_page(),
    }


def fragments() -> dict[str, str]:
    """Return every generated file of the package, by its path under src/gossamer/."""
    return {"cli/site_owners.html": site_owners(), "rules/policy_fields.py": policy_fields()}


def _page(title: str, *parts: str) -> str:
    note = "<!-- Written by docs/generate.py from the code; change it there. -->"
    return "\n\n".join([f"# {title}", note, *(part.strip("\n") for part in parts)]) + "\n"


def _table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    cells = [heads, tuple("---" for _ in heads), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


# ---------------------------------------------------------------- what gossamer itself shows


def site_owners() -> str:
    """Write the page for site owners as a piece of HTML, its headings one level down: it becomes part of a page."""
    text = (HERE / "explanation" / "for-site-owners.md").read_text(encoding="utf-8").partition("<!--")[0]
    return str(MarkdownIt().render(re.sub("^#", "##", text, flags=re.MULTILINE)))


# ---------------------------------------------------------------- what type checkers know


def policy_fields() -> str:
    """Write the module of `PolicyFields`: each field of `Policy` but `seeds`, with every type that a call may give."""
    lines = {name: f"    {name}: {_loose_type(one)}\n" for name, one in SETTINGS.items() if name != "seeds"}
    downloads = {name for name in lines if DOWNLOADS in SETTINGS[name].traits}
    others = "".join(line for name, line in lines.items() if name not in downloads)
    return DOWNLOAD_FIELDS + "".join(lines[name] for name in lines if name in downloads) + POLICY_FIELDS + others


DOWNLOAD_FIELDS = '''"""The settings as a call may give them by name: for type checkers, and for completion.

Written by docs/generate.py from `policy.py`; change them there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

from gossamer.rules.policy import HostManners


class DownloadFields(TypedDict, total=False):
    """The fields of `Policy` that mean something to a download."""

'''
POLICY_FIELDS = '''

class PolicyFields(DownloadFields, total=False):
    """The fields of `Policy` but `seeds`, which have a place of their own in a call."""

'''


def _loose_type(setting: Setting) -> str:
    match setting.notation:
        case Notation.LIST:
            return "str | Sequence[str]"
        case Notation.HEADERS:
            return "Mapping[str, str] | Sequence[tuple[str, str]]"
        case Notation.TABLES:
            return "Mapping[str, HostManners | Mapping[str, object]]"
    return _written(setting.kind)


def _written(kind: Any) -> str:
    """Write a type as its source text, without notes."""
    if get_origin(kind) is Annotated:
        return _written(get_args(kind)[0])
    if get_origin(kind) is Literal:
        return f"Literal[{', '.join(json.dumps(word) for word in get_args(kind))}]"
    if parts := get_args(kind):
        return " | ".join(_written(part) for part in parts)
    return "None" if kind is type(None) else kind.__name__


# ---------------------------------------------------------------- the command line


def cli() -> str:
    """Describe every command with its flags, as `--help` does."""
    intro = (
        "`gossamer COMMAND …`; each command has `--help`. A URL in the place of a command is crawled: "
        "`gossamer https://example.org/` is `gossamer crawl https://example.org/`. Results go to stdout or into files, "
        "talk goes to stderr. A flag, where there is one, wins over its environment variable, and that over the "
        "configuration file ([configuration](configuration.md)). `gossamer completion` prints what completes commands "
        "in a shell, and `man gossamer` shows this page where gossamer was installed into a directory that `man` knows."
    )
    return _page("Commands", intro, *map(_command, commands()))


def _command(row: CommandRow) -> str:
    parts = [f"## gossamer {row.verb}", f"```text\n{row.usage}\n```", row.about]
    for title, rows in row.groups:
        cells = ((_flags(one), one.about.replace("<", "&lt;")) for one in rows)
        parts += [f"**{title[:1].upper()}{title[1:]}**", _table(("option", "meaning"), cells)]
    if row.below:
        parts.append(f"```text\n{row.below}\n```")
    return "\n\n".join(part for part in parts if part)


def _flags(row: FlagRow) -> str:
    value = f" {row.metavar}" if row.metavar else ""
    return ", ".join(f"`{flag}{value}`" for flag in row.spellings) or f"`{row.metavar}`"


# ---------------------------------------------------------------- the man page


def man_page() -> str:
    """Write the man page gossamer(1), by man(7)."""
    table = commands()
    listed = [line for row in table for line in (".TP", f".B {_roff(row.verb)}", _prose(row.about))]
    crawl = next(row for row in table if row.verb == "crawl")
    examples, _, exits = crawl.below.partition("\n\n")
    parts = [
        '.\\" Written by docs/generate.py from the code; change it there.',
        '.TH GOSSAMER 1 "" gossamer "User Commands"',
        ".SH NAME",
        "gossamer \\- a polite, fast web crawler that explains itself",
        ".SH SYNOPSIS",
        ".B gossamer",
        ".I COMMAND",
        "[options]",
        ".br",
        ".B gossamer",
        ".I URL",
        "[options]",
        *_roff_sections(WORDING["man"]["begin"]),
        ".SH COMMANDS",
        *listed,
        *(line for row in table for line in _man_command(row)),
        ".SH EXIT STATUS",
        *(line for code, why in _exit_codes(exits) for line in (".TP", f".B {code}", _prose(why))),
        *_roff_sections(WORDING["man"]["end"]),
        ".SH EXAMPLES",
        *_verbatim(textwrap.dedent(examples.partition("\n")[2])),
    ]
    return "\n".join(parts) + "\n"


def _exit_codes(text: str) -> list[tuple[str, str]]:
    """Return the exit codes of a text such as "exit codes: 0 told, 2 usage", each with what it means."""
    return re.findall(r"(\d+) (.+?)(?=, \d+ |$)", " ".join(text.partition(":")[2].split()))


def _man_command(row: CommandRow) -> Iterator[str]:
    yield from (f'.SH "GOSSAMER {row.verb.upper()}"', ".B", _roff(row.usage), ".PP", _prose(row.about))
    for title, rows in row.groups:
        yield f'.SS "{_roff(title[:1].upper() + title[1:])}"'
        for one in rows:
            value = f" \\fI{_roff(one.metavar)}\\fR" if one.metavar else ""
            flags = ", ".join(f"\\fB{_roff(flag)}\\fR{value}" for flag in one.spellings)
            yield from (".TP", flags or value.strip(), _prose(one.about))
    if row.below:
        yield from (".PP", *_verbatim(row.below))


def _verbatim(text: str) -> list[str]:
    return [".nf", *(_roff(line) for line in text.splitlines()), ".fi"]


def _roff_sections(text: str) -> Iterator[str]:
    """Yield sections written as "# TITLE", paragraphs, and "term: meaning" after a dash, as lines of roff."""
    begins = False  # where a section begins, so does a paragraph
    for block in text.strip().split("\n\n"):
        if block.startswith("# "):
            yield f".SH {block[2:]}"
            begins = True
            continue
        if block.startswith("- "):
            for entry in block[2:].split("\n- "):
                term, _, meaning = entry.partition(": ")
                yield from (".TP", f".B {_roff(term)}", _prose(meaning))
        else:
            yield from (() if begins else (".PP",))
            yield _prose(block)
        begins = False


def _prose(text: str) -> str:
    """Return a text as lines of roff, which are filled again."""
    lines = textwrap.wrap(" ".join(text.split()), 66, break_on_hyphens=False, break_long_words=False)
    return "\n".join(map(_roff, lines))


def _roff(text: str) -> str:
    """Return a line of text as roff: nothing in it is a request or an escape."""
    for char, escape in (
        ("\\", "\\e"),
        ("-", "\\-"),
        ("'", "\\(aq"),
        ("`", "\\(ga"),
        ("…", "..."),
        ("µ", "u"),
        ("^", "\\(ha"),
        ("~", "\\(ti"),
    ):
        text = text.replace(char, escape)
    return f"\\&{text}" if text.startswith(".") else text


# ---------------------------------------------------------------- reasons


def reasons() -> str:
    """Describe every reason, wait and finish reason, with what to do about it."""
    intro = (
        "Every URL that was refused or failed, every moment a crawl waited, and every end of a crawl has one of these "
        "codes. They are stable: programs may rely on them. Each has its anchor here."
    )
    return _page(
        "Reasons",
        intro,
        "## Why a URL has no page\n\n`skip.…`: gossamer did not want to or was not allowed to. `fail.…`: it tried.",
        *(_entry(reason, reason.sentence, ADVICE[reason.value]) for reason in Reason),
        "## What a crawl waits for\n\nEach of a crawl's slots (`concurrency` of them) is at every moment in one of "
        "these states. Their sum is the wall time multiplied by the slots; the largest is the *limiting factor*.",
        *(_entry(waiting, waiting.sentence, WORDING["waiting"][waiting]) for waiting in Waiting),
        "## Why a crawl ended",
        *(_entry(finish, finish.sentence, WORDING["finish"][finish]) for finish in FinishReason),
    )


def anchor(code: StrEnum) -> str:
    """Name the anchor of a code on the page of reasons: `Reason.anchor`, and the same for the others."""
    return code.value.replace(".", "-").replace("_", "-")


def _entry(code: StrEnum, sentence: str, advice: str) -> str:
    plain = sentence[:1].upper() + sentence[1:].rstrip(".") + "."
    return f'<a id="{anchor(code)}"></a>\n\n### `{code.value}`\n\n{plain}\n\n{advice}'


# ---------------------------------------------------------------- findings


def findings() -> str:
    """Describe every kind of finding, and the settings of a check."""
    intro = (
        "What `gossamer check` finds has one of these kinds. They are stable: programs may rely on them. Each has its "
        "anchor here.\n\nAn `error` is something broken, and makes the exit code 1; a `warning` does so with "
        "`--strict`; a `notice` never does. What is `off` is not looked for."
    )
    off = [kind for kind in FindingKind if KINDS[kind].severity is Severity.OFF]
    unwanted = "\n".join(f"- `{kind.value}`: {KINDS[kind].why_off}" for kind in off)
    settings = (
        "## Settings of a check\n\nThey stand in the table `[check]` of `gossamer.toml` (`[tool.gossamer.check]` in "
        '`pyproject.toml`):\n\n```toml\n[check]\naccept = [403, "https://www.linkedin.com/*"]\n'
        'ignore = ["/archive/*"]\nseverity = { missing_description = "off", redirect = "warning" }\ndeep = 4\n```'
    )
    table = _table(("setting", "default", "meaning"), _check_settings())
    parts = [_finding(kind) for kind in FindingKind]
    return _page("Findings", intro, f"Off unless you ask for them:\n\n{unwanted}", *parts, settings, table)


def _finding(kind: FindingKind) -> str:
    told = KINDS[kind]
    lines = [
        f'<a id="{anchor_of(kind)}"></a>\n\n### `{kind.value}`\n\n{told.sentence}',
        f"Why it matters: {told.why}",
        f"To mend it: {told.mend}",
        f"Severity: `{told.severity.value}`."
        + (f" {told.why_off}" if told.why_off else "")
        + (f" Limits: {_listed(told.thresholds)}." if told.thresholds else ""),
    ]
    return "\n\n".join(lines)


def _check_settings() -> Iterator[tuple[str, ...]]:
    texts = _texts_of_fields(check_settings, "CheckSettings")
    yield from ((f"`{name}`", _default(one.default), texts[name]) for name, one in CHECK_SETTINGS.items())


# ---------------------------------------------------------------- configuration


def configuration() -> str:
    """Describe every setting, with its default, flag and variable."""
    texts = setting_texts()
    intro = (
        "Every setting is a field of `gossamer.Policy`: a keyword of `gossamer.crawl`, `Crawler` and `fetch_all`, a "
        "key of `gossamer.toml` (or of `[tool.gossamer]` in `pyproject.toml`), a variable `GOSSAMER_` and the "
        "name in capitals, and mostly a flag. Flags win over variables, and these over the file. An unknown key is an "
        "error that names the nearest known one, or the one that another tool calls so. `engine` may be set in the "
        "same places."
    )
    toml = (
        "A file says for instance:\n\n```toml\n"
        'seeds = ["https://example.org/"]\ncontact = "you@example.org"\nmax_pages = 1000\nmax_time = "30m"\n'
        'exclude = ["/calendar/*", "*/print/*"]\n```\n\n'
        "In the file, in variables and on the command line a duration may be `90`, `1.5s`, `5m` or `2h`, and a size "
        "`500k`, `10MB` or `2G` (powers of 1,024). In Python durations are seconds and sizes bytes. Lists in variables "
        "are separated by white space. Booleans are `true` or `false`."
    )
    rows = (
        (f"`{name}`", _default(one.default), f"`{one.flag.spellings[-1]}`" if one.flag else "", texts[name])
        for name, one in SETTINGS.items()
    )
    limits = (
        f"Fixed once a crawl has begun, so that resuming it cannot change them: {_listed(_having(FIXED))}. Of `hosts` "
        f"only `robots` is.\n\nDownloads (`fetch_all`, `gossamer fetch`) heed {_listed(_having(DOWNLOADS))}."
    )
    hosts = (
        "## Some hosts otherwise\n\nWhoever owns a site may have it crawled faster, or not at all so fast, than others "
        "in the same crawl:\n\n```toml\n"
        '[hosts."docs.example.org"]\ndelay = 0\nhost_concurrency = 8\n\n'
        '[hosts."*.example.org"]            # all names below it, not example.org itself\ndelay = "2s"\n\n'
        '[hosts."127.0.0.1:8000"]           # at one port only\nrobots = false\n```\n\n'
        f"A host may have its own {_listed(HostManners.__struct_fields__)}; they mean what they mean above. "
        "Where several tables match, each setting comes from the closest: a name before a longer tail before a shorter "
        'one, and with a port before without. In Python: `hosts={"docs.example.org": {"delay": 0}}`.'
    )
    table = _table(("setting", "default", "flag", "meaning"), rows)
    return _page("Configuration", intro, toml, WORDING["configuration"]["origins"], table, limits, hosts, _words())


def setting_texts() -> dict[str, str]:
    """Return what the docstring under each field of `Policy` says, in one line."""
    found = _texts_of_fields(policy, "Policy")
    if missing := [name for name in SETTINGS if name not in found]:
        raise SystemExit(f"No docstring in rules/policy.py says what these settings mean: {', '.join(missing)}.")
    return found


def _texts_of_fields(module: ModuleType, owner: str) -> dict[str, str]:
    """Return what the docstring under each field of a class says, in one line."""
    body = next(node.body for node in ast.parse(inspect.getsource(module)).body if _is_class(node, owner))
    found = {}
    for field, below in pairwise(body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(text))):
                found[name] = " ".join(text.split())
    return found


def _is_class(node: ast.stmt, name: str) -> TypeGuard[ast.ClassDef]:
    return isinstance(node, ast.ClassDef) and node.name == name


def _words() -> str:
    about = (
        "## What other tools call them\n\nWhoever writes one of these words (of Scrapy, requests, aiohttp, httpx, "
        "Crawlee, wget, httrack or curl) is told the setting."
    )
    rows = ((f"`{name}`", ", ".join(f"`{word}`" for word in one.hints)) for name, one in SETTINGS.items() if one.hints)
    return f"{about}\n\n{_table(('setting', 'elsewhere'), rows)}"


def _having(trait: Trait) -> list[str]:
    return [name for name, setting in SETTINGS.items() if trait in setting.traits]


def _listed(names: Sequence[str]) -> str:
    marked = [f"`{name}`" for name in names]
    return f"{', '.join(marked[:-1])} and {marked[-1]}" if len(marked) > 1 else marked[0]


def _default(value: Any) -> str:
    if value in (None, "", (), {}):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


# ---------------------------------------------------------------- Python


def api() -> str:
    """Describe every public name from its signature and docstrings."""
    intro = (
        "`import gossamer` gives these names, each loaded when first used; `gossamer.testing` has those for tests. "
        "What has a leading underscore, or is not on this page, may change without notice."
    )
    parts = []
    for part in WORDING["api"]:
        parts += [f"## {part['title']}", part["about"], *(_name(name) for name in part["names"])]
    parts = [part for part in parts if part]
    return _page("Python API", intro, *parts)


def _name(name: str) -> str:
    value = getattr(gossamer.testing if name in gossamer.testing.__all__ else gossamer, name)
    if isinstance(value, str):
        return f"### `{name}`\n\nThe installed version, as text."
    return "\n\n".join(
        part for part in (f"### `{name}`", _signature(name, value), _doc(value), _members(value)) if part
    )


def _signature(name: str, value: Any) -> str:
    if name not in WORDING["calls"]["names"]:
        return ""
    return f"```text\n{name}{_parameters(inspect.signature(value).parameters.values())}\n```"


def _parameters(parameters: Iterable[inspect.Parameter]) -> str:
    said, star = [], False
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            said.append("*")
        star = star or parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL)
        said.append(_parameter(parameter))
    return f"({', '.join(said)})"


def _parameter(parameter: inspect.Parameter) -> str:
    shown = str(parameter).split(":")[0].split(" = ")[0].split("=")[0]
    if parameter.default is parameter.empty:
        return shown
    default = repr(parameter.default).replace("'", '"')
    return f"{shown}={'{}' if default.startswith('<') else default}"


def _doc(value: Any) -> str:
    return inspect.getdoc(value) or ""


_EXPLAINED = {**dict.fromkeys(("Reason", "Waiting", "FinishReason"), "reasons.md"), "FindingKind": "findings.md"}
"""The pages that explain the values of enumerations."""


def _members(value: Any) -> str:
    if not inspect.isclass(value) or value is Policy:
        return "" if value is not Policy else "Its fields are the settings: [configuration](configuration.md)."
    if issubclass(value, StrEnum):
        page = _EXPLAINED.get(value.__name__)
        link = f" ([what they mean]({page}))" if page else ""
        return "Values: " + ", ".join(f"`{member.value}`" for member in value) + link + "."
    own = [(name, member) for name, member in vars(value).items() if _is_public(value, name, member)]
    fields = [f"- `{name}`: {text}" if text else f"- `{name}`" for name, text in _fields(value)]
    lines = [f"- `{name}{_brackets(member)}`: {_first_line(member)}" for name, member in own]
    head = "Fields, properties and methods:" if lines else "Fields:"
    return "\n".join([*([f"{head}\n"] if fields else []), *fields, *lines])


def _fields(value: type) -> Iterator[tuple[str, str]]:
    """Yield the fields of a struct, each with the docstring under it, if there is one."""
    if not issubclass(value, msgspec.Struct):
        return
    body = ast.parse(textwrap.dedent(inspect.getsource(value))).body[0].body  # type: ignore[attr-defined]  # a class
    texts = {}
    for field, after in pairwise(body):
        match field, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                texts[name] = " ".join(text.split())
    yield from ((field.name, texts.get(field.name, "")) for field in msgspec.structs.fields(value))


def _is_public(owner: type, name: str, member: Any) -> bool:
    if issubclass(owner, msgspec.Struct) and name in owner.__struct_fields__:
        return False
    return not name.startswith("_") and (callable(member) or hasattr(member, "__get__")) and bool(_first_line(member))


def _brackets(member: Any) -> str:
    inner = member.__func__ if isinstance(member, classmethod) else member
    if not inspect.isfunction(inner):
        return ""
    return _parameters(list(inspect.signature(inner).parameters.values())[1:])


def _first_line(member: Any) -> str:
    inner = getattr(member, "__func__", None) or getattr(member, "func", None) or member
    return (inspect.getdoc(inner) or "").split("\n")[0]


# ---------------------------------------------------------------- events


def events() -> str:
    """Describe every event of an event log, with its fields."""
    kinds = get_args(event_log.AnyEvent)
    common = [name for name, _ in _fields(event_log.LogEvent)]
    parts = []
    for kind in kinds:
        own = [row for row in _typed_fields(kind) if row[0].strip("`") not in common]
        inherits = kind.__base__ is not event_log.LogEvent
        table = "" if inherits else _table(("field", "type", "meaning"), iter(own))
        parts += [f"## {_tag(kind)}", _doc(kind), table]
    shared = [
        f"### {kind.__name__}\n\n{_doc(kind)}\n\n{_table(('field', 'type', 'meaning'), iter(_typed_fields(kind)))}"
        for kind in (event_log.HostView, Counts, Pauses, PausedHost)
    ]
    all_have = _table(("field", "type", "meaning"), iter(_typed_fields(event_log.LogEvent)))
    parts = [part for part in parts if part]
    return _page("Events", WORDING["events"]["about"], all_have, *parts, "## Values in events", *shared)


def _tag(kind: Any) -> str:
    return str(kind.__struct_config__.tag)


def _typed_fields(kind: Any) -> list[tuple[str, str, str]]:
    """List the fields of a struct: name, type in words of JSON, and what its docstring says."""
    types = {field.encode_name: field.type for field in msgspec.inspect.type_info(kind).fields}  # type: ignore[attr-defined]  # it is a struct
    texts = {name: text for base in reversed(kind.__mro__[:-1]) for name, text in _fields_of_class(base)}
    return [(f"`{name}`", _json_type(one), texts[name]) for name, one in types.items()]


def _fields_of_class(kind: type) -> Iterator[tuple[str, str]]:
    """Yield the fields that a struct has itself, with their texts."""
    return _fields(kind) if kind not in (msgspec.Struct, object) else iter(())


def _json_type(kind: msgspec.inspect.Type) -> str:
    """Return a type in words of JSON, with a link where it is described."""
    match kind:
        case msgspec.inspect.UnionType():
            return " or ".join(map(_json_type, kind.types))
        case msgspec.inspect.VarTupleType():
            return f"list of {_json_type(kind.item_type)}"
        case msgspec.inspect.DictType():
            values = {msgspec.inspect.StrType: " of texts", msgspec.inspect.AnyType: ""}
            return "object" + values.get(type(kind.value_type), " of numbers")
        case msgspec.inspect.StructType(cls=one) if one.__name__ in ("Snapshot", "Audit"):
            return f"`gossamer.{one.__name__}`"
        case msgspec.inspect.StructType(cls=one):
            return f"[{one.__name__}](#{one.__name__.lower()})"
        case msgspec.inspect.EnumType(cls=one) if one in (Reason, Waiting, FinishReason):
            return "[code](reasons.md)"
        case msgspec.inspect.EnumType(cls=one):
            return "one of " + ", ".join(f"`{member.value}`" for member in one)
    names = {"IntType": "whole number", "FloatType": "number", "StrType": "text", "NoneType": "null"}
    return names[type(kind).__name__]


def events_schema() -> str:
    """Write the JSON schema of a line of an event log."""
    schema = msgspec.json.schema(event_log.AnyEvent)
    about = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A line of gossamer's event log, version {event_log.EVENTS_VERSION}",
    }
    return json.dumps(about | schema, indent=1) + "\n"


def check_schema() -> str:
    """Write the JSON schema of the report of a check. Every field is always there, and described by its docstring."""
    schema = msgspec.json.schema(check_findings.CheckReport)
    for name, definition in schema["$defs"].items():
        properties = definition.get("properties")
        if properties is not None:
            definition["required"] = list(properties)
            described = dict(_fields_of_class(getattr(check_findings, name)))
            schema["$defs"][name]["properties"] = {
                field: {key: value for key, value in one.items() if key != "default"}
                | {"description": " ".join(described[field].split()).replace("None", "null")}
                for field, one in properties.items()
            }
    schema["$defs"]["CheckReport"]["properties"]["version"]["const"] = check_findings.VERSION
    about = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"The report of `gossamer check --format json`, version {check_findings.VERSION}",
    }
    return json.dumps(about | schema, indent=1) + "\n"


def stale() -> list[Path]:
    """List the generated files that are not what they would be now."""
    return [path for path, text in _files() if not path.exists() or path.read_text(encoding="utf-8") != text]


def _files() -> Iterator[tuple[Path, str]]:
    for place, written in ((HERE, pages()), (SOURCE, fragments())):
        yield from ((place / path, text) for path, text in written.items())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file is out of date")
    if parser.parse_args().check:
        old = stale()
        print(*(f"{path} is out of date: run python docs/generate.py" for path in old), sep="\n", end="\n" * bool(old))
        return 1 if old else 0
    for path, text in _files():
        path.write_text(text, encoding="utf-8")
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""robots.txt: parse a site's rules and decide what may be fetched (RFC 9309, the Robots Exclusion Protocol).

The matcher is our own, because the usual one (protego) compares agents by substring, backtracks on wildcards, mistakes
percent-encoded "*" and "$", has no line numbers to explain a refusal with, and cannot be pickled. Here wildcards are
matched piece by piece, leftmost first, without backtracking.

What the RFC leaves open is decided thus:

- Only allow and disallow lines end a list of user-agent lines, so that other records do not interfere (2.2.4).
- Well-known misspellings of "disallow" count, and so does a line of two words without a colon.
- A file is read up to `MAX_BODY` octets (2.5 asks for at least 500 KiB), and a line cut there is ignored.
- Where an agent has several delays, the longest counts.
- A usage preference (Content-Usage of the IETF's aipref-attach draft, or Content-Signal) belongs to its group, as rules
  do; before the first group it applies to all agents.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator
from functools import cached_property
from math import isfinite
from typing import Final

from msgspec import Struct

from gossamer.rules.headers import essence
from gossamer.rules.robots_rules import Rule, Ruleset, target_of

MAX_BODY: Final = 512 * 1024
"""Maximum size of a robots.txt (bytes); what follows is ignored."""
MAX_CRAWL_DELAY: Final = 86_400.0
"""Maximum Crawl-delay (seconds): more than a day is a mistake or a trap, and counts as a day."""
MAX_USAGE: Final = 500
"""Maximum length of one usage preference (characters); the rest is cut off."""

_REMEMBERED_AGENTS: Final = 16
"""Maximum number of agents whose merged rules one `Robots` caches."""
_BOM: Final = b"\xef\xbb\xbf"
_KEYS: Final = {
    "user-agent": "agent",
    "useragent": "agent",
    "user agent": "agent",
    "allow": "allow",
    "disallow": "disallow",
    **dict.fromkeys(("dissallow", "dissalow", "disalow", "diasllow", "disallaw", "desallow", "disallows"), "disallow"),
    "crawl-delay": "delay",
    "crawldelay": "delay",
    "sitemap": "sitemap",
    "site-map": "sitemap",
    "content-usage": "usage",
    "content-signal": "usage",
}

_TOKEN = re.compile(r"[^\s/;,()*]+")
_COMPATIBLE = re.compile(r"Mozilla/\S+ \(compatible; ([^\s/;,()]+)", re.IGNORECASE)
_UNIT = re.compile(r"(?<=\d)s(?:ec(?:onds?|s)?)?\Z", re.IGNORECASE)
_MARKUP = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_DIRECTIVE = re.compile(rb"^[ \t]*(?:user-agent|allow|disallow|sitemap)[ \t]*:", re.IGNORECASE | re.MULTILINE)


class Usage(Struct, frozen=True):
    """A usage preference: one Content-Usage or Content-Signal line."""

    name: str
    """The field's name in lower case."""
    value: str
    """The preference as written, such as "ai-train=no"."""
    pattern: str = "/"
    """The path pattern that it applies to."""


class RobotsGroup(Struct, frozen=True):
    """One group of a robots.txt (RFC 9309, 2.1): agents, and what applies to them."""

    agents: tuple[str, ...]
    """Product tokens in lower case, or "*"."""
    rules: tuple[Rule, ...] = ()
    """The allow and disallow lines, in file order."""
    delays: tuple[tuple[str, float], ...] = ()
    """Pairs of an agent and its Crawl-delay (seconds)."""
    usages: tuple[Usage, ...] = ()
    """The usage preferences, in file order."""


class Decision(Struct, frozen=True):
    """Whether a URL may be fetched, and the rule that decides."""

    allowed: bool
    """Whether the URL may be fetched."""
    line: int | None = None
    """The line number (from 1) of the rule; None if no rule matches."""
    rule: str = ""
    """The rule as written; "" if no rule matches."""


class Robots(Struct, frozen=True, dict=True):
    """A parsed robots.txt.

    Every `agent` argument is a product token ("gossamer") or a whole User-Agent header
    ("gossamer/1.0 (+https://example.org/)"). Every `url` argument is a URL of the host that the file is from.
    """

    groups: tuple[RobotsGroup, ...] = ()
    """The groups, in file order."""
    sitemaps: tuple[str, ...] = ()
    """URLs as written, each once; the caller resolves them against the file's URL."""
    usages: tuple[Usage, ...] = ()
    """The usage preferences that apply to all agents."""

    def allows(self, agent: str, url: str) -> bool:
        """Whether an agent may fetch a URL."""
        if not self.groups:  # as on most hosts; `allows` is called before every fetch
            return True
        rule = self._deciding(agent, url)
        return rule is None or rule.allow

    def explain(self, agent: str, url: str) -> Decision:
        """Return whether an agent may fetch a URL, with the rule that decides."""
        rule = self._deciding(agent, url)
        return Decision(True) if rule is None else Decision(rule.allow, rule.line, rule.text)

    def crawl_delay(self, agent: str) -> float | None:
        """Return the Crawl-delay of an agent (seconds, at most `MAX_CRAWL_DELAY`), or None if there is none."""
        return self._ruleset(agent).delay if self.groups else None

    def usage(self, agent: str, url: str) -> tuple[str, ...]:
        """Return the usage preferences for a URL, such as "content-signal: ai-train=no".

        There is at most one for each field name: that with the longest matching path pattern.
        """
        if not self.states_usage:
            return ()
        usages = self._usages.get(agent)
        if usages is None:
            groups = self._groups_for(agent)[1]
            usages = _by_name((*self.usages, *(usage for group in groups for usage in group.usages)))
            if len(self._usages) < _REMEMBERED_AGENTS:
                self._usages[agent] = usages
        path = target_of(url)
        deciding = ((name, values, ruleset.deciding(path)) for name, values, ruleset in usages)
        return tuple(f"{name}: {values[rule.pattern]}" for name, values, rule in deciding if rule)

    @cached_property
    def states_usage(self) -> bool:
        """Whether the file has any usage preference; few have."""
        return bool(self.usages) or any(group.usages for group in self.groups)

    def _deciding(self, agent: str, url: str) -> Rule | None:
        path = target_of(url)
        if path == "/robots.txt":  # implicitly allowed (RFC 9309, 2.2.2)
            return None
        return self._ruleset(agent).deciding(path)

    def _ruleset(self, agent: str) -> Ruleset:
        ruleset = self._rulesets.get(agent)
        if ruleset is None:
            ruleset = self._merge(agent)
            if len(self._rulesets) < _REMEMBERED_AGENTS:
                self._rulesets[agent] = ruleset
        return ruleset

    def _merge(self, agent: str) -> Ruleset:
        name, groups = self._groups_for(agent)
        delays = [seconds for group in groups for listed, seconds in group.delays if listed == name]
        return Ruleset((rule for group in groups for rule in group.rules), max(delays, default=None))

    def _groups_for(self, agent: str) -> tuple[str, list[RobotsGroup]]:
        """Return the name under which groups apply to an agent, and these groups (RFC 9309, 2.2.1).

        The name is the agent's product token, or "*" if no group has that.
        """
        name = product_token(agent)
        groups = [group for group in self.groups if name and name in group.agents]
        return (name, groups) if groups else ("*", [group for group in self.groups if "*" in group.agents])

    @cached_property
    def _usages(self) -> dict[str, _Usages]:
        return {}

    @cached_property
    def _rulesets(self) -> dict[str, Ruleset]:
        return {}


ALLOW_ALL: Final = Robots()
_Usages = tuple[tuple[str, dict[str, str], Ruleset], ...]


def _by_name(usages: Iterable[Usage]) -> _Usages:
    """Group usages by field name: each with its values by pattern, and a ruleset that finds the deciding pattern."""
    by_name: dict[str, dict[str, list[str]]] = {}
    for usage in usages:
        by_name.setdefault(usage.name, {}).setdefault(usage.pattern, []).append(usage.value)
    return tuple(
        (
            name,
            {pattern: ", ".join(dict.fromkeys(values)) for pattern, values in patterns.items()},
            Ruleset((Rule(True, pattern, 0) for pattern in patterns), None),
        )
        for name, patterns in by_name.items()
    )


def parse(body: bytes) -> Robots:
    """Parse a robots.txt. Never raises: unknown lines, and all beyond `MAX_BODY` bytes, are ignored."""
    builder = _GroupBuilder()
    for number, name, value in _records(_in_utf_8(_capped(body))):
        builder.add(number, name, value)
    return Robots(builder.finish(), tuple(dict.fromkeys(builder.sitemaps)), tuple(builder.usages))


def looks_like_html(body: bytes, content_type: str) -> bool:
    """Whether the response to /robots.txt is a web page (a challenge or an error), so that the rules are unknown.

    False for a file of rules that is mislabelled as text/html.
    """
    start = _in_utf_8(body[:MAX_BODY]).removeprefix(_BOM).lstrip()
    if _MARKUP.match(start):
        return True
    labelled = essence(content_type) in ("text/html", "application/xhtml+xml")
    if start[:1] != b"<" and not (labelled and start):
        return False
    return not _DIRECTIVE.search(start.replace(b"\r", b"\n"))


# ---------------------------------------------------------------- parsing


class _GroupBuilder:
    """Builds the groups from the records of a file, and collects what belongs to no group.

    A delay applies to the agents named immediately before it. The same group may then name more agents, with another
    delay.
    """

    def __init__(self) -> None:
        self.sitemaps: list[str] = []
        self.usages: list[Usage] = []
        self._groups: list[RobotsGroup] = []
        self._agents: dict[str, float | None] = {}
        self._agents_before_delay: list[str] = []
        self._delay: float | None = None
        self._rules: list[Rule] = []
        self._usages: list[Usage] = []
        self._has_rules = False

    def add(self, number: int, name: str, value: str) -> None:
        """Add one record, given by its line number, its name (a key of `_KEYS`) and its value."""
        key = _KEYS[name]
        if key == "sitemap":
            self.sitemaps.extend([value] if value else [])
        elif key == "agent":
            self._add_agent(product_token(value))
        elif key == "delay":
            self._add_delay(_seconds(value))
        elif key == "usage":
            self._add_usage(name, value)
        else:
            self._add_rule(Rule(key == "allow", value, number))

    def finish(self) -> tuple[RobotsGroup, ...]:
        """Close the last group and return all groups."""
        self._close()
        return tuple(self._groups)

    def _add_agent(self, agent: str) -> None:
        if self._has_rules:
            self._close()
        if self._delay is not None:
            self._assign_delay()
        self._agents_before_delay.append(agent)
        self._agents.setdefault(agent, None)

    def _add_delay(self, seconds: float | None) -> None:
        if seconds is not None:
            self._delay = max(seconds, self._delay or 0.0)

    def _add_rule(self, rule: Rule) -> None:
        self._has_rules = True
        if rule.pattern and self._agents:  # an empty pattern matches nothing
            self._rules.append(rule)

    def _add_usage(self, name: str, value: str) -> None:
        pattern, _, rest = value.partition(" ") if value.startswith("/") else ("/", "", value)
        if preference := " ".join(rest.split())[:MAX_USAGE]:
            (self._usages if self._agents else self.usages).append(Usage(name, preference, pattern))

    def _assign_delay(self) -> None:
        if self._delay is not None:
            for agent in self._agents_before_delay:
                self._agents[agent] = max(self._delay, self._agents[agent] or 0.0)
        self._agents_before_delay, self._delay = [], None

    def _close(self) -> None:
        self._assign_delay()
        if self._agents:
            delays = tuple((agent, seconds) for agent, seconds in self._agents.items() if seconds is not None)
            self._groups.append(RobotsGroup(tuple(self._agents), tuple(self._rules), delays, tuple(self._usages)))
        self._agents, self._rules, self._usages, self._has_rules = {}, [], [], False


def _in_utf_8(body: bytes) -> bytes:
    """Return a body in UTF-8, if a byte-order mark says that it is UTF-16; else as it is."""
    if not body.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return body
    return body.decode("utf-16", "replace").encode("utf-8", "replace")


def _capped(body: bytes) -> bytes:
    if len(body) <= MAX_BODY:
        return body
    head = body[:MAX_BODY]
    return head[: max(head.rfind(b"\n"), head.rfind(b"\r")) + 1]


def _records(body: bytes) -> Iterator[tuple[int, str, str]]:
    """Yield the known records: line number (from 1), name (a key of `_KEYS`), and value."""
    for number, line in enumerate(body.removeprefix(_BOM).splitlines(), 1):  # for bytes: CR, LF and CRLF only
        content = line.partition(b"#")[0].strip()
        if not content:
            continue
        name, colon, value = content.partition(b":")
        if not colon:
            words = content.split()
            if len(words) != 2:
                continue
            name, value = words
        key = name.strip().lower().decode("latin-1")
        if key in _KEYS:
            yield number, key, _text(value.strip())


def _text(value: bytes) -> str:
    """Decode UTF-8; percent-encode the octets of any other text, because rules are compared by octets."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return "".join(chr(octet) if octet < 0x80 else f"%{octet:02X}" for octet in value)


def _seconds(value: str) -> float | None:
    """Return a delay as written ("10", "2s", "1,5") in seconds; None if it is none. The server is to be spared."""
    number = _UNIT.sub("", value.partition(" ")[0]).replace(",", ".")
    try:
        seconds = float(number)
    except ValueError:
        return None
    return min(seconds, MAX_CRAWL_DELAY) if isfinite(seconds) and seconds >= 0 else None


def product_token(agent: str) -> str:
    """Return the product token (lower case) of a user-agent line or header: "gossamer/1.0 (+x)" has "gossamer".

    A header that starts as a browser's does, "Mozilla/5.0 (compatible; bot/1.0)", has the token of the bot.
    Returns "" if there is no token.
    """
    if agent[:1] == "*" and not agent[1:2].strip():
        return "*"
    compatible = _COMPATIBLE.match(agent)
    if compatible:
        return compatible[1].lower()
    token = _TOKEN.match(agent)
    return token[0].lower() if token else ""

"""robots.txt: read a site's rules, then ask what may be fetched (RFC 9309, the Robots Exclusion Protocol).

An implementation of our own, because what the usual matcher gets wrong (agents compared by substring, backtracking
wildcards, percent-encoding of "*" and "$", no line numbers to explain a refusal with, values that cannot be pickled)
is most of what a matcher is. Wildcards are matched piece by piece, leftmost first, without backtracking.

Decisions the RFC leaves open: only allow and disallow lines end a list of user-agent lines, so that other records do
not interfere (2.2.4); well-known misspellings of "disallow" count, and so does a missing colon between two words; a
file is read up to `MAX_BODY` octets (2.5 asks for at least 500 KiB) and a line cut there is ignored; of several delays
for one agent the longest counts. What a site says of how its pages may be used (Content-Usage, the IETF's aipref-attach
draft; Content-Signal) belongs to a group as rules do, and to all agents where it stands before the first group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from math import isfinite
from typing import Final

from msgspec import Struct

from gossamer.rules.robots_rules import Rule, Ruleset, target_of

MAX_BODY: Final = 512 * 1024
MAX_CRAWL_DELAY: Final = 86_400.0  # seconds; more than a day is a mistake or a trap, and counts as a day
MAX_USAGE: Final = 500  # characters of one statement about usage

_REMEMBERED_AGENTS: Final = 16
_BOM: Final = b"\xef\xbb\xbf"
_KEYS: Final = {
    "user-agent": "agent",
    "useragent": "agent",
    "user agent": "agent",
    "allow": "allow",
    "disallow": "disallow",
    **dict.fromkeys(("dissallow", "dissalow", "disalow", "diasllow", "disallaw"), "disallow"),
    "crawl-delay": "delay",
    "crawldelay": "delay",
    "sitemap": "sitemap",
    "site-map": "sitemap",
    "content-usage": "usage",
    "content-signal": "usage",
}

_TOKEN = re.compile(r"[^\s/;,()*]+")
_COMPATIBLE = re.compile(r"Mozilla/\S+ \(compatible; ([^\s/;,()]+)", re.IGNORECASE)
_MARKUP = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_DIRECTIVE = re.compile(rb"^[ \t]*(?:user-agent|allow|disallow|sitemap)[ \t]*:", re.IGNORECASE | re.MULTILINE)


class Usage(Struct, frozen=True):
    """One Content-Usage or Content-Signal line: its name in lower case, what it says, and of which paths it says so."""

    name: str
    value: str
    pattern: str = "/"


class RobotsGroup(Struct, frozen=True):
    """Rules for some agents (lower-case product tokens, or "*"); `delays` pairs agents with seconds of Crawl-delay."""

    agents: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    delays: tuple[tuple[str, float], ...] = ()
    usages: tuple[Usage, ...] = ()


class Decision(Struct, frozen=True):
    """Whether a URL may be fetched, and the rule that decides: its line (None and "" where no rule applies)."""

    allowed: bool
    line: int | None = None
    rule: str = ""


class Robots(Struct, frozen=True, dict=True):
    """The rules of one robots.txt: ask `allows`, `explain` and `crawl_delay` with your user agent.

    The agent may be a bare product token ("gossamer") or the whole header ("gossamer/1.0 (+https://example.org/)").
    `sitemaps` are as written: the caller resolves them against the file's URL. `usages` are said to all agents.
    """

    groups: tuple[RobotsGroup, ...] = ()
    sitemaps: tuple[str, ...] = ()
    usages: tuple[Usage, ...] = ()

    def allows(self, agent: str, url: str) -> bool:
        """Tell whether this agent may fetch a URL of the host that robots.txt is from."""
        if not self.groups:  # as on most hosts: this is asked before every fetch
            return True
        rule = self._deciding(agent, url)
        return rule is None or rule.allow

    def explain(self, agent: str, url: str) -> Decision:
        """Tell whether this agent may fetch a URL, and which line says so."""
        rule = self._deciding(agent, url)
        return Decision(True) if rule is None else Decision(rule.allow, rule.line, rule.text)

    def crawl_delay(self, agent: str) -> float | None:
        """Tell how many seconds the site asks this agent to wait between fetches, at most a day; None for no wish."""
        return self._ruleset(agent).delay if self.groups else None

    def usage(self, agent: str, url: str) -> tuple[str, ...]:
        """Tell what the site says of how a page may be used: "content-signal: ai-train=no"; the longest path wins."""
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
        """Tell whether the file says anything of how pages may be used; few do."""
        return bool(self.usages) or any(group.usages for group in self.groups)

    def _deciding(self, agent: str, url: str) -> Rule | None:
        path = target_of(url)
        if path == "/robots.txt":  # implicitly allowed (RFC 9309, 2.2.2)
            return None
        return self._ruleset(agent).deciding(path)

    def _ruleset(self, agent: str) -> Ruleset:
        found = self._rulesets.get(agent)
        if found is None:
            found = self._merge(agent)
            if len(self._rulesets) < _REMEMBERED_AGENTS:
                self._rulesets[agent] = found
        return found

    def _merge(self, agent: str) -> Ruleset:
        name, groups = self._groups_for(agent)
        delays = [seconds for group in groups for named, seconds in group.delays if named == name]
        return Ruleset((rule for group in groups for rule in group.rules), max(delays, default=None))

    def _groups_for(self, agent: str) -> tuple[str, list[RobotsGroup]]:
        """Find all groups that name the agent, or else all that name "*" (RFC 9309, 2.2.1), and by which name."""
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
    """Arrange usages by name: what is said of each pattern, and the patterns as rules of which one decides."""
    said: dict[str, dict[str, list[str]]] = {}
    for usage in usages:
        said.setdefault(usage.name, {}).setdefault(usage.pattern, []).append(usage.value)
    return tuple(
        (
            name,
            {pattern: ", ".join(dict.fromkeys(values)) for pattern, values in patterns.items()},
            Ruleset((Rule(True, pattern, 0) for pattern in patterns), None),
        )
        for name, patterns in said.items()
    )


def parse(body: bytes) -> Robots:
    """Read a robots.txt. Never fails: what is no rule is ignored, and beyond 512 KiB nothing is read."""
    draft = _GroupBuilder()
    for number, name, value in _records(_capped(body)):
        draft.add(number, name, value)
    return Robots(draft.finish(), tuple(dict.fromkeys(draft.sitemaps)), tuple(draft.usages))


def looks_like_html(body: bytes, content_type: str) -> bool:
    """Tell whether what came for /robots.txt is a web page (a challenge, an error): then no rules are known.

    A file of rules that is merely labelled text/html is not one.
    """
    start = body[:MAX_BODY].removeprefix(_BOM).lstrip()
    if _MARKUP.match(start):
        return True
    labelled = content_type.partition(";")[0].strip().lower() in ("text/html", "application/xhtml+xml")
    if start[:1] != b"<" and not (labelled and start):
        return False
    return not _DIRECTIVE.search(start.replace(b"\r", b"\n"))


# ---------------------------------------------------------------- reading


class _GroupBuilder:
    """The groups as far as they are read, and what stands outside of them.

    A delay is for the agents named right before it: a group may name others after it, with a delay of their own.
    """

    def __init__(self) -> None:
        self.sitemaps: list[str] = []
        self.usages: list[Usage] = []
        self._groups: list[RobotsGroup] = []
        self._agents: dict[str, float | None] = {}
        self._named: list[str] = []
        self._delay: float | None = None
        self._rules: list[Rule] = []
        self._usages: list[Usage] = []
        self._ruled = False

    def add(self, number: int, name: str, value: str) -> None:
        """Take in one record; `name` is a key of `_KEYS`."""
        key = _KEYS[name]
        if key == "sitemap":
            self.sitemaps.extend([value] if value else [])
        elif key == "agent":
            self._name(product_token(value))
        elif key == "delay":
            self._slow(_seconds(value))
        elif key == "usage":
            self._use(name, value)
        else:
            self._rule(Rule(key == "allow", value, number))

    def finish(self) -> tuple[RobotsGroup, ...]:
        """Close the last group and tell all."""
        self._close()
        return tuple(self._groups)

    def _name(self, agent: str) -> None:
        if self._ruled:
            self._close()
        if self._delay is not None:
            self._spread()
        self._named.append(agent)
        self._agents.setdefault(agent, None)

    def _slow(self, seconds: float | None) -> None:
        if seconds is not None:
            self._delay = max(seconds, self._delay or 0.0)

    def _rule(self, rule: Rule) -> None:
        self._ruled = True
        if rule.pattern and self._agents:  # an empty pattern matches nothing
            self._rules.append(rule)

    def _use(self, name: str, value: str) -> None:
        pattern, _, rest = value.partition(" ") if value.startswith("/") else ("/", "", value)
        if said := " ".join(rest.split())[:MAX_USAGE]:
            (self._usages if self._agents else self.usages).append(Usage(name, said, pattern))

    def _spread(self) -> None:
        if self._delay is not None:
            for agent in self._named:
                self._agents[agent] = max(self._delay, self._agents[agent] or 0.0)
        self._named, self._delay = [], None

    def _close(self) -> None:
        self._spread()
        if self._agents:
            delays = tuple((agent, seconds) for agent, seconds in self._agents.items() if seconds is not None)
            self._groups.append(RobotsGroup(tuple(self._agents), tuple(self._rules), delays, tuple(self._usages)))
        self._agents, self._rules, self._usages, self._ruled = {}, [], [], False


def _capped(body: bytes) -> bytes:
    if len(body) <= MAX_BODY:
        return body
    kept = body[:MAX_BODY]
    return kept[: max(kept.rfind(b"\n"), kept.rfind(b"\r")) + 1]


def _records(body: bytes) -> Iterator[tuple[int, str, str]]:
    """Give the records worth reading: line number, name (a key of `_KEYS`), and value."""
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
    """Decode UTF-8; where it is none keep the octets, percent-encoded, since rules are compared by octets."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return "".join(chr(octet) if octet < 0x80 else f"%{octet:02X}" for octet in value)


def _seconds(value: str) -> float | None:
    try:
        seconds = float(value.partition(" ")[0])
    except ValueError:
        return None
    return min(seconds, MAX_CRAWL_DELAY) if isfinite(seconds) and seconds >= 0 else None


def product_token(agent: str) -> str:
    """Cut the product token out of a User-agent line or header, lower-case: "gossamer/1.0 (+x)" is "gossamer".

    A header in browser's clothes, "Mozilla/5.0 (compatible; bot/1.0)", means the bot.
    """
    if agent[:1] == "*" and not agent[1:2].strip():
        return "*"
    found = _COMPATIBLE.match(agent)
    if found:
        return found[1].lower()
    token = _TOKEN.match(agent)
    return token[0].lower() if token else ""

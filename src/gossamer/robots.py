"""robots.txt: read a site's rules, then ask what may be fetched (RFC 9309, the Robots Exclusion Protocol).

An implementation of our own, because what the usual matcher gets wrong (agents compared by substring, backtracking
wildcards, percent-encoding of "*" and "$", no line numbers to explain a refusal with, values that cannot be pickled)
is most of what a matcher is. Wildcards are matched piece by piece, leftmost first, without backtracking.

Decisions the RFC leaves open: only allow and disallow lines end a list of user-agent lines, so that other records do
not interfere (2.2.4); well-known misspellings of "disallow" count, and so does a missing colon between two words; a
file is read up to `MAX_BODY` octets (2.5 asks for at least 500 KiB) and a line cut there is ignored; of several delays
for one agent the longest counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from math import isfinite
from typing import Final, TypeVar

from msgspec import Struct

MAX_BODY: Final = 512 * 1024
MAX_CRAWL_DELAY: Final = 86_400.0  # seconds; more than a day is a mistake or a trap, and counts as a day

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
}

_TOKEN = re.compile(r"[^\s/;,()*]+")
_COMPATIBLE = re.compile(r"Mozilla/\S+ \(compatible; ([^\s/;,()]+)", re.IGNORECASE)
_TARGET = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]*")
# What is spelt in more than one way. "*" and "$" are, because rules must write %2A and %24 for them (RFC 9309, 2.2.3);
# "'" is, because the URL Standard encodes it in queries.
_NOT_PLAIN = re.compile(r"%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~:/?#\[\]@!&()+,;=%]")
_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]")
_MARKUP = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_DIRECTIVE = re.compile(rb"^[ \t]*(?:user-agent|allow|disallow|sitemap)[ \t]*:", re.IGNORECASE | re.MULTILINE)


class Rule(Struct, frozen=True):
    """One allow or disallow line: its path pattern as written, and its line number from 1."""

    allow: bool
    pattern: str
    line: int

    @property
    def text(self) -> str:
        """Write the rule as in robots.txt."""
        return f"{'Allow' if self.allow else 'Disallow'}: {self.pattern}"


class Group(Struct, frozen=True):
    """Rules for some agents (lower-case product tokens, or "*"); `delays` pairs agents with seconds of Crawl-delay."""

    agents: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    delays: tuple[tuple[str, float], ...] = ()


class Decision(Struct, frozen=True):
    """Whether a URL may be fetched, and the rule that decides: its line (None and "" where no rule applies)."""

    allowed: bool
    line: int | None = None
    rule: str = ""


class Robots(Struct, frozen=True, dict=True):
    """The rules of one robots.txt: ask `allows`, `explain` and `crawl_delay` with your user agent.

    The agent may be a bare product token ("gossamer") or the whole header ("gossamer/1.0 (+https://example.org/)").
    `sitemaps` are as written: the caller resolves them against the file's URL.
    """

    groups: tuple[Group, ...] = ()
    sitemaps: tuple[str, ...] = ()

    def allows(self, agent: str, url: str) -> bool:
        """Tell whether this agent may fetch a URL of the host that robots.txt is from."""
        rule = self._deciding(agent, url)
        return rule is None or rule.allow

    def explain(self, agent: str, url: str) -> Decision:
        """Tell whether this agent may fetch a URL, and which line says so."""
        rule = self._deciding(agent, url)
        return Decision(True) if rule is None else Decision(rule.allow, rule.line, rule.text)

    def crawl_delay(self, agent: str) -> float | None:
        """Tell how many seconds the site asks this agent to wait between fetches, at most a day; None for no wish."""
        return self._ruleset(agent).delay

    def _deciding(self, agent: str, url: str) -> Rule | None:
        path = _target(url)
        if path == "/robots.txt":  # implicitly allowed (RFC 9309, 2.2.2)
            return None
        return self._ruleset(agent).deciding(path)

    def _ruleset(self, agent: str) -> _Ruleset:
        found = self._rulesets.get(agent)
        if found is None:
            found = self._merge(agent)
            if len(self._rulesets) < _REMEMBERED_AGENTS:
                self._rulesets[agent] = found
        return found

    def _merge(self, agent: str) -> _Ruleset:
        """Merge all groups that name the agent, or else all that name "*" (RFC 9309, 2.2.1)."""
        name = _token(agent)
        groups = [group for group in self.groups if name and name in group.agents]
        if not groups:
            name = "*"
            groups = [group for group in self.groups if name in group.agents]
        delays = [seconds for group in groups for named, seconds in group.delays if named == name]
        return _Ruleset((rule for group in groups for rule in group.rules), max(delays, default=None))

    @cached_property
    def _rulesets(self) -> dict[str, _Ruleset]:
        return {}


ALLOW_ALL: Final = Robots()


def parse(body: bytes) -> Robots:
    """Read a robots.txt. Never fails: what is no rule is ignored, and beyond 512 KiB nothing is read."""
    draft = _Draft()
    for number, key, value in _records(_capped(body)):
        draft.add(number, key, value)
    return Robots(draft.finish(), tuple(dict.fromkeys(draft.sitemaps)))


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


class _Draft:
    """The groups as far as they are read.

    A delay is for the agents named right before it: a group may name others after it, with a delay of their own.
    """

    def __init__(self) -> None:
        self.sitemaps: list[str] = []
        self._groups: list[Group] = []
        self._agents: dict[str, float | None] = {}
        self._named: list[str] = []
        self._delay: float | None = None
        self._rules: list[Rule] = []
        self._ruled = False

    def add(self, number: int, key: str, value: str) -> None:
        """Take in one record."""
        if key == "sitemap":
            self.sitemaps.extend([value] if value else [])
        elif key == "agent":
            self._name(_token(value))
        elif key == "delay":
            self._slow(_seconds(value))
        else:
            self._rule(Rule(key == "allow", value, number))

    def finish(self) -> tuple[Group, ...]:
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

    def _spread(self) -> None:
        if self._delay is not None:
            for agent in self._named:
                self._agents[agent] = max(self._delay, self._agents[agent] or 0.0)
        self._named, self._delay = [], None

    def _close(self) -> None:
        self._spread()
        if self._agents:
            delays = tuple((agent, seconds) for agent, seconds in self._agents.items() if seconds is not None)
            self._groups.append(Group(tuple(self._agents), tuple(self._rules), delays))
        self._agents, self._rules, self._ruled = {}, [], False


def _capped(body: bytes) -> bytes:
    if len(body) <= MAX_BODY:
        return body
    kept = body[:MAX_BODY]
    return kept[: max(kept.rfind(b"\n"), kept.rfind(b"\r")) + 1]


def _records(body: bytes) -> Iterator[tuple[int, str, str]]:
    """Give the records worth reading: line number, what it says (a value of _KEYS), and the value."""
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
        key = _KEYS.get(name.strip().lower().decode("latin-1"))
        if key:
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


def _token(agent: str) -> str:
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


# ---------------------------------------------------------------- matching


class _Ruleset:
    """The merged rules for one agent, arranged so that a question need not look at every rule.

    The most octets win, and allow wins a tie (RFC 9309, 2.2.2): that order is a rule's rank. Rules without wildcards
    are found by slices of the path, of each length there is; only rules with "*" are tried one by one, highest rank
    first, and none below the best rule found already.
    """

    __slots__ = ("_exact", "_lengths", "_literal", "_wild", "delay")

    def __init__(self, rules: Iterable[Rule], delay: float | None) -> None:
        self.delay = delay
        self._literal: dict[str, _Ranked] = {}
        self._exact: dict[str, _Ranked] = {}
        wild: dict[tuple[tuple[str, ...], bool], _Ranked] = {}
        for rule in rules:
            pieces, ends = _pieces(rule.pattern)
            ranked = _rank(rule, pieces, ends), rule
            if len(pieces) > 1:
                _keep(wild, (pieces, ends), ranked)
            else:
                _keep(self._exact if ends else self._literal, pieces[0], ranked)
        self._lengths = sorted({len(prefix) for prefix in self._literal}, reverse=True)
        entries = ((rank, rule, *pattern) for pattern, (rank, rule) in wild.items())
        self._wild = sorted(entries, key=lambda entry: -entry[0])

    def deciding(self, path: str) -> Rule | None:
        """Find the rule that decides about a normalised path."""
        best = self._exact.get(path) or self._longest_prefix(path)
        for rank, rule, pieces, ends in self._wild:
            if best and rank <= best[0]:
                break
            if _matches(pieces, ends, path):
                return rule
        return best[1] if best else None

    def _longest_prefix(self, path: str) -> _Ranked | None:
        size = len(path)
        for length in self._lengths:
            if length <= size:
                found = self._literal.get(path[:length])
                if found:
                    return found
        return None


_Ranked = tuple[int, Rule]
_Key = TypeVar("_Key")


def _keep(table: dict[_Key, _Ranked], key: _Key, ranked: _Ranked) -> None:
    known = table.get(key)
    if known is None or ranked[0] > known[0]:
        table[key] = ranked


def _rank(rule: Rule, pieces: tuple[str, ...], ends: bool) -> int:
    octets = sum(map(len, pieces)) + rule.pattern.count("*") + ends
    return 2 * octets + rule.allow


def _pieces(pattern: str) -> tuple[tuple[str, ...], bool]:
    """Cut a pattern at its stars into normalised pieces; tell whether it is tied to the end of the path by "$"."""
    ends = pattern.endswith("$")
    first, *rest = (pattern[:-1] if ends else pattern).split("*")
    if not rest:
        return (_normal(first),), ends
    *middle, last = rest
    return (_normal(first), *(_normal(piece) for piece in middle if piece), _normal(last)), ends


def _matches(pieces: tuple[str, ...], ends: bool, path: str) -> bool:
    """Match pieces with anything between them; the leftmost place for each is final, so nothing is tried twice."""
    if not path.startswith(pieces[0]):
        return False
    at = len(pieces[0])
    for piece in pieces[1:-1]:
        at = path.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    last = pieces[-1]
    return path.endswith(last, at) if ends else path.find(last, at) >= 0


def _target(url: str) -> str:
    """Cut path and query out of a URL, normalised for comparison."""
    authority = _TARGET.match(url)
    path = url[authority.end() :] if authority else url
    if "#" in path:
        path = path[: path.find("#")]
    return _normal(path if path[:1] == "/" else f"/{path}")


def _normal(path: str) -> str:
    """Spell equal paths equally (RFC 9309, 2.2.2): specials encoded, needless encodings undone."""
    return _NOT_PLAIN.sub(_respell, path) if _NOT_PLAIN.search(path) else path


def _respell(match: re.Match[str]) -> str:
    text = match[0]
    if len(text) == 3:
        octet = chr(int(text[1:], 16))
        return octet if _UNRESERVED.match(octet) else text.upper()
    return "".join(f"%{octet:02X}" for octet in text.encode("utf-8", "surrogatepass"))

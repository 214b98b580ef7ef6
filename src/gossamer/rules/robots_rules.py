"""Path patterns of robots.txt: find the rule that decides about a path (RFC 9309, 2.2.2 and 2.2.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from msgspec import Struct

_TARGET = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]*")
# Characters and octets with more than one encoding. "*" and "$" are among them, because rules must write them as %2A
# and %24 (RFC 9309, 2.2.3), and so is "'", because the URL Standard encodes it in queries.
_AMBIGUOUS = re.compile(r"%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~:/?#\[\]@!&()+,;=%]")
_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]")


class Rule(Struct, frozen=True):
    """One allow or disallow line: its path pattern as written, and its line number (from 1)."""

    allow: bool
    pattern: str
    line: int

    @property
    def text(self) -> str:
        """The rule as a line of robots.txt."""
        return f"{'Allow' if self.allow else 'Disallow'}: {self.pattern}"


class Ruleset:
    """The rules for one agent, indexed so that a look-up need not try each of them.

    The rule with the most octets decides, and allow wins a tie (RFC 9309, 2.2.2): a rule's rank is that order. Rules
    without wildcards are looked up by prefixes of the path, one for each length that occurs. Rules with "*" are tried
    one by one, highest rank first, and only while their rank exceeds that of the best rule found.
    `delay` is the Crawl-delay (seconds), or None.
    """

    __slots__ = ("_exact", "_lengths", "_literal", "_wild", "delay")

    def __init__(self, rules: Iterable[Rule], delay: float | None) -> None:
        self.delay = delay
        self._literal: dict[str, _Ranked] = {}
        self._exact: dict[str, _Ranked] = {}
        wild: dict[tuple[tuple[str, ...], bool], _Ranked] = {}
        for rule in rules:
            pieces, anchored = _pieces(rule.pattern)
            ranked = _rank(rule, pieces, anchored), rule
            if len(pieces) > 1:
                _keep_highest(wild, (pieces, anchored), ranked)
            else:
                _keep_highest(self._exact if anchored else self._literal, pieces[0], ranked)
        self._lengths = sorted({len(prefix) for prefix in self._literal}, reverse=True)
        entries = ((rank, rule, *pattern) for pattern, (rank, rule) in wild.items())
        self._wild = sorted(entries, key=lambda entry: -entry[0])

    def deciding(self, path: str) -> Rule | None:
        """Return the rule that decides about a path as `target_of` returns it, or None if no rule matches."""
        best = self._exact.get(path) or self._longest_prefix(path)
        for rank, rule, pieces, anchored in self._wild:
            if best and rank <= best[0]:
                break
            if _matches(pieces, anchored, path):
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


def _keep_highest(table: dict[_Key, _Ranked], key: _Key, ranked: _Ranked) -> None:
    current = table.get(key)
    if current is None or ranked[0] > current[0]:
        table[key] = ranked


def _rank(rule: Rule, pieces: tuple[str, ...], anchored: bool) -> int:
    octets = sum(map(len, pieces)) + rule.pattern.count("*") + anchored
    return 2 * octets + rule.allow


def _pieces(pattern: str) -> tuple[tuple[str, ...], bool]:
    """Split a pattern at each "*" into normalised pieces; also return whether "$" anchors it to the end of the path."""
    anchored = pattern.endswith("$")
    first, *rest = (pattern[:-1] if anchored else pattern).split("*")
    if not rest:
        return (_normalised(first),), anchored
    *middle, last = rest
    return (_normalised(first), *(_normalised(piece) for piece in middle if piece), _normalised(last)), anchored


def _matches(pieces: tuple[str, ...], anchored: bool, path: str) -> bool:
    """Whether a path has the pieces in order. The leftmost match of each piece is final, so nothing is backtracked."""
    if not path.startswith(pieces[0]):
        return False
    at = len(pieces[0])
    for piece in pieces[1:-1]:
        at = path.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    last = pieces[-1]
    return path.endswith(last, at) if anchored else path.find(last, at) >= 0


def target_of(url: str) -> str:
    """Return the path and query of a URL, normalised as rules are."""
    authority = _TARGET.match(url)
    path = url[authority.end() :] if authority else url
    if "#" in path:
        path = path[: path.find("#")]
    return _normalised(path if path[:1] == "/" else f"/{path}")


def _normalised(path: str) -> str:
    """Normalise percent-encoding (RFC 9309, 2.2.2): unreserved characters decoded, ambiguous ones encoded."""
    return _AMBIGUOUS.sub(_normalised_octets, path) if _AMBIGUOUS.search(path) else path


def _normalised_octets(match: re.Match[str]) -> str:
    text = match[0]
    if len(text) == 3:
        octet = chr(int(text[1:], 16))
        return octet if _UNRESERVED.match(octet) else text.upper()
    return "".join(f"%{octet:02X}" for octet in text.encode("utf-8", "surrogatepass"))

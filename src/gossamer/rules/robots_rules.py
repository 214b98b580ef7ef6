"""Path patterns of robots.txt: which of many rules decides about a path (RFC 9309, 2.2.2 and 2.2.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from msgspec import Struct

_TARGET = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]*")
# What is spelt in more than one way. "*" and "$" are, because rules must write %2A and %24 for them (RFC 9309, 2.2.3);
# "'" is, because the URL Standard encodes it in queries.
_NOT_PLAIN = re.compile(r"%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~:/?#\[\]@!&()+,;=%]")
_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]")


class Rule(Struct, frozen=True):
    """One allow or disallow line: its path pattern as written, and its line number from 1."""

    allow: bool
    pattern: str
    line: int

    @property
    def text(self) -> str:
        """Write the rule as in robots.txt."""
        return f"{'Allow' if self.allow else 'Disallow'}: {self.pattern}"


class Ruleset:
    """Rules for one agent, arranged so that a question need not look at every rule.

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


def target_of(url: str) -> str:
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

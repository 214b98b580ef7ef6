"""How a setting is described: by notes beside its field, from which every other place is derived.

A note stands in the field's `Annotated[…]`: its notation (mostly by way of its type), a `Flag`, a `Trait`, `Hints`.
The docstring under the field is its text on the configuration page of the docs.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from functools import partial, reduce
from operator import or_
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args, get_origin

from msgspec import NODEFAULT, Meta, Struct
from msgspec.structs import fields

from gossamer.rules.validation import kinds


class Notation(Enum):
    """How a value is written in text, and which loose values stand for it in Python."""

    PLAIN = auto()
    """The value itself: a text, one of some words, true or false."""
    DURATION = auto()
    """Seconds, or such as 90s, 5m or 2h."""
    TIMEOUT = auto()
    """A duration above 0."""
    PAUSE = auto()
    """A duration, or auto."""
    SIZE = auto()
    """Bytes, or such as 500k, 10MB or 2G."""
    COUNT = auto()
    """A whole number of at least 1."""
    COUNT_OR_NONE = auto()
    """A whole number, 0 included."""
    LIST = auto()
    """Texts separated by white space; in Python a single text stands for a list of one."""
    HEADERS = auto()
    """Lines of a name, a colon and a value; in Python pairs or a mapping."""
    TABLES = auto()
    """A table for each host; it cannot be written in one line of text."""


class Trait(enum.Flag):
    """Where a setting may be used, if that is not the rule."""

    FIXED = auto()
    """It cannot be changed when a crawl is resumed: links have been accepted and refused by it."""
    DOWNLOADS = auto()
    """It means something to downloads (`fetch_all`) too."""


FIXED: Final = Trait.FIXED
DOWNLOADS: Final = Trait.DOWNLOADS

Seconds = Annotated[float, Meta(ge=0, le=1e9), Notation.DURATION]
Timeout = Annotated[float, Meta(gt=0, le=1e9), Notation.TIMEOUT]
Pause = Annotated[Seconds | Literal["auto"], Notation.PAUSE]
Size = Annotated[int, Meta(ge=0, le=2**50), Notation.SIZE]
Count = Annotated[int, Meta(ge=0, le=2**50), Notation.COUNT_OR_NONE]
Hops = Annotated[int, Meta(ge=0, le=15), Notation.COUNT_OR_NONE]
Limit = Annotated[int, Meta(ge=1), Notation.COUNT]
Texts = Annotated[tuple[str, ...], Notation.LIST]
Headers = Annotated[tuple[tuple[str, str], ...], Notation.HEADERS]

Section = Literal["what to crawl", "what to make of pages", "manners", "each request", "speed", "results"]
"""A group of flags in the help of `gossamer crawl`."""


class Flag(NamedTuple):
    """The flag of a setting: its usage is all spellings and then the placeholder of its value, as in "-d --depth N".

    The flag of a boolean has no value: it turns the default round.
    """

    section: Section
    usage: str
    help: str

    @property
    def spellings(self) -> tuple[str, ...]:
        """The flag as it may be written; the last one is the long one."""
        return tuple(word for word in self.usage.split() if word.startswith("-"))

    @property
    def metavar(self) -> str:
        """The placeholder of its value in the help; empty for a boolean."""
        return self.usage.partition(self.spellings[-1])[2].strip()

    @property
    def long(self) -> str:
        """The long spelling with the placeholder: "--depth N"."""
        return f"{self.spellings[-1]} {self.metavar}".rstrip()

    @property
    def meaning(self) -> str:
        """The first few words of its help."""
        return self.help.replace("(", ",").replace(";", ",").replace(":", ",").partition(",")[0].strip()


crawl_flag = partial(Flag, "what to crawl")
page_flag = partial(Flag, "what to make of pages")
manners_flag = partial(Flag, "manners")
request_flag = partial(Flag, "each request")
speed_flag = partial(Flag, "speed")
result_flag = partial(Flag, "results")


class Hints(NamedTuple):
    """What other crawlers and HTTP clients call a setting, separated by blanks: never accepted, only understood."""

    words: str


class Setting(NamedTuple):
    """All that is known of one setting."""

    name: str
    kind: Any
    default: Any
    notation: Notation
    flag: Flag | None
    hints: tuple[str, ...]
    traits: Trait

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that it may be, where it is one of some words."""
        kind = get_args(self.kind)[0] if get_origin(self.kind) is Annotated else self.kind
        return get_args(kind) if get_origin(kind) is Literal else ()


def describe(owner: type[Struct]) -> Mapping[str, Setting]:
    """Return the description of every field of a struct, by name, in their order."""
    hints = kinds(owner)
    return {field.name: _setting(field.name, hints[field.name], field.default) for field in fields(owner)}


def _setting(name: str, kind: Any, default: Any) -> Setting:
    notes = list(_notes(kind))
    return Setting(
        name, kind, None if default is NODEFAULT else default, _notation(name, kind, notes),
        next((note for note in notes if isinstance(note, Flag)), None),
        tuple(word for note in notes if isinstance(note, Hints) for word in note.words.split()),
        reduce(or_, (note for note in notes if isinstance(note, Trait)), Trait(0)),
    )  # fmt: skip


def _notes(kind: Any) -> Iterator[Any]:
    """Yield the notes of a type, the outermost first."""
    if get_origin(kind) is Annotated:
        yield from reversed(kind.__metadata__)
    for part in get_args(kind):
        yield from _notes(part)


def _notation(name: str, kind: Any, notes: list[Any]) -> Notation:
    found = next((note for note in notes if isinstance(note, Notation)), None)
    if found is None and {int, float, tuple, Mapping} & set(_parts(kind)):
        raise TypeError(f"The setting {name} needs a type that says how it is written, such as Seconds or Count.")
    return found or Notation.PLAIN


def _parts(kind: Any) -> Iterator[Any]:
    """Yield the classes that a type is made of."""
    yield get_origin(kind) or kind
    for part in get_args(kind):
        yield from _parts(part)

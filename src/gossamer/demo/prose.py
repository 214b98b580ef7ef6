"""Prose for the demo site: sentences from word lists, the same on every machine.

The sequences of `random` may differ between Python versions. So a linear congruential generator with Knuth's MMIX
constants is used, seeded with the hash of a name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")

WORDS: dict[str, tuple[str, ...]] = {
    "place": tuple("Samarkand Lyon Suzhou Como Kyoto Bursa Palermo Mysore Valencia Krefeld Isfahan Nagano".split()),
    "maker": (
        "an unknown weaver", "the Ferrante workshop", "a guild of nine sisters", "the botanist Ilse Brandt",
        "a retired ferryman", "the Okabe family", "two apprentices of the royal looms", "a patient schoolteacher",
    ),
    "animal": (
        "garden spider", "domestic silk moth", "tasar moth", "golden orb weaver", "raft spider", "eri moth",
        "diving bell spider", "ogre-faced spider", "muga moth", "cave weaver", "jumping spider", "caddisfly larva",
    ),
    "material": ("raw silk", "spun silk", "sea silk", "gummed thread", "silk noil", "organzine", "floss", "tram silk"),
    "colour": ("ivory", "saffron", "moss green", "ash grey", "madder red", "indigo", "honey yellow", "walnut brown"),
    "number": ("three", "four", "seven", "a dozen", "nineteen", "forty", "two hundred", "about a thousand"),
    "century": ("ninth", "twelfth", "fourteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
    "room": ("the north stairwell", "the reading room", "the lantern room", "the old dye house", "the glass corridor"),
    "quality": ("stronger", "lighter", "quieter", "stranger", "finer", "more patient", "more elastic", "older"),
    "person": (
        "our curator", "the night watchman", "a visiting engineer", "a class of nine-year-olds", "the restorer",
        "a poet from the second floor", "the taxidermist", "the museum's founder",
    ),
    "season": ("a wet spring", "the coldest winter of all", "one long August", "the mulberry harvest", "early autumn"),
    "tool": ("reeling basin", "throwing wheel", "hand loom", "brass microscope", "dye vat", "card of spare needles"),
    "verb": ("wove", "mended", "measured", "drew", "unpicked", "photographed", "described", "forgot"),
    "unit": ("metres", "grams", "hours", "pages", "steps", "knots"),
}  # fmt: skip

OBJECT = (
    "It came to the museum from {place} in the {century} century, wrapped in newspaper and addressed to {person}.",
    "The thread is {material}, dyed {colour}, and it is {quality} than it looks.",
    "Most visitors take it for the work of a {animal}, although {maker} {verb} it by hand.",
    "Under the microscope the surface shows {number} parallel filaments, each with a coat of {colour} gum.",
    "A label in faded ink says that it was made during {season} and sold for the price of a {tool}.",
    "It weighs {number} {unit} less than its twin, which {person} lost somewhere between {place} and {place}.",
    "Nobody has found the other half, but {person} keeps looking in {room}.",
    "The {animal} that spun it needed {number} nights and did not stop for the rain.",
    "When {person} opened the crate, the {material} was still warm from the sun of {place}.",
    "Two inventories mention it: one calls it a curtain, the other calls it a question.",
    "The repair along the left edge was made with {material} by {maker}, probably after a flood.",
    "It is shown under low light, because {colour} dyes of the {century} century fade within a few summers.",
    "Compared with the examples in {place}, ours is {quality} and has kept its original {tool}.",
    "For many years it hung in {room}, where {person} used it to keep out the draught.",
    "The pattern repeats every {number} threads, a habit that is typical of workshops near {place}.",
    "Silk of this kind can hold the weight of a {animal} {number} times over before it breaks.",
    "Its first owner, {maker}, wrote that a good thread should be heard rather than seen.",
    "We clean it once a year with soft brushes, distilled water and a great deal of patience.",
    "An X-ray taken last year revealed a second layer of {material} underneath the {colour} one.",
    "If you hold your breath in front of the case, you can see the finest threads move.",
)
ESSAY = (
    "A web is a tool, a house and a letter at the same time, and the {animal} reads it with its feet.",
    "In {place} people still remember {season}, when the mulberry leaves came late and the looms stood still.",
    "This week {person} {verb} the great {colour} banner that hangs in {room}.",
    "We learned that {material} stretches by a third before it breaks, while steel of its weight gives up at once.",
    "The first lesson of reeling is that the water must be hot, and the second is that nobody is ever ready.",
    "A single cocoon holds close to a kilometre of thread, and it takes {number} of them to make one good scarf.",
    "What surprised us most was the sound: a room full of feeding silkworms is as loud as steady rain.",
    "The {tool} in our workshop is {quality} than the one in {place}, but it has never once been on time.",
    "Historians disagree about the route, yet every caravan list of the {century} century mentions {material}.",
    "Our visitors asked {number} questions about the {animal}, and we were able to answer almost half of them.",
    "When the lights go out, {person} walks through {room} and counts the frames, because someone always moves one.",
    "It is easy to see why {maker} left the {colour} border unfinished: the thread had simply run out.",
    "A {animal} rebuilds its web every night, and it eats the old one so that nothing is wasted.",
    "Letters from {place} describe how {maker} {verb} {number} {unit} of cloth in a single season.",
    "We tried the old recipe for {colour}, which asks for walnut shells, rust and a good deal of waiting.",
    "The result was not what the book had promised, but {person} liked it and it now hangs in {room}.",
    "Silk remembers folds, and so every banner in the store is rolled on a wooden tube as long as a rowing boat.",
    "There is no machine in the building that is {quality} than the {tool} of the {century} century.",
    "If you come on a Sunday, you may try the {tool} yourself under the eye of {person}.",
    "Nothing in the records explains the {number} extra threads, and perhaps nothing needs to.",
    "In the end we did what every weaver does with a mistake: we repeated it until it was a pattern.",
    "The new case keeps the air as dry as in a cave near {place}, and the {animal} inside seems to approve.",
    "Next month we shall open {room} again, with better light and with fewer moths.",
    "Moths are easy to please, provided that it is dark and that nobody sings.",
    "The oldest drawing of a {animal} that we know comes from {place} and shows it with nine legs.",
    "Every visitor from {place} tells us that the {colour} at home was brighter.",
    "Spiders do not like brass, marble or applause, but they are fond of window frames.",
    "A thread that is drawn slowly is weak, and a thread that is drawn in haste is strong; the {animal} knows both.",
)
PERSON = (
    "Before coming to the museum, this colleague spent {number} years at a dye works in {place}.",
    "The best day of the year, we are told, is the first day of {season}.",
    "Ask about the {animal} and you should not plan anything else for the afternoon.",
    "A small paper on {material} in the {century} century is about to be printed, as it has been for years.",
    "The desk stands in {room}, between a {tool} and a very old radio.",
    "Favourite colour: {colour}, but only in the evening light of {place}.",
)
EVENT = (
    "Bring warm shoes, because {room} is not heated after dark.",
    "We begin with a short walk to the {tool}, led by {person}.",
    "Children are welcome, and so is anyone who once kept a {animal} in a jar.",
    "At the end everybody takes home a sample of {material} in {colour}.",
    "There are {number} places, and they are given to those who ask first.",
    "The evening closes with tea from {place} and a story about {season}.",
)


class Dice:
    """A random generator that is determined by its name, on every machine and every Python version."""

    def __init__(self, name: str) -> None:
        self._state = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")

    def roll(self, sides: int) -> int:
        """Return a random number from 0 to `sides` - 1."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self._state >> 33) % sides

    def pick(self, options: Sequence[_T]) -> _T:
        """Return one of the options."""
        return options[self.roll(len(options))]

    def shuffled(self, options: Sequence[_T]) -> list[_T]:
        """Return the options in a random order (Fisher-Yates shuffle)."""
        order = list(options)
        for last in range(len(order) - 1, 0, -1):
            other = self.roll(last + 1)
            order[last], order[other] = order[other], order[last]
        return order


class _Slots(dict[str, str]):
    """A mapping for `str.format_map` that returns a random word of the kind of each {slot}."""

    def __init__(self, dice: Dice) -> None:
        super().__init__()
        self._dice = dice

    def __getitem__(self, kind: str) -> str:
        return self._dice.pick(WORDS[kind])


def fill(dice: Dice, sentence: str) -> str:
    """Return a sentence with its {slots} filled; "a" before a vowel becomes "an"."""
    text = sentence.format_map(_Slots(dice))
    for vowel in "aeio":
        text = text.replace(f" a {vowel}", f" an {vowel}").replace(f"A {vowel}", f"An {vowel}")
    return text[0].upper() + text[1:]


def paragraphs(dice: Dice, sentences: Sequence[str], count: int, length: int = 4) -> list[str]:
    """Return `count` paragraphs of about `length` sentences; a pattern is reused only once all have been used."""
    queue: list[str] = []
    written = []
    for _ in range(count):
        size = max(2, length - 1 + dice.roll(3))
        while len(queue) < size:
            queue += dice.shuffled(sentences)
        written.append(" ".join(fill(dice, queue.pop(0)) for _ in range(size)))
    return written

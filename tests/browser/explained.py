"""Where gossamer and Chromium read a page differently, and why that stays: each is one path and one reason.

A path that is not here must be read the same by both, and one that is here must not.
"""

from __future__ import annotations

from typing import Final

_FRAMESET: Final = (
    "No tree is built, so it is not known whether a frameset was accepted. A browser drops links inside one and frames "
    "of one that comes after text (HTML 13.2.6.4.7, 13.2.6.4.20); here a link too many is found, and none is missed."
)
_BASE_INVALID: Final = (
    "A base that is no URL is as good as none (HTML 4.2.3, set the frozen base URL). Chromium takes it as a base of "
    "nothing, so that the page has no links at all."
)
_PIPE: Final = "The URL Standard leaves '|' in a path as it is (1.3, path percent-encode set); Chromium encodes it."
_FIRST_REFRESH: Final = (
    "The first refresh of a page counts (HTML, shared declarative refresh steps, step 1); Chromium takes the soonest."
)
_DOT: Final = "'.' is a time of zero seconds (HTML, shared declarative refresh steps, step 7); to Chromium it is none."
_BASE_AFTER: Final = (
    "A browser resolves a refresh the moment it reads it, against the base known by then. Here one base holds for the "
    "whole page, as it does for its other links; it matters only where a base element comes after the refresh."
)
_UTF8: Final = (
    "An undeclared page that is UTF-8 is read as UTF-8. Guessing is left to the user agent (HTML 13.2.3.2, step 8); "
    "Chromium never guesses UTF-8 on the web, so that authors declare it, which is no aim of a crawler."
)
_GUESS: Final = (
    "The guess about an undeclared page is left to the user agent (HTML 13.2.3.2, step 8). Another detector of "
    "encodings weighs the few letters of this short text differently."
)
_SAME_TEXT: Final = (
    "The text is the same: the guess (HTML 13.2.3.2, step 8) fell on another encoding that agrees on it."
)
_ESCAPES: Final = (
    "The guess may be ISO-2022-JP here. Chromium never guesses it, lest escape sequences smuggle in markup: a danger "
    "for who runs the page's scripts, not for who reads its links."
)

EXPLAINED: Final = {
    "/tricky/base-that-is-no-URL/page": _BASE_INVALID,
    "/tricky/frameset/page": _FRAMESET,
    "/tricky/frameset-after-text/page": _FRAMESET,
    "/tricky/dots-and-percents/page": _PIPE,
    "/tricky/refresh-twice/page": _FIRST_REFRESH,
    "/tricky/refresh-of-nothing/page": _DOT,
    "/tricky/refresh-before-base/page": _BASE_AFTER,
    "/charset/utf-8/none": _UTF8,
    "/charset/iso-8859-2/none": _GUESS,
    "/charset/iso-8859-7/none": _SAME_TEXT,
    "/charset/iso-8859-16/none": _GUESS,
    "/charset/koi8-r/none": _SAME_TEXT,
    "/charset/macintosh/none": _GUESS,
    "/charset/windows-1253/none": _SAME_TEXT,
    "/charset/windows-1258/none": _GUESS,
    "/charset/iso-2022-jp/none": _ESCAPES,
}

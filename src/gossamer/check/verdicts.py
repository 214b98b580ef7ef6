"""The verdict on a URL, by the record of its visit, and whether its answer fits what a page uses it for."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from msgspec import Struct

from gossamer.check.findings import Verdict
from gossamer.rules.headers import essence
from gossamer.values.model import OutcomeKind, PageRecord
from gossamer.values.reasons import Reason
from gossamer.values.references import ReferenceKind

PERMANENT: Final = frozenset((301, 308))
"""Status codes of redirects that say that an address has changed for good (RFC 9110, 15.4)."""

MOVED: Final = "moved"
"""The code of a URL that has moved for good."""
SOFT_404: Final = "soft_404"
"""The code of a page that answers 200 and does not exist."""

HTML_TYPES: Final = frozenset(("text/html", "application/xhtml+xml"))

_BROKEN: Final = frozenset(
    (
        Reason.FAIL_DNS,
        Reason.FAIL_CONNECT,
        Reason.FAIL_TLS,
        Reason.FAIL_RESET,
        Reason.FAIL_PROTOCOL,
        Reason.FAIL_HTTP_4XX,
        Reason.FAIL_HTTP_5XX,
        Reason.FAIL_TRUNCATED,
        Reason.FAIL_BAD_ENCODING,
        Reason.FAIL_REDIRECT_LOOP,
        Reason.FAIL_TOO_MANY_REDIRECTS,
        Reason.FAIL_BAD_REDIRECT,
    )
)
"""Reasons that are certain: whoever follows the link finds nothing either. What may pass was tried again before."""
_THERE: Final = frozenset((Reason.FAIL_TOO_LARGE, Reason.FAIL_HANDLER, Reason.FAIL_HANDLER_TIMEOUT))
"""Reasons of pages that are there, though this crawl has no use for them."""
_UNCERTAIN_STATUSES: Final = frozenset((402, 408, 425, 451))
"""Further status codes below 500 that do not say whether a page is there: to pay for, too late, too early, by law."""
NO_CONTENT: Final = frozenset((204, 205))
"""Status codes of answers that have no body on purpose (RFC 9110, 15.3.5 and 15.3.6)."""


class KnownUrl(Struct, frozen=True):
    """What is known of one URL."""

    verdict: Verdict
    """What is known of the URL itself; of a redirect, whether it is for good (changed) or not (ok)."""
    reason: str = ""
    """Why it is not ok, by a stable code."""
    status: int | None = None
    """The HTTP status code; None if there was no answer."""
    detail: str = ""
    """A sentence on what is wrong."""
    location: str = ""
    """The target of a redirect."""
    moved: str = ""
    """The new address of a URL outside the crawl that has moved for good; "" if it has not."""
    essence: str = ""
    """The MIME type of the answer, without parameters; "" if unknown."""
    empty: bool = False
    """Whether the answer has no body, though it should have one."""
    is_page: bool = False
    """Whether it is an HTML page that was read."""
    noindex: bool = False
    """Whether the page forbids indexing."""
    nofollow: bool = False
    """Whether the page forbids following its links."""
    needs_js: bool = False
    """Whether the page shows its content only with JavaScript."""
    login: bool = False
    """Whether it redirects to a login, or is a login form to which others redirect."""
    canonical: str = ""
    """The canonical URL that the page declares, if it is not the page's own."""

    @property
    def is_good(self) -> bool:
        """Whether it is there, at this very address."""
        return self.verdict is Verdict.OK and not self.location and not self.empty

    @property
    def is_permanent(self) -> bool:
        """Whether it redirects for good."""
        return bool(self.location) and self.status in PERMANENT


def known_of(record: PageRecord) -> KnownUrl:
    """Return what the record of a visit says of its URL."""
    match record.outcome:
        case OutcomeKind.DONE if record.soft_404:
            detail = f"The page answers {record.status}, but says that it does not exist."
            mime = essence(record.content_type)
            return KnownUrl(Verdict.CHANGED, SOFT_404, record.status, detail, essence=mime, is_page=True)
        case OutcomeKind.DONE:
            return _done(record)
        case OutcomeKind.REDIRECTED:
            verdict = Verdict.CHANGED if record.status in PERMANENT else Verdict.OK
            verdict = Verdict.UNVERIFIABLE if record.login else verdict
            return KnownUrl(verdict, status=record.status, location=record.location, login=record.login)
        case OutcomeKind.FAILED if record.reason in _THERE:
            return KnownUrl(Verdict.OK, status=record.status, essence=essence(record.content_type))
        case _:
            return KnownUrl(_verdict(record), _code(record), record.status, said(record))


def _done(record: PageRecord) -> KnownUrl:
    canonical = "" if record.canonical == record.url else record.canonical
    return KnownUrl(
        Verdict.OK,
        status=record.status,
        essence=essence(record.content_type),
        empty=not record.size and record.status not in NO_CONTENT,
        is_page=bool(record.encoding and record.size),
        noindex=record.noindex,
        nofollow=record.nofollow,
        needs_js=record.needs_js,
        login=record.login,
        canonical=canonical,
    )


def _verdict(record: PageRecord) -> Verdict:
    certain = record.reason in _BROKEN and record.status not in _UNCERTAIN_STATUSES
    return Verdict.BROKEN if certain else Verdict.UNVERIFIABLE


def _code(record: PageRecord) -> str:
    return record.reason.value if record.reason is not None else "status"


def said(record: PageRecord) -> str:
    """Return a sentence on what is wrong with a URL that failed or was skipped."""
    if record.status is not None and record.status >= 400 and record.reason is not Reason.FAIL_BLOCKED:
        return f"The server answers {said_status(record.status)}."
    if record.reason is Reason.FAIL_ADDRESS_REFUSED and record.detail:  # it names the host, and what allows it
        return f"{record.detail[:1].upper()}{record.detail[1:].rstrip('.')}."
    return record.reason.sentence if record.reason is not None else ""


def said_status(status: int) -> str:
    """Return a status code with its name: "404 (Not Found)"."""
    try:
        return f"{status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return str(status)


# ---------------------------------------------------------------- what a page uses it for


_NOT_SCRIPTS: Final = ("image/", "audio/", "video/")
"""The types, by their beginnings, that browsers never run as a script (Fetch, "blocked due to its MIME type")."""
_WORDS: Final = {  # a frame may be of any type, and empty
    ReferenceKind.IMAGE: "an image",
    ReferenceKind.ICON: "an icon",
    ReferenceKind.SCRIPT: "a script",
    ReferenceKind.STYLESHEET: "a stylesheet",
    ReferenceKind.FONT: "a font",
    ReferenceKind.MEDIA: "sound or film",
    ReferenceKind.MANIFEST: "a manifest",
}


def misfit(kind: ReferenceKind, known: KnownUrl) -> tuple[str, str] | None:
    """Return why an answer cannot be used as a reference of a kind: a code and a sentence; None where it can.

    As lenient as browsers: they look into images, films and fonts themselves, run a script of nearly any type, and ask
    only of stylesheets that they say what they are.
    """
    if kind is ReferenceKind.LINK:
        is_blank = known.empty and known.essence in HTML_TYPES
        return ("empty", "The page is empty: the answer has no content.") if is_blank else None
    word = _WORDS.get(kind)
    if word is None or known.location or known.verdict not in (Verdict.OK, Verdict.CHANGED):
        return None
    if known.empty:
        return "empty", f"It is used as {word}, but the answer is empty."
    if known.essence and not _fits(kind, known.essence):
        return "type", f"It is used as {word}, but the server says that it is {known.essence}."
    return None


def _fits(kind: ReferenceKind, mime: str) -> bool:
    if kind is ReferenceKind.STYLESHEET:
        return mime == "text/css"
    if mime in HTML_TYPES:
        return False
    return kind is not ReferenceKind.SCRIPT or not (mime.startswith(_NOT_SCRIPTS) or mime in ("text/csv", "text/css"))

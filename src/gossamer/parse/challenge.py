"""Recognise a check for bots, or the block page of a service against bots, in the place of a page.

One sign alone proves nothing: articles quote these pages, and forms have captchas. So an answer counts as a challenge
only with several different signs, and with a status of success only if it is also short and nearly without links. A few
headers are proof by themselves: their only meaning is that the answer is a challenge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gossamer.parse.links.visible import visible_text

MAX_LINKS: Final = 8
"""Maximum number of links of a challenge that has a status of success."""
MAX_SIZE: Final = 64 * 1024
"""Maximum size (bytes) of a challenge that has a status of success; of others so much is searched."""
MAX_TEXT: Final = 1200
"""Maximum length of the visible text (characters) of a challenge that has a status of success."""
REFUSALS: Final = frozenset((401, 403, 405, 406, 418, 421, 428, 429, 451, 456, 468, 498, 503, 999))
"""Status codes of errors under which challenges are served; other errors are those of the site."""
_ENOUGH: Final = 2
"""Minimum number of signs."""
_SMALL: Final = 4096
"""Size (bytes) up to which an answer is searched for all marks, whatever it is."""
_TITLE_SIZE: Final = 200
"""Length of the start of a title (bytes, with its tag) that is looked at."""
_HEAD: Final = 8 * 1024
"""Part of an answer (bytes) in which its title is searched for."""

_PROOFS: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "cf-mitigated": ("Cloudflare", frozenset(("challenge",))),
    "x-amzn-waf-action": ("AWS WAF", frozenset(("challenge", "captcha"))),
    "x-vercel-mitigated": ("Vercel", frozenset(("challenge", "deny"))),
}
"""Headers with the service that sends them, and the values that say that the answer is a challenge."""
_HEADERS: Final[Mapping[str, str]] = {
    "DataDome": "x-datadome", "Sucuri": "x-sucuri-id", "Imperva": "x-iinfo", "PerimeterX": "x-px-block",
}  # fmt: skip
"""The header of a service, which counts as a sign under a status of an error."""

_TITLES: Final = (
    r"just a moment|attention required|checking your browser|please wait|one moment,? please|"
    r"verif(?:y|ying|ication)\b.{0,40}\b(?:human|robot|browser|request|visitor)|human verification|"
    r"are you (?:a )?(?:human|robot)|robot (?:check|challenge|or human)|bot (?:check|verification)|"
    r"security (?:check|checkpoint|verification)|ddos.(?:protection|guard)|captcha|pardon our interruption|"
    r"access (?:to this page has been |is )?denied|access blocked|you (?:are being redirected|have been blocked)|"
    r"not a (?:ro)?bot\b|client challenge|unusual traffic"
)
_TITLE: Final = re.compile(rf"<title[^>]*>[^<]*?(?:{_TITLES})".encode())

_SERVICES: Final[Mapping[str, tuple[str, ...]]] = {
    "Cloudflare": (
        r"_cf_chl_opt|cf[-_]chl[-_]|cf-browser-verification|challenge-error-text",
        r"/cdn-cgi/challenge-platform/h/|/cdn-cgi/styles/(?:challenges|cf\.errors)\.css|/cdn-cgi/l/chk_",
        r"cf-error-details",
        r"sorry, you have been blocked|has banned (?:you|your|the)|error(?: code)?:? 10(?:0[5-9]|10|12|20)\b",
    ),
    "DataDome": (
        r"captcha-delivery\.com",
        r"\bvar dd\s*=\s*\{\s*[\"']?(?:rt|cid|hsh)\b",
        r"please enable js and disable any ad blocker",
    ),
    "Akamai": (
        r"errors\.edgesuite\.net",
        r"reference(?:&#32;|&nbsp;|\s)*(?:&#35;|#)\s*[0-9a-f]+(?:&#46;|\.)[0-9a-f]+",
        r"sec-if-cpt-container|sec-cpt-if|/_sec/cp_challenge/|/_sec/verify",
        r"bm-verify=|scf-akamai-logo",
    ),
    "PerimeterX": (
        r"_pxappid|_pxuuid|_pxhostname",
        r"[\"']px-captcha[\"']|/captcha/captcha\.js\?a=c",
        r"captcha\.px-c(?:dn|loud)\.net|(?:client|captcha)\.perimeterx\.net|client\.px-cloud\.net",
        r"press (?:&amp;|&|and) hold",
    ),
    "Sucuri": (
        r"sucuri_cloudproxy_",
        r"sucuri website firewall|cloudproxy@sucuri\.net|sucuri\.net/privacy",
        r"\bs=[\"'][a-z0-9+/=]{60,}[\"'];\s*l=s\.length",
    ),
    "AWS WAF": (
        r"\bawswafcookiedomainlist\b|\bgokuprops\b",
        r"(?:token|captcha|captcha-sdk)\.awswaf\.com",
        r"awswafintegration\.|awswafcaptcha\.",
    ),
    "Imperva": (
        r"_incapsula_resource",
        r"incapsula incident id|incident_id=",
        r"request unsuccessful",
        r"edet=\d+&(?:amp;)?cinfo=",
    ),
    "Kasada": (r"\bkpsdk\b", r"/149e9513-01fa-4fb0-aad4-566afd725d1b/", r"/ips\.js\?"),
    "DDoS-Guard": (r"check\.ddos-guard\.net|/\.well-known/ddos-guard/", r"data-ddg-"),
    "Anubis": (r"/\.within\.website/x/(?:cmd/anubis|xess)/", r"anubis_(?:challenge|version|base_prefix)"),
}  # fmt: skip
"""The signs of each service in the source of its challenges, in lower case."""
_ASKS: Final = (
    r"checking your browser before|checking if the site connection is secure|"
    r"verify(?:ing)? (?:that )?you are (?:a )?(?:human|not a (?:ro)?bot)|"
    r"(?:confirm|prove|sure) (?:that )?you(?: are|.{1,6}re) (?:a )?(?:human|not a (?:ro)?bot)|"
    r"needs to review the security of your connection|enable javascript and cookies to continue|"
    r"unusual (?:traffic|activity) from your|automated (?:requests|access|queries)|"
    r"(?:complete|solve) (?:the|this|a) (?:captcha|security check|challenge)|enter the characters you see|"
    r"made us think (?:that )?you were a bot|ddos protection by|we.{1,6}re verifying your browser"
)
"""What challenges ask, whoever serves them."""
_WIDGETS: Final = (
    r"/recaptcha/(?:api|enterprise)\.js|[\"' ]g-recaptcha[\"' ]|hcaptcha\.com/(?:1/)?api\.js|[\"' ]h-captcha[\"' ]|"
    r"challenges\.cloudflare\.com/turnstile|arkoselabs\.com|geetest\.com|validatecaptcha"
)
"""The widgets with which they do."""

_OWN_SIGNS: Final = {name: tuple(re.compile(sign.encode()) for sign in signs) for name, signs in _SERVICES.items()}
_COMMON_SIGNS: Final = tuple(re.compile(sign.encode()) for sign in (_ASKS, _WIDGETS))
_MARKS: Final = (
    b"aptcha", b"_cf_chl", b"ucuri", b"ncapsula", b"gokuProps", b"bm-verify", b"/_sec/", b"KPSDK", b"within.website",
)  # fmt: skip
"""Every challenge has one of these in its source, or a telling title: without them nothing else is searched for."""
_TITLE_WORDS: Final = (
    b"moment", b"attention", b"checking", b"wait", b"verif", b"human", b"bot", b"security", b"ddos", b"captcha",
    b"interruption", b"denied", b"blocked", b"redirected", b"challenge", b"unusual",
)  # fmt: skip
"""A telling title has one of these words; looking for them is quicker."""


def service(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """Return who checks for bots with this answer ("Cloudflare", "a check for bots"); "" if it is no challenge.

    An answer with a status of success must not have more than `MAX_LINKS` links; this is not looked at here.
    """
    for header, (name, values) in _PROOFS.items():
        if header in headers and headers[header].partition(",")[0].strip().lower() in values:
            return name
    is_error = status >= 400
    if is_error and status not in REFUSALS:
        return ""
    if not is_error and len(body) > MAX_SIZE:
        return ""
    has_title = _has_title(body)
    if not has_title and not _has_mark(body, is_error=is_error):
        return ""
    name, signs = _most_signs(body[:MAX_SIZE].lower(), headers if is_error else {})
    if has_title + signs < _ENOUGH:
        return ""
    if not is_error and len(visible_text(body.decode("utf-8", "replace"))) > MAX_TEXT:
        return ""
    return name


def _has_title(body: bytes) -> bool:
    """Whether an answer has the title of a challenge."""
    start = body.find(b"<title", 0, _HEAD)
    start = start if start >= 0 else body.find(b"<TITLE", 0, _HEAD)
    if start < 0:
        return False
    title = body[start : start + _TITLE_SIZE].lower()
    return any(word in title for word in _TITLE_WORDS) and _TITLE.match(title) is not None


def _has_mark(body: bytes, *, is_error: bool) -> bool:
    """Whether an answer has a mark of some challenge; a larger one with a status of success always has a script."""
    if not is_error and len(body) > _SMALL and b"<script" not in body:
        return False
    return any(mark in body for mark in _MARKS)


def _most_signs(source: bytes, headers: Mapping[str, str]) -> tuple[str, int]:
    """Return the service with the most signs in an answer, and their number with those that all have in common."""
    common = sum(sign.search(source) is not None for sign in _COMMON_SIGNS)
    name, most = "a check for bots", 0
    for service_name, signs in _OWN_SIGNS.items():
        own = sum(sign.search(source) is not None for sign in signs)
        own += own > 0 and _HEADERS.get(service_name, "") in headers
        if own > most:
            name, most = service_name, own
    return name, most + common

"""URL identity: which canonical URLs count as one, beyond what the URL Standard makes equal.

`simplified` removes tracking parameters and sorts the query. Both are off by default, because a server may give
different answers to any two URLs. Where they are on, the simplified URL is the link: it is judged, fetched and
recorded, so no outcome depends on which variant was found first. The case of a path is never changed.

`identity` removes session ids before URLs are compared. The link keeps the URL under which it was found first.
"""

from __future__ import annotations

import re
from typing import Final

from gossamer.rules.policy import Policy

TRACKING_PREFIXES: Final = (
    "utm_",  # Google Analytics, and everybody since
    "mtm_", "matomo_", "piwik_", "pk_",  # Matomo
    "hsa_", "__hs", "_hs",  # HubSpot
    "vero_", "oly_", "bsft_", "gdf", "trk_", "_branch_",
)  # fmt: skip
"""Prefixes (lower case) of the names of tracking parameters."""

TRACKING: Final = frozenset(
    {
        "gclid", "gclsrc", "gbraid", "wbraid", "dclid", "gad_source", "gad_campaignid", "srsltid",  # Google
        "_ga", "_gl",  # Google Analytics
        "fbclid", "igsh", "igshid",  # Meta
        "msclkid",  # Microsoft
        "yclid", "ysclid", "_openstat",  # Yandex
        "twclid", "ttclid", "li_fat_id", "epik", "rdt_cid", "sccid",  # Twitter, TikTok, LinkedIn, Pinterest, …
        "mc_cid", "mc_eid",  # Mailchimp
        "mkt_tok",  # Marketo
        "s_kwcid", "ef_id", "s_cid",  # Adobe
        "hsctatracking",  # HubSpot
        "ml_subscriber", "ml_subscriber_hash",  # MailerLite
        "ck_subscriber_id",  # Kit
        "_bta_tid", "_bta_c", "dm_i", "__s", "_kx", "nr_email_referer", "vgo_ee",  # other senders of mail
        "wickedid", "rb_clickid", "irclickid", "unicorn_click_id", "wt_mc",  # other advertisers
    }
)  # fmt: skip
"""Names (lower case) of parameters that identify the source of a visit and never select the page.

Names that also have other uses ("ref", "source", "campaign", "cid") are left out on purpose.
"""


def simplifies(policy: Policy) -> bool:
    """Whether the policy simplifies URLs at all."""
    return policy.strip_tracking or policy.sort_query


def simplified(url: str, policy: Policy) -> str:
    """Return a canonical URL, simplified as the policy says. The function is idempotent."""
    base, _, query = url.partition("?")
    if not query or not simplifies(policy):
        return url
    pairs = query.split("&")
    if policy.strip_tracking:
        pairs = [pair for pair in pairs if not is_tracking(pair.partition("=")[0])]
    if policy.sort_query:
        pairs.sort(key=_name)  # stable: the order of equal names may have a meaning for the server
    return f"{base}?{'&'.join(pairs)}" if pairs else base


def is_tracking(name: str) -> bool:
    """Whether a query parameter of this name only serves tracking; upper and lower case are equal."""
    name = name.lower()
    return name in TRACKING or name.startswith(TRACKING_PREFIXES)


def _name(pair: str) -> str:
    return pair.partition("=")[0]


_SESSION_HINT: Final = re.compile(r"sess|sid=|cfid|cftoken|/\(s\(", re.IGNORECASE)
_SESSION: Final = re.compile(
    r"(?:;(jsessionid)=[^/?&;]*"
    r"|/\((S)\([a-z0-9]{24}\)\)(?=/)"
    r"|(?<=[?&])(jsessionid|phpsessid|aspsessionid[a-z]*|cfid|cftoken)=[^&]*&?"
    r"|(?<=[?&])(s|sid|sess|session|sess(?:ion)?_?id)=(?=[a-z]*[0-9])[a-z0-9]{16,128}(?:&|$))",
    re.IGNORECASE,
)


def session_id(url: str) -> str:
    """Return the name of the parameter of a URL that holds a session id, or "" if there is none."""
    found = _SESSION.search(url) if _may_have_session(url) else None
    return next((name for name in found.groups() if name), "") if found else ""


def identity(url: str, policy: Policy) -> str:
    """Return the URL that identifies a link: without session ids, so that a page is fetched once and not once per id.

    A parameter whose name is ambiguous (`sid`, `session`) counts as a session id only if its value looks like one:
    16 to 128 letters and digits, at least one of them a digit.
    """
    if not (policy.traps and policy.merge_sessions) or not _may_have_session(url):
        return url
    return _SESSION.sub("", url).rstrip("?&")


def _may_have_session(url: str) -> bool:
    """Whether `_SESSION` need be tried: single characters, which are cheap to find, rule out nearly every URL."""
    return ("?" in url or ";" in url or "/(" in url) and _SESSION_HINT.search(url) is not None

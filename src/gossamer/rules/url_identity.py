"""Other spellings of a URL that a user may want taken for one: without tracking parameters, its query in order.

Both are off by default, because a server may tell any two spellings apart. Where they are on, the simpler spelling is
the link: it is what is judged, fetched and recorded, so that no outcome depends on which spelling was found first.
The case of a path is never touched.
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
"""Names of parameters, in lower case, that tell who sent a visitor and never which page is meant.

Names that also have other uses ("ref", "source", "campaign", "cid") are left out on purpose.
"""


def simplifies(policy: Policy) -> bool:
    """Tell whether the user wants any spellings taken for one."""
    return policy.strip_tracking or policy.sort_query


def simplified(url: str, policy: Policy) -> str:
    """Give the spelling by which the user wants a canonical URL known; doing it twice changes nothing."""
    place, _, query = url.partition("?")
    if not query or not simplifies(policy):
        return url
    pairs = query.split("&")
    if policy.strip_tracking:
        pairs = [pair for pair in pairs if not is_tracking(pair.partition("=")[0])]
    if policy.sort_query:
        pairs.sort(key=_name)  # stable: what a list of equal names means may depend on its order
    return f"{place}?{'&'.join(pairs)}" if pairs else place


def is_tracking(name: str) -> bool:
    """Tell whether a parameter of this name only tells who sent the visitor."""
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
    """Name the parameter of a URL that carries a session id; "" where none does."""
    found = _SESSION.search(url) if _may_carry_session(url) else None
    return next((name for name in found.groups() if name), "") if found else ""


def identity(url: str, policy: Policy) -> str:
    """Give the URL by which a link is known: without a session id, so that a page is the same under all of them.

    What merely may be one (`sid`, `session`) counts where its value looks it: 16 or more letters and digits.
    """
    if not (policy.traps and policy.merge_sessions) or not _may_carry_session(url):
        return url
    return _SESSION.sub("", url).rstrip("?&")


def _may_carry_session(url: str) -> bool:
    """Rule out nearly every URL by looking for single characters, which costs nothing."""
    return ("?" in url or ";" in url or "/(" in url) and _SESSION_HINT.search(url) is not None

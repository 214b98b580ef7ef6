"""Language codes of hreflang: a language, perhaps a script and a region (BCP 47), or x-default."""

from __future__ import annotations

import re
from typing import Final

_CODE: Final = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|\d{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*"
)
_LANGUAGES: Final = frozenset(
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en "
    "eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik in io is it iu iw "
    "ja ji jv jw ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt "
    "my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm "
    "sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh "
    "zu".split()
)
"""The languages of two letters (ISO 639-1), with those that the registry of BCP 47 keeps for old documents."""
_REGIONS: Final = frozenset(
    "ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt bv bw by bz ca "
    "cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh er es et fi fj fk fm fo fr ga "
    "gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp "
    "ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mf mg mh mk ml mm mn mo mp mq mr ms "
    "mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs "
    "ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw "
    "tz ua ug um us uy uz va vc ve vg vi vn vu wf ws xk ye yt za zm zw".split()
)
"""The regions of two letters (ISO 3166-1), and the usual code of Kosovo."""
_MEANT: Final = {
    "cn": "zh", "cz": "cs", "dk": "da", "gr": "el", "jp": "ja", "ua": "uk", "us": "en", "vn": "vi",
}  # fmt: skip
"""Countries that are often taken for their languages."""
DEFAULT: Final = "x-default"


def code_problem(code: str) -> str:
    """Return what is wrong with the code of a language version, as the end of a sentence; "" for nothing."""
    lowered = code.lower()
    if lowered == DEFAULT:
        return ""
    if not code:
        return "no language is named"
    if "_" in code:
        return f"{code!r} is no language code: write {code.replace('_', '-')!r}"
    found = _CODE.fullmatch(lowered)
    if found is None:
        return f"{code!r} is no language code"
    language, region = found["language"], found["region"] or ""
    if len(language) == 2 and language not in _LANGUAGES:
        hint = f": write {_MEANT[language]!r}" if language in _MEANT else ""
        return f"there is no language {language!r}{hint}"
    if len(region) == 2 and region not in _REGIONS:
        hint = ": write 'GB'" if region == "uk" else ""
        return f"there is no region {region.upper()!r}{hint}"
    return ""

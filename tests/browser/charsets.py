"""Thirty-eight encodings, each declared in a header, in a meta element, by a mark, not at all, or falsely."""
# ruff: noqa: RUF001  # letters of other alphabets are what this is about

from __future__ import annotations

from typing import Final, NamedTuple

_CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy, zatímco se na lavici učí číst malé děti z celého města. "
_RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю. Эта страница говорит о погоде и о городе. "
_UKRAINIAN = "Їжак та ґава живуть у лісі, їдять гриби та ягоди. Ця сторінка розповідає про їхнє життя взимку. "
_GREEK = "Καλημέρα σε όλους. Η σελίδα αυτή μιλάει για τον καιρό και την πόλη, και για τους ανθρώπους της. "
_HEBREW = "שלום לכולם. הדף הזה מספר על מזג האוויר ועל העיר, ועל האנשים שגרים בה כל השנה. "
_ARABIC = "مرحبا بكم جميعا. هذه الصفحة تتحدث عن الطقس وعن المدينة وعن الناس الذين يعيشون فيها. "
_BALTIC = "Ąžuolas auga miške, o ežys žiūri į žvaigždes. Šis puslapis pasakoja apie gyvūnus ir žmones. "
_TURKISH = "Şu yağlı çörekleri ye, bir fincan çay iç. Bu sayfa ılık bir günü ve güneşli şehri anlatıyor. "
_FRENCH = "Voilà l'été à la forêt; où êtes-vous, ma chère élève? Cette page parle du temps qu'il fait là-bas. "
_THAI = "สวัสดีทุกคน หน้านี้เล่าเรื่องอากาศและเมืองและผู้คนที่อาศัยอยู่ในเมืองตลอดทั้งปี "
_VIETNAMESE = "Đây là trang nói vê thành phô và nhưng ngươi ơ đó, môt ngày đep trơi. "
_CHINESE = "中文网页讲述天气和城市的故事,以及全年住在那里的人们。今天天气很好,我们去公园散步。"
_TAIWANESE = "中文網頁講述天氣和城市的故事,以及全年住在那裡的人們。今天天氣很好,我們去公園散步。"
_JAPANESE = "このページは天気と町と、そこに一年中住んでいる人々について話します。今日は天気がいいです。"
_KOREAN = "이 페이지는 날씨와 도시, 그리고 일년 내내 그곳에 사는 사람들에 대해 이야기합니다. "
_ESPERANTO = "Eĥoŝanĝo ĉiuĵaŭde: ĉi tiu paĝo parolas pri la vetero kaj la urbo. "
_NORDIC = "Þorð ðæ ŋ: sámegiella lea okta dain gielain maid olbmot hupmet davvin. Đat lea čáppa siidu. "
_WELSH = "Mae'r tŷ a'r dŵr ŵ ŷ ẁ yn y pentref, ac mae'r dudalen hon yn sôn am y tywydd. "
_ROMANIAN = "Știința și țara: această pagină vorbește despre vreme și despre oraș. "


class Served(NamedTuple):
    """A page: what a server sends."""

    body: bytes
    content_type: str


# The standard's name, the codec of Python that writes it, and a text it can hold.
ENCODINGS: Final = (
    ("utf-8", "utf-8", _CZECH + _JAPANESE + "🐎"),
    ("ibm866", "cp866", _RUSSIAN),
    ("iso-8859-2", "iso8859-2", _CZECH),
    ("iso-8859-3", "iso8859-3", _ESPERANTO),
    ("iso-8859-4", "iso8859-4", "Šķēršļi un ēka: šī lapa stāsta par laiku, pilsētu un cilvēkiem. "),
    ("iso-8859-5", "iso8859-5", _RUSSIAN),
    ("iso-8859-6", "iso8859-6", _ARABIC),
    ("iso-8859-7", "iso8859-7", _GREEK),
    ("iso-8859-8", "iso8859-8", _HEBREW),
    ("iso-8859-8-i", "iso8859-8", _HEBREW),
    ("iso-8859-10", "iso8859-10", _NORDIC),
    ("iso-8859-13", "iso8859-13", _BALTIC),
    ("iso-8859-14", "iso8859-14", _WELSH),
    ("iso-8859-15", "iso8859-15", _FRENCH + "œuf à 3 €"),
    ("iso-8859-16", "iso8859-16", _ROMANIAN),
    ("koi8-r", "koi8-r", _RUSSIAN),
    ("koi8-u", "koi8-u", _UKRAINIAN),
    ("macintosh", "mac-roman", _FRENCH),
    ("windows-874", "cp874", _THAI),
    ("windows-1250", "cp1250", _CZECH),
    ("windows-1251", "cp1251", _RUSSIAN),
    ("windows-1252", "cp1252", _FRENCH + "“€”"),
    ("windows-1253", "cp1253", _GREEK),
    ("windows-1254", "cp1254", _TURKISH),
    ("windows-1255", "cp1255", _HEBREW),
    ("windows-1256", "cp1256", _ARABIC),
    ("windows-1257", "cp1257", _BALTIC),
    ("windows-1258", "cp1258", _VIETNAMESE),
    ("x-mac-cyrillic", "mac-cyrillic", _RUSSIAN),
    ("gbk", "gbk", _CHINESE),
    ("gb18030", "gb18030", _CHINESE + "🐎"),
    ("big5", "big5", _TAIWANESE),
    ("euc-jp", "euc-jp", _JAPANESE),
    ("iso-2022-jp", "iso2022-jp", _JAPANESE),
    ("shift_jis", "cp932", _JAPANESE + "①"),
    ("euc-kr", "cp949", _KOREAN + "똠"),
    ("utf-16le", "utf-16-le", _CZECH + "🐎"),
    ("utf-16be", "utf-16-be", _CZECH + "🐎"),
)
WAYS: Final = ("header", "meta", "mark", "none", "lying header", "lying meta")
_MARKS: Final = {"utf-16le": b"\xff\xfe", "utf-16be": b"\xfe\xff"}


def charset_pages() -> dict[str, Served]:
    """Give a page for each encoding and way, by its path: `/charset/koi8-r/lying-header`."""
    following = [name for name, _, _ in ENCODINGS[1:]] + [ENCODINGS[0][0]]
    return {
        f"/charset/{name}/{way.replace(' ', '-')}": _page(name, codec, text, way, other)
        for (name, codec, text), other in zip(ENCODINGS, following, strict=True)
        for way in WAYS
    }


def _page(name: str, codec: str, text: str, way: str, other: str) -> Served:
    """Write a page; a lie names the next encoding of the list, and a lying header stands beside a true meta element."""
    meta = {"meta": name, "lying header": name, "lying meta": other}.get(way)
    markup = f"<!doctype html>{f'<meta charset={meta}>' if meta else ''}<title>{way}</title><plaintext>{text}"
    header = {"header": f"; charset={name}", "lying header": f"; charset={other}"}.get(way, "")
    mark = _MARKS.get(name, b"\xef\xbb\xbf") if way == "mark" else b""
    return Served(mark + markup.encode(codec), f"text/html{header}")

"""Error pages told by their words: what a page says of itself in its title or first heading, in many languages.

A host that answers 404 for an impossible page may still say "not found" with status 200 elsewhere: for a product that
was sold, or a user who has left. Words alone would also find manuals that explain the status code. So the title or one
of the first headings must say nothing else, and the page must have little text of its own, and explain nothing.
"""

from __future__ import annotations

import re
from typing import Final

from gossamer.parse.similarity.text_hash import outside_links

MOST_WORDS: Final = 150
"""Maximum number of words outside links on an error page. A line of menu entries without links counts as well."""
_CJK: Final = re.compile("[぀-ヿ㐀-鿿가-힣]")
CJK_CHARACTERS: Final = 2
"""How many Chinese or Japanese characters count as one word."""

_ERROR: Final = (
    "sorry|oops|ooops|hoppla|desculpe|lo sentimos|entschuldigung|désolé|извините|ошибка|error|fehler|erreur|errore|erro"
)
_NUMBER: Final = rf"(?:(?:(?:http|status|błąd|chyba|hata|fout|fel|{_ERROR})\W*)*(?:404|410)\W*)"
_THE: Final = "(?:the|this|that|your|la|le|die|diese|der|das|a|de|deze|esta|essa|questa|cette|requested|angeforderte)"
_SAYINGS: Final = (
    # English
    (
        rf"(?:{_THE} )*(?:(?:web ?)?page|url|file|document|resource|content|site|address|article|post|product"
        rf"|item|listing"
        r"|profile|user|object|entry|record|job|event|topic|thread|result)s? (?:(?:was |is |were |has |have "
        r"|could |can ?)?"
        r"(?:not|n't|n.t) ?(?:be |been )?(?:found|available|exist)|(?:does|do|did)(?: not|n.t) exist|(?:is|was"
        r"|are)n.t (?:found"
        r"|available)|no longer (?:exists?|available)|(?:is |are )?(?:no longer|not|currently not) available"
        r"|(?:is |are )?"
        r"(?:missing|gone|unavailable)|(?:has |have )?(?:been )?(?:removed|deleted))"
    ),
    r"(?:requested |page |file |document |resource |content |object |item )*not found",
    r"(?:no|nothing) (?:such )?(?:page|file|document|resource|item|product|user|found)(?: found| here)?",
    r"we (?:can.?t|cannot|couldn.t|could not) find (?:that|the|this|your) page(?: you.*)?",
    # German
    (
        rf"(?:{_THE} )*(?:seite|datei|dokument|inhalt|artikel|produkt|adresse|url|beitrag|angebot) (?:wurde "
        rf"|konnte |ist )?"
        r"(?:leider )?(?:nicht|nicht mehr) (?:gefunden(?: werden)?|verfügbar|vorhanden|existent)"
    ),
    rf"(?:leider )?nicht gefunden|(?:{_THE} )?(?:seite|artikel|produkt) existiert nicht(?: mehr)?",
    # French
    (
        rf"(?:{_THE} )*(?:page|document|fichier|contenu|article|produit|ressource)s? (?:demandée? "
        rf"|que vous .{{0,30}} )?"
        r"(?:est introuvable|introuvable|non trouvée?|n.a pas été trouvée?|n.est (?:pas|plus) (?:disponible|trouvée?)"
        r"|n.existe (?:pas|plus)|pas trouvée?|inexistante?|indisponible)"
    ),
    r"introuvable|non trouvée?",
    # Spanish, Portuguese, Catalan
    (
        r"(?:la |el |esta |a |o |this )?(?:página|pagina|recurso|contenido|conteúdo|archivo|arquivo|artículo"
        r"|artigo|producto"
        r"|produto)(?: solicitad[ao]| web)? (?:no|não|nao) (?:se ha |se |fue |foi |ha sido |está )?"
        r"(?:encontrad[ao]|encontró|encontra|existe|disponible|disponível|trobada)"
    ),
    r"(?:no|não) (?:se )?(?:encontrad[ao]|encontrou|encontró)(?: (?:la|a) página)?",
    # Italian
    (
        r"(?:la )?(?:pagina|risorsa|contenuto|articolo|prodotto)(?: richiest[ao])? (?:non (?:è stat[ao]"
        r" )?(?:trovat[ao]|esiste"
        r"|disponibile)|inesistente)"
    ),
    # Dutch, Swedish, Danish, Norwegian, Finnish
    (
        rf"(?:{_THE} )*(?:pagina|bestand|document|artikel|product) (?:werd |is "
        rf"|kon )?niet (?:worden )?(?:gevonden|beschikbaar)"
        rf"(?: worden)?|(?:{_THE} )?pagina bestaat niet(?: meer)?"
    ),
    (
        r"(?:sidan|siden|side|artikeln|produkten)(?: du .{0,20})? (?:(?:kunde |kunne |blev |ble )?(?:inte|ikke"
        r"|ej) (?:hittas"
        r"|hittad|finnas|fundet|funnet)|(?:finns|finnes|findes|hittades) (?:inte|ikke|ej)(?: längre| lenger"
        r"| længere)?)"
    ),
    r"sivua ei (?:löytynyt|löydy|ole)",
    # Polish, Czech, Slovak, Hungarian, Romanian, Turkish, Greek
    r"nie znaleziono(?: strony| pliku)?|strona nie (?:została znaleziona|istnieje)|nie ma takiej strony",
    r"(?:stránka|stranka) (?:nebyla nalezena|neexistuje|nenalezena|sa nenašla|nenájdená|nebola nájdená)",
    r"(?:az |a keresett )?oldal nem (?:található|létezik)|pagina nu (?:a fost g[ăa]sit[ăa]|există)",
    (
        r"(?:arad\u0131ğ\u0131n\u0131z )?sayfa(?:s\u0131)? (?:bulunamad\u0131|mevcut değil)"
        r"|(?:η )?σελίδα δεν (?:βρέθηκε|υπάρχει)"
    ),
    # Russian, Ukrainian
    (
        r"(?:такая |запрашиваемая |эта )?(?:страница|документ|файл|товар) (?:не (?:найдена?|существует))|не найдено"
        r"|(?:сторінку|сторінка) не (?:знайдено|існує)"
    ),
    # Chinese, Japanese, Korean
    (
        r"(?:抱歉\W*)?(?:您(?:要)?(?:访问|查找|訪問)的)?(?:页面|頁面|网页|網頁|页)?(?:不存在|未找到|找不到|没有找到|已删除)"
        r"(?:页面|頁面|网页|網頁|该页面|該頁面)?"
    ),
    r"(?:お探しの|ご指定の|指定された)?(?:ページ|記事|商品)(?:は|が)?(?:見つかりません(?:でした)?|存在しません|ありません)",
    r"(?:요청하신 )?페이지를? (?:찾을 수 없습니다|없습니다)|(?:존재하지 않는|없는) 페이지(?:입니다)?",
    # Vietnamese, Arabic, Hebrew, Indonesian, Hindi
    r"không tìm thấy trang|trang không (?:tồn tại|tìm thấy)|(?:الصفحة|صفحة) غير موجودة|لم يتم العثور على الصفحة",
    r"ה?(?:דף|עמוד) לא נמצא|halaman tidak (?:ditemukan|ada)|(?:पृष्ठ|पेज) नहीं मिला",
)
_SAYS: Final = re.compile(
    rf"\W*(?:{_NUMBER}|{_NUMBER}?(?:(?:{_ERROR})\W+)?(?:{'|'.join(_SAYINGS)})\W*{_NUMBER}?)\W*", re.IGNORECASE
)
# What explains the status code is no page that is missing.
_EXPLAINS: Final = re.compile(
    r"\b(?:status|response) codes? (?:\w+ )?(?:means?|indicates?|tells?|says|is sent|is returned|is used|for)\b"
    r"|\brfc ?[0-9]{4}\b|\bthe server (?:returns?|sends?|responds|answers)\b|\bclient errors?\b",
    re.IGNORECASE,
)
_BORDER: Final = re.compile(r"\s[|\u2013\u2014\u00b7\u2022\u00bb\u00ab:/\-]+\s|[|\u00b7\u2022\u00bb\u00ab]|\s*:\s")
_HEADING: Final = re.compile(r"<h([12])\b[^<>]*+>(.{0,400}?)</h\1\b", re.IGNORECASE | re.DOTALL)
_TAG: Final = re.compile(r"<[^<>]*+>")
LONGEST: Final = 160
"""Maximum length of a title, or of a heading, that is read (characters)."""
HEADINGS: Final = 3
"""How many headings are read, from the first on."""


def says_not_found(title: str, text: str) -> bool:
    """Whether a decoded page with that title, which came with status 200, says that it does not exist."""
    if not (any(map(_is_saying, _BORDER.split(title[:LONGEST]))) or any(map(_is_saying, _headings(text)))):
        return False
    own = " ".join(outside_links(text))
    words = len(own.split()) + len(_CJK.findall(own)) // CJK_CHARACTERS
    return words <= MOST_WORDS and _EXPLAINS.search(own) is None


def _is_saying(part: str) -> bool:
    return bool(part.strip()) and len(part) <= LONGEST and _SAYS.fullmatch(part) is not None


def _headings(text: str) -> list[str]:
    found = []
    for heading in _HEADING.finditer(text):
        found.append(" ".join(_TAG.sub(" ", heading[2]).split()))
        if len(found) == HEADINGS:
            break
    return found

"""What the attributes of an element say of the part of a page that it holds: its role, its names, its microdata.

A name is evidence, not proof. Names are split into words ("siteFooter", "td_post-content"), and the last word that
means anything by itself is what is named: "related-posts" are other pages, "related-work" nothing known, "has-sidebar"
tells only how the page is laid out. Where the last word is understood the evidence is `sure`; where another is, it is a
hint, which what the element holds must confirm (see `main_content`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from itertools import pairwise
from typing import Final, NamedTuple

from gossamer.parse.tokenizer import Token


class Topic(IntEnum):
    """What a part of a page is."""

    GROUP = 0  # nothing is said of it
    MAIN = 1  # an element or role that says so
    ARTICLE = 2
    BODY = 3  # the text of an article, called so by its author
    CONTENT = 4  # the part with the content, called so by its author
    HIDDEN = 5
    MENU = 6
    FRAME = 7  # header, footer, sidebar
    ASIDE = 8  # a menu or a note to the text: the links in it tell
    RELATED = 9  # other pages: related, popular, recommended
    COMMENTS = 10
    SHARING = 11
    OFFER = 12  # newsletter, subscription, log in, advertisement, consent
    BYLINE = 13  # who wrote it and when, under which heads it is filed
    CAPTION = 14  # what is to be seen in a picture, and whose it is
    HEADER = 15  # of a page, or of an article
    CONTENTS = 16  # what the page has below which headings
    PAGE = 17  # the head says that all of the page is an article


class Evidence(NamedTuple):
    """What an element says: what it is, and whether that is sure."""

    topic: Topic
    sure: bool = True


NOTHING: Final = Evidence(Topic.GROUP)

_TOPICS: Final[Mapping[str, Topic]] = {
    word: topic
    for topic, words in {
        Topic.MENU: (
            "nav navs navbar navigation navi navheader navfooter navlink navlinks navbox subnav topnav mainnav "
            "sidenav menu menus menubar submenu megamenu breadcrumb breadcrumbs crumb crumbs toolbar topbar "
            "pagination paginator pager catlinks contentsub hamburger offcanvas quicklinks searchbox searchform "
            "searchbar"
        ),
        Topic.CONTENTS: "toc toclist tableofcontents",
        Topic.FRAME: (
            "footer footers rodape fusszeile seitenleiste masthead sidebar sidebars gutter sitesub announcement "
            "announcements"
        ),
        Topic.RELATED: (
            "related relateds relatedposts relatedarticles relatedlinks recommended recommendation recommendations "
            "recommend recirc recirculation trending popular outbrain taboola revcontent zergnet relacionados "
            "relacionadas relacionado verwandte similaires correlati mostread mostpopular"
        ),
        Topic.COMMENTS: (
            "comment comments commentlist commentform disqus respond commentaires reacties komentarze yorumlar "
            "kommentar kommentare comentarios"
        ),
        Topic.SHARING: (
            "share shares sharing sharebar sharedaddy addtoany addthis sharethis teilen compartir compartilhar "
            "partager condividi social socials socialmedia feedback reactions"
        ),
        Topic.OFFER: (
            "newsletter newsletters subscribe subscription subscriptions signup login signin promo promos promotion "
            "promotions ad ads advert adverts advertisement advertisements advertising werbung anzeige anzeigen "
            "publicite publicidad publicidade reklama reklam iklan adsbygoogle adslot adunit adbox adsense sponsored "
            "sponsor sponsors dfp popup popups modal modals lightbox overlay interstitial cookie cookies gdpr ccpa "
            "cmp consent cookiebanner cookiebar cookielaw cybot iubenda klaro truste osano evidon axeptio "
            "tarteaucitron borlabs cookieconsent onetrust didomi usercentrics cookiebot cmplz cta donate donation"
        ),
        Topic.BYLINE: (
            "byline bylines author authors bio authorbox tags tag tagcloud taglist tagbox postmeta kicker eyebrow "
            "timestamp dateline pubdate datetime date meta postmetadata postinfo entrymeta articleinfo "
            "submitted createdby"
        ),
        Topic.CAPTION: "caption captions credit credits figcaption imagecaption photocaption",
    }.items()
    for word in words.split()
}
"""What words of names tell."""

_PAIRS: Final[Mapping[str, Topic]] = {
    pair: topic
    for topic, pairs in {
        Topic.GROUP: "see also,call out",
        Topic.CONTENTS: "table of",
        Topic.HIDDEN: "screen reader,sr only,visually hidden,skip link,skip links,skip to",
        Topic.MENU: "prev next,next prev,jump to,language switcher,search form,search box",
        Topic.RELATED: "see more,read more,read next,up next,most read,most popular,most viewed,more stories,more news,"
        "more from,more on,also like,you may,next article,next story",
        Topic.SHARING: "follow us",
        Topic.OFFER: "sign up,log in,sp message,privacy popup,privacy banner,privacy bar,privacy notice,privacy modal,"
        "privacy manager,privacy settings,privacy overlay,privacy dialog,eu cookie",
        Topic.FRAME: "site header,global header,location header,top header,header top,header bar,header main,"
        "main header",
        Topic.BYLINE: "posted on,posted in,post date,published on,by line,about author,filed under",
    }.items()
    for pair in pairs.split(",")
}
"""What two words in a row tell."""

_STATES: Final = frozenset(
    "has have no not with without enable enabled disable disabled layout template open closed".split()
)
"""Words of names that tell how a page is laid out or in which state it is, not what a part of it is."""

_FILED: Final = frozenset({"category", "tag", "author", "term", "format", "topic"})
"""Words that begin the names by which posts are filed: "category-cookies" is no part of a page."""

_VAGUE: Final = frozenset(
    "a and area areas article articles banner bar bars block blocks body bottom box boxes btn button buttons by c "
    "card cards col column columns component components cont container containers content contents count data default "
    "desktop details entries entry feed field fields first fixed floating for form full gallery global group groups "
    "head header heading holder horizontal icon icons image info inline inner input item items js l label large last "
    "left line link links list listing lists m main message mobile module modules new news o of old ot outer page "
    "panel panels photo post posts primary print region responsive right row rows secondary section sections site "
    "slot small sticky stories story tab tabs td tertiary text the thread title titles to tool tools top ui unit "
    "units vertical video view views widget widgets wp wrap wrapper wrappers wrp zone".split()
)
"""Words of names that go with others and leave open what is named."""

_VAGUE_OFFERS: Final = frozenset(
    "center compliance confirmation dialog host law manager notice preferences root sdk settings".split()
)
"""The same, but only of offers: "cookie-settings" is a dialog, "recommended-settings" may be a chapter."""

_ARTICLES: Final = frozenset(
    "article articles story post entry news blog artikel articulo noticia nota materia".split()
)
_BODIES: Final = frozenset(
    "body content contents text copy entry inhalt contenido conteudo texto contenu texte corps cuerpo corpo".split()
)
_BODY_NAMES: Final = frozenset(
    "articlebody storybody postbody bodycopy body-copy body-text bodytext articletext postcontent "
    "articlecontent entrycontent storycontent articletxt field-name-body field--name-body".split()
)
_CONTENT_NAMES: Final = re.compile(
    r"(?:^|[-_])(?:main|content|main-?content|page-?content|body-?content|rst-content|documentwrapper|"
    r"mw-content-text|markdown-body|theme-doc-markdown|postarea|hentry|post|story|article|"
    r"inhalt|contenido|conteudo|contenu|body)$"
)
_MENU_ROLES: Final = frozenset({"navigation", "search", "dialog", "alertdialog", "toolbar", "menu", "menubar"})
_SECTION: Final = re.compile(r"section|sect\d|refsect\d|simplesect|level\d|chapter|appendix|topic")
"""By which class the writers of documents (docutils, DocBook, pandoc, DITA) call a part that has a heading."""
_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORDS: Final = re.compile(r"[^\W\d_]+")
_NOT_SHOWN: Final = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_FUSED_ENDS: Final = {"sidebar": Topic.FRAME, "footer": Topic.FRAME, "navbar": Topic.MENU, "newsletter": Topic.OFFER}
_FUSED_STARTS: Final = {"related": Topic.RELATED, "recommend": Topic.RELATED, "disqus": Topic.COMMENTS}

_REMEMBERED: Final = 4096
_LONGEST: Final = 500
# Caches of pure functions, shared by all threads. Unlike `lru_cache`, they cost a look-up and nothing else.
_of_tags: dict[tuple[str, ...], Evidence] = {}
_of_names: dict[str, Evidence] = {}

_NAMING: Final = ("data-testid", "data-hook", "data-component")
"""Attributes that name an element where its classes are made by a tool."""

_TELLING: Final = frozenset({"class", "id", "role", "itemprop", "hidden", "aria-hidden", "style", *_NAMING})
_PLAIN: Final = {
    "main": Evidence(Topic.MAIN),
    "article": Evidence(Topic.ARTICLE),
    "nav": Evidence(Topic.MENU),
    "dialog": Evidence(Topic.OFFER),
    "aside": Evidence(Topic.ASIDE),
    "header": Evidence(Topic.HEADER),
    "footer": Evidence(Topic.FRAME),
    "form": Evidence(Topic.FRAME),
    "noscript": Evidence(Topic.FRAME),
    "figcaption": Evidence(Topic.CAPTION),
}
"""What elements say by themselves."""

_ROLES: Final = {"banner": _PLAIN["footer"], "contentinfo": _PLAIN["footer"], "complementary": _PLAIN["aside"]}


def evidence(tag: str, token: Token, *, nested: bool = False) -> Evidence:
    """Return what a start tag says of what its element holds; `nested` is whether in another of the same tag."""
    attrs = token.attrs
    if not attrs:
        return _PLAIN.get(tag, NOTHING)
    telling = [tag, ">" if nested else ""]
    for name, value in attrs:
        if name in _TELLING and not (name == "style" and "none" not in (value or "")):
            telling += name, (value or "")[:_LONGEST]
    key = tuple(telling)
    known = _of_tags.get(key)
    if known is None:
        if len(_of_tags) >= _REMEMBERED:
            _of_tags.clear()
        known = _of_tags[key] = _evidence(tag, dict(zip(key[2::2], key[3::2], strict=True)), nested=nested)
    return known


def _evidence(tag: str, attrs: Mapping[str, str], *, nested: bool) -> Evidence:
    role = attrs.get("role", "").lower()
    if tag == "main" or role == "main":
        return _PLAIN["main"]
    if _hidden(attrs, role):
        return Evidence(Topic.HIDDEN)
    if tag == "nav" or role in _MENU_ROLES:
        return _PLAIN["dialog" if "dialog" in role else "nav"]
    if attrs.get("itemprop", "").lower() == "articlebody":
        return Evidence(Topic.BODY)
    names = _names(tag, attrs, nested=nested)
    said = [of_name(name) for name in names]
    furniture = _furniture(said)
    body = Evidence(Topic.BODY) in said
    if furniture.sure and not (body and furniture.topic in (Topic.MENU, Topic.FRAME)):
        return furniture
    plain = _ROLES.get(role) or _PLAIN.get(tag)
    if plain is not None:
        return plain
    if body:
        return Evidence(Topic.BODY)
    if "header" in names:
        return _PLAIN["header"]
    return Evidence(Topic.CONTENT) if Evidence(Topic.CONTENT) in said else furniture


def _names(tag: str, attrs: Mapping[str, str], *, nested: bool) -> list[str]:
    """Return the names of an element, without the id of a section in a text: it is made of the section's heading.

    Such sections lie within others, or their class says what wrote them.
    """
    names = attrs.get("class", "").split()
    if not (tag == "section" and nested) and not any(map(_SECTION.fullmatch, names)):
        names += attrs.get("id", "").split()
    return names + [attrs[name] for name in _NAMING if name in attrs]


def _furniture(said: Iterable[Evidence]) -> Evidence:
    """Return the surest of what names say of furniture, the first of equals; nothing is not sure."""
    found = Evidence(Topic.GROUP, sure=False)
    for one in said:
        if one.topic > Topic.CONTENT and (found.topic is Topic.GROUP or (one.sure and not found.sure)):
            found = one
    return found


def of_name(name: str) -> Evidence:
    """Return what one name says, of a class or id."""
    known = _of_names.get(name)
    if known is None:
        if len(_of_names) >= 4 * _REMEMBERED:
            _of_names.clear()
        known = _of_name(name)
        if len(name) <= _LONGEST // 4:
            _of_names[name] = known
    return known


def _of_name(name: str) -> Evidence:
    lower = _CAPITAL.sub("-", name).lower()
    words = _WORDS.findall(lower)
    if not words or not _STATES.isdisjoint(words) or (words[0] in _FILED and not _is_furniture_of_posts(words[1:])):
        return NOTHING
    for one, other in pairwise(words):
        topic = _PAIRS.get(f"{one} {other}")
        if topic is not None:
            return Evidence(topic)
    furniture = _last_telling(words)
    if furniture is not None:
        return furniture
    if lower in _BODY_NAMES or (len(words) > 1 and words[-1] in _BODIES and not _ARTICLES.isdisjoint(words[:-1])):
        return Evidence(Topic.BODY)
    return Evidence(Topic.CONTENT) if _CONTENT_NAMES.search(lower) else NOTHING


def _last_telling(words: Sequence[str]) -> Evidence | None:
    """Return what the last word tells that tells anything: surely, if all after it are vague."""
    vague, offers_only = True, False
    for word in reversed(words):
        topic = _TOPICS.get(word) or _fused(word)
        if topic is not None:
            sure = vague and (topic is Topic.OFFER or not offers_only)
            if word == "comment":  # "deprecation-comment" is none on a page
                sure = sure and all(len(one) < 4 or one in _VAGUE or one in _TOPICS for one in words)
            return Evidence(topic, sure=sure)
        offers_only = offers_only or word in _VAGUE_OFFERS
        vague = vague and (word in _VAGUE or word in _VAGUE_OFFERS)
    return None


def _is_furniture_of_posts(words: Iterable[str]) -> bool:
    """Return whether words that follow "tag" or "author" go on to name a part, as "list" does, and no subject."""
    return all(word in _VAGUE or _TOPICS.get(word) is Topic.BYLINE for word in words)


def _fused(word: str) -> Topic | None:
    """Return what a word tells that is made of two."""
    if len(word) < 8:
        return None
    for end, topic in _FUSED_ENDS.items():
        if word.endswith(end):
            return topic
    for start, topic in _FUSED_STARTS.items():
        if word.startswith(start):
            return topic
    return None


def _hidden(attrs: Mapping[str, str], role: str) -> bool:
    hidden = attrs.get("hidden")
    if hidden is not None and hidden.lower() != "until-found" and role != "tabpanel":
        return True
    return attrs.get("aria-hidden") == "true" or _NOT_SHOWN.search(attrs.get("style", "")) is not None

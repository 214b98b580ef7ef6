"""The kinds of findings: what each says, why it matters, how to mend it, its severity and its thresholds."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from gossamer.check.findings import FindingKind, Severity


class KindDescription(Struct, frozen=True):
    """What is known of a kind of findings."""

    title: str
    """A few words for a heading, such as "Broken links"."""
    sentence: str
    """What is wrong."""
    why: str
    """Why it matters."""
    mend: str
    """How to mend it."""
    severity: Severity = Severity.WARNING
    """The severity if the settings name no other."""
    thresholds: tuple[str, ...] = ()
    """The names of the settings that limit it."""
    why_off: str = ""
    """Why it is off by default; "" for a kind that is on."""


def anchor_of(kind: FindingKind) -> str:
    """Return the anchor of a kind in `docs/reference/findings.md`."""
    return kind.value.replace("_", "-")


KINDS: Final[dict[FindingKind, KindDescription]] = {
    FindingKind.BROKEN_LINK: KindDescription(
        "Broken links",
        "A link leads to a page that is not there: 404 or 410, an error of the server, no such host, no connection.",
        "Whoever follows it gets an error instead of what the page promised.",
        "Correct the address or remove the link. If the page has moved, redirect its old address to the new one.",
        Severity.ERROR,
    ),
    FindingKind.BROKEN_RESOURCE: KindDescription(
        "Broken resources",
        "An image, script, stylesheet, font, film, frame or icon that a page loads is missing, empty, or not what it "
        "is used as.",
        "The page looks or works otherwise than it should, and often nobody but its visitors notices.",
        "Correct the address, put the file back, or have the server send it with the right Content-Type.",
        Severity.ERROR,
    ),
    FindingKind.BROKEN_FRAGMENT: KindDescription(
        "Broken fragments",
        "A link names a place on a page (#fragment) that the page does not have.",
        "The browser shows the top of the page, and the reader has to search.",
        "Use the id of an element of that page, or give the element that is meant this id.",
        Severity.ERROR,
    ),
    FindingKind.UNVERIFIABLE: KindDescription(
        "Not verifiable",
        "Nobody can tell from here whether the address works: a login (401), a refusal (403, 429), a check for bots, "
        "robots.txt, or no answer in time.",
        "People may well see it, so it is no broken link; only a look with a browser tells.",
        "Nothing, if it works in a browser. `accept` in the settings names addresses and statuses that are fine.",
        Severity.NOTICE,
    ),
    FindingKind.REDIRECT: KindDescription(
        "Moved for good",
        "A link leads to an address that has moved for good (301 or 308).",
        "It works as long as the redirect does, and each visit costs another request.",
        "Write the new address.",
        Severity.NOTICE,
    ),
    FindingKind.REDIRECT_CHAIN: KindDescription(
        "Chains of redirects",
        "A link is redirected more than once before a page is shown, at least once for good.",
        "Every hop costs a request, and browsers and search engines give up on long chains.",
        "Write the last address, and have each old address redirect there at once.",
    ),
    FindingKind.REDIRECT_LOOP: KindDescription(
        "Redirect loops",
        "A link is redirected in a circle, or more often than anybody follows.",
        "Browsers show an error.",
        "Mend the rules of the server that redirect; often two of them contradict each other, or a cookie is expected.",
        Severity.ERROR,
    ),
    FindingKind.SOFT_404: KindDescription(
        "Missing pages that answer 200",
        "A page says that it does not exist, or looks like the site's page for that, but its status is 200.",
        "Search engines list it, and tools take links to it for good ones.",
        "Answer 404 or 410 for what is not there, and mend the links that lead to it.",
    ),
    FindingKind.ORPHAN: KindDescription(
        "Pages that nothing links to",
        "A page is in the sitemap, but no page links to it.",
        "Visitors cannot find it, and search engines take it for unimportant.",
        "Link to it, or take it off the sitemap.",
    ),
    FindingKind.DUPLICATE_CONTENT: KindDescription(
        "Several addresses, one content",
        "Several addresses show exactly the same page, and none of them says which one counts.",
        "Search engines choose one by themselves, and links to the others count for less.",
        "Redirect the others to one address, or name it on all of them with link rel=canonical.",
    ),
    FindingKind.NEAR_DUPLICATE: KindDescription(
        "Nearly the same text",
        "Pages have nearly the same text.",
        "Readers and search engines cannot tell which is meant; often one was a copy to begin with.",
        "Merge them, or name the one that counts with link rel=canonical. Found with --near-duplicates only.",
        Severity.NOTICE,
    ),
    FindingKind.DUPLICATE_TITLE: KindDescription(
        "Titles that several pages have",
        "Several pages with different content have the same title.",
        "In tabs, bookmarks and search results nobody can tell them apart.",
        "Say in each title what is only on that page.",
        Severity.NOTICE,
    ),
    FindingKind.MISSING_TITLE: KindDescription(
        "No title",
        "A page has no title, or an empty one.",
        "Tabs, bookmarks and search results show its address instead, and screen readers have nothing to announce.",
        "Give it a title element in its head.",
    ),
    FindingKind.MISSING_DESCRIPTION: KindDescription(
        "No description",
        "A page has no meta description, or an empty one. Where most pages of a host have none, that is one finding.",
        "Search engines and messengers show some text of the page instead, which may be the wrong one.",
        "Describe the page in a sentence or two: meta name=description.",
        Severity.NOTICE,
    ),
    FindingKind.MULTIPLE_H1: KindDescription(
        "Several main headings",
        "A page has several h1 elements.",
        "Some screen readers offer the h1 as the way to the main text.",
        "Keep one h1, and make the others h2.",
        Severity.OFF,
        why_off="HTML allows several h1, search engines do not mind, and many a good template has two.",
    ),
    FindingKind.MISSING_ALT: KindDescription(
        "Images without alternative text",
        "An image has no alt attribute.",
        "Screen readers read out its file name, and nothing is shown where it cannot be loaded.",
        'Describe the image in alt; an image that only decorates gets alt="".',
    ),
    FindingKind.CANONICAL: KindDescription(
        "Wrong canonical addresses",
        "A page names a canonical address that is a redirect, is missing, must not be indexed or names another one; or "
        "it names several.",
        "Search engines ignore it, or drop the page.",
        "Name the final address of a page that exists and may be indexed, once.",
    ),
    FindingKind.HREFLANG: KindDescription(
        "Wrong language versions",
        "The language versions that a page names (hreflang) are not right: a code that does not exist, a page that is "
        "missing, redirects, must not be indexed or does not link back, or the page itself is left out.",
        "Search engines ignore such links, and show readers the wrong language.",
        "Let all versions of a page name all of them, themselves included, by their final addresses.",
    ),
    FindingKind.NOINDEX_IN_SITEMAP: KindDescription(
        "In the sitemap, but not to be indexed",
        "A page is in the sitemap, and forbids indexing (noindex).",
        "The two contradict each other: search engines are sent to a page that they must not list.",
        "Take it off the sitemap, or remove noindex.",
    ),
    FindingKind.NOFOLLOW_INTERNAL: KindDescription(
        "Links of your own marked nofollow",
        "A link to a page of the same site is marked nofollow, though that page may be indexed.",
        "It tells search engines not to trust a page of your own.",
        "Remove rel=nofollow; to keep a page out of search engines, use noindex there.",
        Severity.NOTICE,
    ),
    FindingKind.MIXED_CONTENT: KindDescription(
        "Insecure parts of secure pages",
        "A page that comes by https loads something by http.",
        "Browsers block such scripts, styles and frames, and anybody on the way could have changed them.",
        "Load it by https.",
    ),
    FindingKind.INSECURE_FORM: KindDescription(
        "Insecure forms",
        "A form of a secure page is sent by http, or a form that asks for a password is on a page that came by http.",
        "Anybody on the way can read what people type, and browsers warn of it.",
        "Serve the page by https, and have the form sent by https.",
    ),
    FindingKind.LARGE: KindDescription(
        "Large files",
        "A page, or something it loads, is large.",
        "It takes long to load with a slow connection, and costs those who pay for their traffic.",
        "Split the page, or compress and scale down what it loads.",
        Severity.NOTICE,
        ("large_page", "large_resource"),
    ),
    FindingKind.SLOW: KindDescription(
        "Slow answers",
        "A page took long to come, or the pages of a host mostly do.",
        "Visitors leave, and search engines visit less often.",
        "Look at what the server does for it; a cache helps most.",
        Severity.NOTICE,
        ("slow_page", "slow_host"),
    ),
    FindingKind.DEEP: KindDescription(
        "Many links away",
        "A page is many links away from the start.",
        "Few visitors get there, and search engines visit it seldom.",
        "Link to it from a page that is nearer, such as an overview.",
        Severity.NOTICE,
        ("deep",),
    ),
    FindingKind.NEEDS_JS: KindDescription(
        "Empty without JavaScript",
        "A page shows its content or its links only with JavaScript.",
        "Many search engines, previews and archives see an empty page.",
        "Have the server send the content.",
    ),
    FindingKind.ENCODING: KindDescription(
        "Wrong character encodings",
        "What a page says of its character encoding is missing, contradicts itself, or is not true.",
        "Letters beyond ASCII may be shown as nonsense.",
        "Send UTF-8, and say so: Content-Type: text/html; charset=utf-8.",
    ),
    FindingKind.ROBOTS_BLOCKED_RESOURCE: KindDescription(
        "Resources that robots.txt forbids",
        "robots.txt keeps crawlers from something that a page loads.",
        "Search engines judge a page by how it looks, and cannot load this part of it.",
        "Allow it in robots.txt.",
    ),
    FindingKind.SECURITY_HEADER: KindDescription(
        "Missing security headers",
        "The pages of a host come without headers that protect its visitors.",
        "Browsers then allow what most sites do not need: framing, guessing of types, insecure first visits.",
        "Have the server send them with every page.",
        Severity.OFF,
        why_off="Which headers a site needs depends on what it does; a site of plain pages may well do without.",
    ),
}
"""What is known of each kind."""

"""A random web whose responses never change, so that a page has the same outcome each time, in every crawl."""

from __future__ import annotations

import random

from gossamer.values.model import Failure, Response
from gossamer.values.reasons import Reason
from tests.support.webs import Answer, html, robots_txt

Truth = dict[str, Answer]
"""The response of every URL; a URL that is missing is a 404."""


def random_truth(chance: random.Random, *, redirects: bool, hosts: int = 4) -> tuple[Truth, list[str]]:
    """Return a web of one to four hosts, or more, with all kinds of responses, and the URLs of its home pages."""
    origins = [f"https://h{index}.example" for index in range(chance.randint(1, hosts))]
    every = [f"{origin}/p{number}" for origin in origins for number in range(chance.randint(1, 16))]
    truth: Truth = {origin + "/robots.txt": _robots(chance, origin + "/robots.txt") for origin in origins}
    for url in every:
        front = url.endswith("/p0") and chance.random() < 0.8
        links = chance.sample(every, chance.randint(min(4 * front, len(every)), min(9, len(every))))
        page = html(url, "".join(_anchor(chance, link) for link in links))
        truth[url] = page if front else _answer(chance, page, links, redirects=redirects)
    for origin in chance.sample(origins, chance.randint(0, len(origins))):
        truth |= _sitemaps(chance, origin, every)
    return truth, [origin + "/p0" for origin in origins]


def _sitemaps(chance: random.Random, origin: str, every: list[str]) -> Truth:
    """Return a sitemap index and its sitemaps; no page links to some of the pages in them."""
    hidden = [f"{origin}/m{number}" for number in range(chance.randint(1, 4))]
    maps = [f"{origin}/map{number}.xml" for number in range(chance.randint(1, 3))]
    files: Truth = {url: sitemap(url, *chance.sample(every, 1), chance.choice(hidden)) for url in maps}
    index = {f"{origin}/sitemap.xml": sitemap(f"{origin}/sitemap.xml", *maps, kind="sitemapindex")}
    return files | index | {url: html(url, "<title>hidden</title>") for url in hidden}


def sitemap(url: str, *names: str, kind: str = "urlset") -> Response:
    entry = "sitemap" if kind == "sitemapindex" else "url"
    body = f"<{kind}>" + "".join(f"<{entry}><loc>{name}</loc></{entry}>" for name in names) + f"</{kind}>"
    return Response(url, 200, {"content-type": "application/xml"}, body.encode())


def _robots(chance: random.Random, url: str) -> Answer:
    kinds: list[Answer] = [
        Response(url, 404, {}),
        robots_txt(url, "User-agent: *\nDisallow: /p3\nDisallow: /p7"),
        robots_txt(url, f"User-agent: *\nCrawl-delay: {chance.choice([1, 2.5])}"),
        Response(url, 301, {"location": "/rules.txt"}),
        robots_txt(url, "User-agent: *\nCrawl-delay: 100"),
        Response(url, 503, {}),
        Failure(Reason.FAIL_TIMEOUT),
        html(url, "<!doctype html><title>Are you human?</title>"),
    ]
    return chance.choices(kinds, [12, 6, 3, 3, 1, 1, 1, 1])[0]


def _anchor(chance: random.Random, url: str) -> str:
    path = url[url.rindex("/") :]
    forms = [
        f"<a href={url}>x</a>",
        f"<a href='{url}#part'>x</a>",
        f"<a href={path}>x</a>",
        f"<a href='{path}?q=1'>x</a>",
        f"<a rel=nofollow href={url}>x</a>",
        "<a href=https://elsewhere.example/>x</a>",
    ]
    return chance.choices(forms, [12, 2, 2, 1, 1, 1])[0]


def _answer(chance: random.Random, page: Response, links: list[str], *, redirects: bool) -> Answer:
    url = page.url
    kinds: list[Answer] = [
        page,
        html(url, "<meta name=robots content=nofollow>" + page.body.decode()),
        Response(url, 200, {"content-type": "image/png"}, b"\x89PNG"),
        Response(url, 404, {}),
        Response(url, 500, {}),
        Response(url, 503, {"retry-after": "3"}),
        Response(url, 429, {"retry-after": "7"}),
        Failure(Reason.FAIL_RESET),
        Failure(Reason.FAIL_TRUNCATED),
        Failure(Reason.FAIL_TIMEOUT),
        Failure(Reason.FAIL_TOO_LARGE),
        Response(url, 301, {"location": chance.choice([*links, url])}),
        Response(url, 302, {}),
    ]
    return chance.choices(kinds, [40, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 4 * redirects, redirects])[0]

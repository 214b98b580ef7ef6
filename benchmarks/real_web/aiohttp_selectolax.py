"""A crawler as a good programmer writes it for speed: aiohttp, selectolax, uvloop, one request at a time to a host.

python aiohttp_selectolax.py seeds.txt ca.pem pages.jsonl

robots.txt is read and obeyed by the standard library's parser; a line of JSON a page is all that is kept.
"""

import asyncio
import json
import ssl
import sys
from collections import deque
from urllib.parse import urldefrag, urljoin
from urllib.robotparser import RobotFileParser

import aiohttp
import uvloop
from selectolax.lexbor import LexborHTMLParser

SEEDS, CA, FEED = sys.argv[1:]
SLOTS = 64


class Host:
    def __init__(self, origin):
        self.origin, self.robots, self.queue = origin, None, deque()


class Crawl:
    def __init__(self, feed):
        self.feed, self.hosts, self.seen = feed, {}, set()
        self.due = asyncio.Queue()
        self.left = 0

    def knows(self, url):
        return self.hosts.get("/".join(url.split("/", 3)[:3]))

    def add(self, url):
        if url in self.seen:
            return
        host = self.knows(url)
        if host is None:
            return
        self.seen.add(url)
        self.left += 1
        host.queue.append(url)

    async def work(self, session):
        while True:
            host = await self.due.get()
            while host.queue:  # one request at a time to a host, all of them on one connection
                await self.visit(session, host, host.queue.popleft())
            self.due.task_done()

    async def visit(self, session, host, url):
        if host.robots is None:
            host.robots = RobotFileParser()
            async with session.get(host.origin + "/robots.txt") as answer:
                host.robots.parse((await answer.text()).splitlines())
        if not host.robots.can_fetch("fast", url):
            return
        async with session.get(url) as answer:
            body = await answer.read()
        tree = LexborHTMLParser(body)
        for href in {link.attributes["href"] or "" for link in tree.css("a[href]")}:
            if href.startswith(("http://", "https://")) and not self.knows(href):
                continue  # most links that name a host lead elsewhere: not worth joining
            self.add(urldefrag(urljoin(url, href))[0])
        title = tree.css_first("title")
        self.feed.write(json.dumps({"url": url, "status": answer.status, "title": title and title.text()}) + "\n")


async def main():
    tls = ssl.create_default_context(cafile=CA)
    with open(FEED, "w", encoding="utf-8") as feed:  # noqa: PTH123, ASYNC230 (as such a script does it)
        crawl = Crawl(feed)
        with open(SEEDS, encoding="utf-8") as listed:  # noqa: PTH123, ASYNC230 (likewise)
            for url in listed.read().split():
                origin = "/".join(url.split("/", 3)[:3])
                crawl.hosts[origin] = Host(origin)
                crawl.add(url)
        for host in crawl.hosts.values():
            crawl.due.put_nowait(host)
        connector = aiohttp.TCPConnector(limit=SLOTS, ssl=tls)
        async with aiohttp.ClientSession(connector=connector, headers={"Accept-Encoding": "gzip, br"}) as session:
            workers = [asyncio.create_task(crawl.work(session)) for _ in range(SLOTS)]
            await crawl.due.join()
            for worker in workers:
                worker.cancel()


uvloop.run(main())

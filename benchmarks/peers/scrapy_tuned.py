"""A Scrapy crawl of one host, optimised for speed.

python scrapy_tuned.py http://127.0.0.1:8000/ pages.jsonl

Links by lxml's C loop instead of LinkExtractor, each distinct href resolved once and requested once (a set of strings,
so `dont_filter` avoids the fingerprint of every duplicate); lines of JSON without a feed exporter; no cookies, no
referer, no depth, no retries, no redirects, no signals of extensions, uvloop.
"""

import json
import sys
from urllib.parse import urldefrag, urljoin

import lxml.html
import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy_settings import LEAN  # beside this file

START, FEED = sys.argv[1:]
ORIGIN = "/".join(START.split("/", 3)[:3]) + "/"


class Site(scrapy.Spider):
    name = "site"
    start_urls = [START]

    def __init__(self, *given, **named):
        super().__init__(*given, **named)
        self.known = {START}
        self.feed = open(FEED, "w", encoding="utf-8")  # noqa: SIM115, PTH123 (closed with the spider)

    def parse(self, response):
        if not response.headers.get("Content-Type", b"").startswith(b"text/html") or not response.body:
            return
        root = lxml.html.document_fromstring(response.body)
        self.feed.write(json.dumps({"url": response.url, "title": root.findtext(".//title")}) + "\n")
        for href in set(root.xpath("//a/@href")):
            url = urldefrag(urljoin(response.url, href))[0]
            if url not in self.known and url.startswith(ORIGIN):
                self.known.add(url)
                yield scrapy.Request(url, dont_filter=True)

    def closed(self, _reason):
        self.feed.close()


process = CrawlerProcess(
    {
        **LEAN,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 64,
        "SCHEDULER_PRIORITY_QUEUE": "scrapy.pqueues.ScrapyPriorityQueue",  # the lighter one; there is one host only
    }
)
process.crawl(Site)
process.start()

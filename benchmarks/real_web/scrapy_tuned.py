"""The hand-tuned Scrapy crawl of `../peers/scrapy_tuned.py`, of many hosts: one request at a time to each.

python scrapy_tuned.py seeds.txt pages.jsonl
"""

import json
import sys
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import lxml.html
import scrapy
from scrapy.crawler import CrawlerProcess

sys.path.append(str(Path(__file__).parent.parent / "peers"))

from scrapy_settings import LEAN

SEEDS, FEED = sys.argv[1:]
with open(SEEDS, encoding="utf-8") as listed:  # noqa: PTH123 (as such a script does it)
    START = listed.read().split()
ORIGINS = {"/".join(url.split("/", 3)[:3]) for url in START}


class Sites(scrapy.Spider):
    name = "sites"
    start_urls = START

    def __init__(self, *given, **named):
        super().__init__(*given, **named)
        self.known = set(START)
        self.feed = open(FEED, "w", encoding="utf-8")  # noqa: SIM115, PTH123 (closed with the spider)

    def parse(self, response):
        if not response.headers.get("Content-Type", b"").startswith(b"text/html") or not response.body:
            return
        root = lxml.html.document_fromstring(response.body)
        self.feed.write(json.dumps({"url": response.url, "title": root.findtext(".//title")}) + "\n")
        for href in set(root.xpath("//a/@href")):
            try:
                url = urldefrag(urljoin(response.url, href))[0]
            except ValueError:
                continue
            if url not in self.known and "/".join(url.split("/", 3)[:3]) in ORIGINS:
                self.known.add(url)
                yield scrapy.Request(url, dont_filter=True)

    def closed(self, _reason):
        self.feed.close()


process = CrawlerProcess(
    {
        **LEAN,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "SCHEDULER_PRIORITY_QUEUE": "scrapy.pqueues.DownloaderAwarePriorityQueue",  # as its docs advise for many hosts
    }
)
process.crawl(Sites)
process.start()

"""A Scrapy crawl of one host as its tutorial writes it: CrawlSpider, LinkExtractor, items to a feed.

python scrapy_stock.py http://127.0.0.1:8000/ pages.jsonl [max_pages]
"""

import sys
from urllib.parse import urlsplit

from scrapy.crawler import CrawlerProcess
from scrapy.linkextractors import LinkExtractor
from scrapy.spiders import CrawlSpider, Rule

START, FEED = sys.argv[1:3]
LIMIT = int(sys.argv[3]) if len(sys.argv) > 3 else 0


class Site(CrawlSpider):
    name = "site"
    start_urls = [START]
    allowed_domains = [urlsplit(START).hostname]
    rules = [Rule(LinkExtractor(), callback="page", follow=True)]

    def page(self, response):
        if hasattr(response, "text"):  # not a picture that a page links to
            yield {"url": response.url, "title": response.css("title::text").get()}


process = CrawlerProcess(
    {
        "ROBOTSTXT_OBEY": True,  # as every project that `scrapy startproject` makes
        "CONCURRENT_REQUESTS": 64,  # equal for all
        "CONCURRENT_REQUESTS_PER_DOMAIN": 64,
        "DOWNLOAD_DELAY": 0,
        "LOG_ENABLED": False,
        "FEEDS": {FEED: {"format": "jsonlines"}},
        "CLOSESPIDER_PAGECOUNT": LIMIT,
    }
)
process.crawl(Site)
process.start()

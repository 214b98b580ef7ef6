"""A Crawlee crawl of one host as its documentation writes it: ParselCrawler and `enqueue_links`.

python crawlee_parsel.py http://127.0.0.1:8000/ [max_pages]

Parsel is the quicker of Crawlee's parsers. Everything is kept in memory, and nothing is logged.
"""

import asyncio
import logging
import sys

from crawlee import ConcurrencySettings
from crawlee.crawlers import ParselCrawler, ParselCrawlingContext
from crawlee.storage_clients import MemoryStorageClient


async def main():
    crawler = ParselCrawler(
        concurrency_settings=ConcurrencySettings(min_concurrency=64, desired_concurrency=64, max_concurrency=64),
        storage_client=MemoryStorageClient(),
        max_requests_per_crawl=int(sys.argv[2]) if len(sys.argv) > 2 else None,
        max_request_retries=0,
        respect_robots_txt_file=True,
        use_session_pool=False,
        configure_logging=False,
    )

    @crawler.router.default_handler
    async def page(context: ParselCrawlingContext):
        await context.push_data({"url": context.request.url, "title": context.selector.css("title::text").get()})
        await context.enqueue_links(strategy="same-origin")

    await crawler.run([sys.argv[1]])


logging.disable(logging.CRITICAL)
asyncio.run(main())

"""A crawler with an asyncio queue and N workers, as a Python programmer would write it: aiohttp and BeautifulSoup.

python asyncio_aiohttp_bs4.py http://127.0.0.1:8000/ [max_pages]
"""

import asyncio
import sys
from urllib.parse import urldefrag, urljoin, urlparse

import aiohttp
from bs4 import BeautifulSoup

WORKERS = 16
TIMEOUT = 10


class Crawler:
    """Crawl one host from its start page."""

    def __init__(self, start_url, max_pages):
        self.host = urlparse(start_url).netloc
        self.max_pages = max_pages
        self.queue = asyncio.Queue()
        self.visited = {start_url}
        self.queue.put_nowait(start_url)
        self.started = self.fetched = self.failed = 0

    async def fetch_links(self, session, url):
        """Fetch one page and return the absolute URLs it links to."""
        async with session.get(url) as response:
            response.raise_for_status()
            if "text/html" not in response.headers.get("Content-Type", ""):
                return []
            html = await response.read()
        soup = BeautifulSoup(html, "html.parser")
        return [urldefrag(urljoin(url, anchor["href"]))[0] for anchor in soup.find_all("a", href=True)]

    async def worker(self, session):
        while True:
            url = await self.queue.get()
            try:
                if self.started < self.max_pages:
                    self.started += 1
                    for link in await self.fetch_links(session, url):
                        if link not in self.visited and urlparse(link).netloc == self.host:
                            self.visited.add(link)
                            self.queue.put_nowait(link)
                    self.fetched += 1
            except (aiohttp.ClientError, TimeoutError) as error:
                self.failed += 1
                print(f"failed: {error}", file=sys.stderr)
            finally:
                self.queue.task_done()

    async def run(self):
        timeout = aiohttp.ClientTimeout(total=TIMEOUT)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            workers = [asyncio.create_task(self.worker(session)) for _ in range(WORKERS)]
            await self.queue.join()
            for task in workers:
                task.cancel()
            await asyncio.gather(*workers, return_exceptions=True)


async def main():
    limit = int(sys.argv[2]) if len(sys.argv) > 2 else 10**9
    crawler = Crawler(sys.argv[1], limit)
    await crawler.run()
    print(f"{crawler.fetched} pages fetched, {crawler.failed} failed")


if __name__ == "__main__":
    asyncio.run(main())

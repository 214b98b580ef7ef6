"""A crawler with a thread pool, as a Python programmer would write it: requests, BeautifulSoup, wait(FIRST_COMPLETED).

python threads_requests_bs4.py http://127.0.0.1:8000/ [max_pages]
"""

import sys
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from urllib.parse import urldefrag, urljoin, urlparse

import requests
from bs4 import BeautifulSoup

MAX_WORKERS = 16
TIMEOUT = 10

session = requests.Session()
adapter = requests.adapters.HTTPAdapter(pool_maxsize=MAX_WORKERS)
session.mount("http://", adapter)
session.mount("https://", adapter)


def fetch_links(url):
    """Fetch one page and return the absolute URLs it links to."""
    response = session.get(url, timeout=TIMEOUT)
    response.raise_for_status()
    if "text/html" not in response.headers.get("Content-Type", ""):
        return []
    soup = BeautifulSoup(response.content, "html.parser")
    links = []
    for anchor in soup.find_all("a", href=True):
        link, _fragment = urldefrag(urljoin(url, anchor["href"]))
        links.append(link)
    return links


def crawl(start_url, max_pages):
    """Crawl one host from its start page; return how many pages were fetched and how many failed."""
    host = urlparse(start_url).netloc
    visited = {start_url}
    queue = [start_url]
    fetched = failed = 0
    with ThreadPoolExecutor(max_workers=MAX_WORKERS) as executor:
        futures = set()
        while queue or futures:
            while queue and len(futures) < MAX_WORKERS and fetched + failed + len(futures) < max_pages:
                futures.add(executor.submit(fetch_links, queue.pop(0)))
            if not futures:
                break
            done, futures = wait(futures, return_when=FIRST_COMPLETED)
            for future in done:
                try:
                    links = future.result()
                except requests.RequestException as error:
                    failed += 1
                    print(f"failed: {error}", file=sys.stderr)
                    continue
                fetched += 1
                for link in links:
                    if link not in visited and urlparse(link).netloc == host:
                        visited.add(link)
                        queue.append(link)
    return fetched, failed


if __name__ == "__main__":
    limit = int(sys.argv[2]) if len(sys.argv) > 2 else 10**9
    pages, errors = crawl(sys.argv[1], limit)
    print(f"{pages} pages fetched, {errors} failed")

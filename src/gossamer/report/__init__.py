"""Reports make a crawl readable: one page of HTML, why a URL was (not) crawled, what differs between two crawls.

Imports check and everything below. Invariant: reading a crawl directory changes nothing in it.
"""

"""Check judges what the pages of a crawl point to, and finds what a site's owner should know.

Imports api and everything below. Invariant: a verdict depends on what was recorded alone, so judging again gives the
same findings.
"""

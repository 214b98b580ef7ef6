"""Reading pages: encodings, links, metadata, sitemaps, text and Markdown.

Imports `values` and `rules`. Invariant: any bytes have an answer; no input raises, hangs or takes memory without bound.
"""

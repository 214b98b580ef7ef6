"""Reading pages: encodings, links, metadata, sitemaps, text and Markdown.

Imports `values` and `rules`. Invariant: no input makes a function raise, hang or take unbounded memory.
"""

"""A journal remembers: append-only records of a crawl, in memory or in SQLite, and what an earlier crawl found.

Imports `values`, `rules` and `parse`; never `fetchers`. Invariant: a commit is whole or was never made.
"""

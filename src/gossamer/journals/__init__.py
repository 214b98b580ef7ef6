"""Journals: append-only records of a crawl, in memory or in SQLite, and the look-up of a previous crawl.

Imports `values`, `rules` and `parse`; never `fetchers`. Invariant: a commit is atomic.
"""

"""Markdown files of a crawl's pages, and the removal of boilerplate from them at the end.

Invariant: the files can be restored to the state of the last commit.
"""

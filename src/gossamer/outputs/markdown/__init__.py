"""Markdown files of a crawl's pages, and the boilerplate that is taken out of them at the end.

Invariant: the files can be cut back to the last commit.
"""

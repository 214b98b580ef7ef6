"""Parquet tables of pages, links and items.

Invariant: a table file is complete or absent, and it has only rows of finished commits.
"""

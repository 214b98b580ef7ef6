"""Parquet tables of pages, links and items.

Invariant: a part is whole or not there; its rows are those of commits that were made.
"""

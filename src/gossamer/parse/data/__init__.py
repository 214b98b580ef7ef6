"""Structured data of a page: JSON-LD, microdata, authorship and dates, tables.

Invariant: what a page claims is bounded in size and depth before it is believed.
"""

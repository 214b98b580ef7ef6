"""Structured data of a page: JSON-LD, microdata, authorship and dates, tables.

Invariant: size and depth of the data are bounded before they are used.
"""

"""Journals: append-only records of a crawl, one per place they are kept."""

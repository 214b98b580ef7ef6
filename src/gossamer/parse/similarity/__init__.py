"""Near-duplicate detection: simhashes of texts, and the comparison of a page with a host's error page.

Invariant: equal texts have equal hashes, on every machine and in every version.
"""

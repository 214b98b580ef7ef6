"""WARC archives: written during a crawl, and read by exports and updates.

Invariants: the files can be truncated to the last commit, and every WARC reader can read what is left.
"""

"""WARC archives: written as a crawl goes, and read again by exports and updates.

Invariant: the files can be cut back to the last commit, and what is kept is readable by itself.
"""

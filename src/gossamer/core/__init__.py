"""A crawl decides: the state machine, its frontier and hosts, and everything it counts.

Imports `values`, `rules` and `parse`; never `visit` or `outputs`. Invariant: no I/O and no clock; the moment is an
argument.
"""

"""The crawl's decisions: the state machine, its frontier and hosts, and its statistics.

Imports `values`, `rules` and `parse`, never `visit` or `outputs`. Invariant: no I/O and no clock; the current time is
an argument.
"""

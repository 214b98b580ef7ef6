"""A worker visits: what is made of one answer, and the user's handlers that run on it.

Imports `values`, `rules` and `parse`; never `core` or `outputs`. Invariant: a visit never raises; whatever goes wrong
is an outcome with a reason.
"""

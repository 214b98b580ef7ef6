"""The visit of a page: reading one answer, and running the user's handlers on it.

Imports `values`, `rules` and `parse`, never `core` or `outputs`. Invariant: a visit never raises; every error is an
outcome with a reason.
"""

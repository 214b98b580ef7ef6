"""The bundled website: a small museum on this machine, with one of everything that a crawler meets.

Imports `values`, `rules` and `parse`. Invariant: every page is a pure function of its URL.
"""

"""The bundled website: a small museum on this machine, with one of everything a crawler meets.

Imports `values`, `rules` and `parse`. Invariant: every page is a function of its address.
"""

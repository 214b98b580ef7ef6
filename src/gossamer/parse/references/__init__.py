"""References: everything that a page or a stylesheet points to, with its kind, its place in the source and its text.

Invariant: a page is read as a browser without JavaScript reads it, and what such a browser ignores is no reference.
"""

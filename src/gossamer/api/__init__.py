"""What Python users import: Crawler, fetch_all, export, and the crawl directory.

Imports every folder but `bench`, `demo` and `cli`. Invariant: what a user got wrong raises UserError with a sentence
that says what to do.
"""

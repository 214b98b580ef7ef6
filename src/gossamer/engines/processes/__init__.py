"""The processes engine: a driver, its workers, and what passes between them.

Invariant: a worker can die at any moment. What it had under way is fetched again; a page fails only if its worker died
twice while it was being read.
"""

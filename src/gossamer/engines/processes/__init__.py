"""The processes engine: a driver, its workers, and what passes between them.

Invariant: a worker can die at any moment; each page it had costs one more attempt at most.
"""

"""The processes engine: a driver, its workers, and what passes between them.

Invariant: a worker can die at any moment and costs its pages a second attempt at most.
"""

"""gossamer bench: which engine suits your work, measured on your own machine against a bundled server.

Imports `api`, `demo` and below. Invariant: a run that fails one of its self-checks does not count.

A *cell* is one way to crawl one workload: an engine, a number of requests in flight, a number of workers. Each run of
a cell is a process of its own, and must pass self-checks before it counts.
"""

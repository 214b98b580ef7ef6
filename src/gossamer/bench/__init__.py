"""gossamer bench: which concurrency model suits your work, measured on your own machine against a bundled server.

Imports `api`, `demo` and below. Invariant: nothing is concluded from a run that failed one of its self-checks.

A *cell* is one way to crawl one workload: engine, requests in flight, workers. Each of its runs is a process of its
own, against a server of its own, and must pass self-checks before anything is concluded from it.
"""

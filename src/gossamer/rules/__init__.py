"""The rules of a crawl as pure functions and frozen values: policy, URLs, scope, robots.txt, politeness, traps.

Imports `values`. Invariant: equal input gives equal output; no clock, network, file or randomness is used.
"""

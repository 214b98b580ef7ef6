"""The rules of a crawl as pure functions and frozen values: policy, URLs, scope, robots.txt, politeness, traps.

Imports `values`. Invariant: same input, same answer; no clock, no network, no file, no randomness.
"""

"""The types that all other packages share: reasons, records, commands and events, exceptions, protocols.

Imports nothing else of gossamer. Invariant: every value is frozen and independent of who makes or uses it.
"""

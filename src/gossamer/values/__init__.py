"""The values everything else speaks in: reasons, records, commands and events, settings' errors, the protocols.

Imports nothing of gossamer. Invariant: every value is frozen and knows nothing of where it came from or where it goes.
"""

"""An engine does: it runs what the crawl decides, inline, in threads, in an event loop or in processes, on one driver.

Imports every folder below. Invariant: the driver alone reads the clock, and no engine decides anything.
"""

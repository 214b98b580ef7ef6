"""Engines carry out what the crawl decides: inline, in threads, in an event loop or in processes.

`driver.py` has the protocols of an engine and the loop they share, `table.py` the list of engines. Imports every folder
below. Invariant: the driver alone reads the crawl's clock, and no engine decides what is fetched or when.
"""

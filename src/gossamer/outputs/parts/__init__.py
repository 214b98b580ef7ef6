"""Parts: what a crawl writes beside its journal, in files that are finished, uploaded, and never changed.

    Batch ─> PartsJournal ─> what it led to: committed at once
                          └> what ended: kept back, and written to a part that grows in a spool on this machine
    part  ─> 64 MiB, 30 s old, or asked for: uploaded ─> its outcomes are committed, together with its files' names

So a file that the journal names is whole, and the page of an outcome is in exactly one of them. Whoever is lost loses
the pages of its unfinished parts: they have not ended, and are fetched again. A file that the journal does not name is
an orphan of such a loss (`sweep.py`). The core, the driver and the journals know nothing of this.
"""

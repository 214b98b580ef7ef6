"""Crawls beyond one machine: workers take the shards of a crawl by leases, and each shard is a crawl of its own.

A worker (`worker.py`) beats, takes shards and gives them back, and fetches the mail of all of them. `shard_crawl.py`
is one shard while a worker has it: journal, crawl, driver, engine. Where workers run is for `placement.py`; the crawl
is right without it.
"""

"""One shard of two, each with its journal in a database of its own: a process that tests kill again and again.

    python -m tests.support.two_databases OWN OTHER SHARD EPOCH COMMITS

Every commit number n, up to COMMITS, sends some links to the other shard, made up from n alone. What the other shard
sent is admitted, and committed with the position up to where it was read. It ends when all of both is done.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping

from gossamer.engines.cluster.postgres_leases import PostgresMail
from gossamer.journals.address import PostgresAddress
from gossamer.journals.connection import open_connection
from gossamer.journals.postgres import PostgresJournal
from gossamer.rules.urls import fingerprint
from gossamer.values.cluster import Mail, Parcel
from gossamer.values.errors import JournalError
from gossamer.values.model import Link, Outlink, Outlinks
from gossamer.values.protocol import Batch

KEY = 7
EVERY = 0.005
"""Seconds between two commits: a kill may come anywhere."""


def url_of(source: int, number: int) -> str:
    return f"https://host{source}.example/{number}"


def parcel_of(source: int, seq: int) -> Parcel:
    """Return what a commit sends: one to three links."""
    urls = [url_of(source, 3 * seq + more) for more in range(1 + seq % 3)]
    return Parcel(1, outlinks=Outlinks.of([Outlink(fingerprint(url, KEY), url) for url in urls]))


def sent_by(source: int, commits: int) -> set[int]:
    """Return the fingerprints of all links that a shard sends."""
    return {print_ for seq in range(1, commits + 1) for print_ in parcel_of(source, seq).outlinks.fingerprints}


def take_over(address: PostgresAddress, shard: int, epoch: int) -> None:
    with open_connection(address) as connection:
        connection.execute("UPDATE shard SET epoch = %s WHERE shard = %s", (epoch, shard))


def batch_of(mail: tuple[Mail, ...], known: int, outbox: Mapping[int, tuple[Parcel, ...]]) -> Batch:
    """Return a commit that admits the links of mail, and records that it was read."""
    links, prints = list[Link](), list[int]()
    for one in mail:
        for parcel in one.parcels:
            for outlink in parcel.outlinks:
                links.append(Link(known + len(links), outlink.url, parcel.depth, 0, parcel.via))
                prints.append(outlink.fingerprint)
    positions = {one.source: one.seq for one in mail}
    return Batch((), tuple(links), tuple(prints), outbox=outbox, positions=positions, received=len(mail))


def run(own: PostgresAddress, other: PostgresAddress, shard: int, epoch: int, commits: int) -> None:
    take_over(own, shard, epoch)
    journal = PostgresJournal(own, shard=shard, epoch=epoch)
    saved, mailbox = journal.open(), PostgresMail(other)
    known, positions = saved.known, dict(saved.positions)
    expected = len(sent_by(1 - shard, commits))
    while known < expected or journal.seq < commits:
        mail = mailbox.arrived({shard: positions}).get(shard, ())
        outbox = {1 - shard: (parcel_of(shard, journal.seq + 1),)} if journal.seq < commits else {}
        if mail or outbox:
            batch = batch_of(mail, known, outbox)
            journal.commit(batch, {})
            known += len(batch.links)
            positions |= batch.positions
        time.sleep(EVERY)
    journal.close()
    mailbox.close()


if __name__ == "__main__":
    try:
        run(*map(PostgresAddress.of, sys.argv[1:3]), *map(int, sys.argv[3:6]))  # type: ignore[arg-type]
    except JournalError as error:  # another process has the shard, or the database is away
        sys.exit(str(error))

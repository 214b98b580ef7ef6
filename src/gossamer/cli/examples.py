"""The text below the help of each command: examples and exit codes, in lines of at most 80 columns."""

from __future__ import annotations

CRAWL = """\
examples:
  gossamer crawl https://example.org/           a whole site, politely
  gossamer crawl https://example.org/docs/ --scope prefix
                                                one part of it
  gossamer crawl https://example.org/ --max-pages 100 -o try
                                                a first look, results in ./try
  gossamer crawl localhost:8000 --allow-private localhost --delay 0
                                                your own site, at full speed
  gossamer crawl -i urls.txt                    many sites, from a list
  gossamer crawl https://example.org/ -o - | jq .title
                                                results as JSON lines on stdout
  gossamer crawl --update example.org.crawl     what has changed since?

exit codes: 0 every link visited, 1 the same with broken links, failed pages or
            nothing to follow (with --strict also pages refused or behind a
            login), 2 usage, 3 nothing useful fetched, 4 ended early (a limit,
            a long pause, a full disk) or stdout could not be written, 70 a bug,
            130 interrupted, 141 whoever read stdout left
"""
CHECK = """\
examples:
  gossamer check https://example.org/           what is broken, and who links
                                                to it?
  gossamer check example.org.check              judge it again, asking only for
                                                what is not known
  gossamer check https://example.org/ --format json:now.json --baseline old.json
                                                only what is new fails
  gossamer check https://example.org/ --no-external --no-resources
                                                its own pages alone

A crawl that `gossamer crawl` made can be checked too. What counts as fine, what
is left out and how much a finding matters stands in [check] of gossamer.toml.
exit codes: 0 nothing is broken, 1 something is (with --strict a warning too),
            2 usage, 3 nothing fetched, 4 ended before everything was checked,
            70 a bug, 130 interrupted
"""
RESUME = """\
examples:
  gossamer resume example.org.crawl             go on wherever it ended: nothing
                                                is recorded twice
  gossamer resume example.org.crawl --max-pages 50000
                                                with a higher limit
  gossamer resume example.org.crawl -e threads --delay 2
                                                another engine, other manners

Everything else stays as it was when the crawl began. Exit codes are those of
`gossamer crawl`.
"""
STATUS = """\
examples:
  gossamer status example.org.crawl             while it runs, or after it died
  gossamer status example.org.crawl --json | jq .pending

exit codes: 0 told, 2 usage (no crawl there, or no journal), 4 the journal could
            not be read, or stdout not be written
"""
STOP = """\
examples:
  gossamer stop example.org.crawl               as Ctrl-C does where it runs
  gossamer stop example.org.crawl --no-wait     ask, and leave

On several machines all workers save what is under way, and end. A crawl on one
machine is stopped by SIGTERM to its process, which must be on this machine.
exit codes: 0 it has ended (with --no-wait: it was asked to), 2 usage (no crawl
            there, or none that runs), 4 it did not end within two minutes, or
            its journal could not be read
"""
WORKER = """\
examples:
  gossamer worker postgresql://user@host/database
                                                help with the only crawl there
  gossamer worker postgresql://user@host/database --crawl crawl_example_org_1a2b
                                                or with one of several

Any number of workers may come and go, on any machine that reaches the database.
SIGTERM or Ctrl-C hands over what this one has, in order. The password comes
from PGPASSWORD or ~/.pgpass.
exit codes: 0 the crawl is over or was stopped, or this worker was told to
            leave, 2 usage (no such crawl, one that is over, or one begun by
            another gossamer), 4 the database could not be reached, 70 a bug
"""
EXPLAIN = """\
examples:
  gossamer explain https://example.org/a example.org.crawl
                                                why is it there, or missing, and
                                                who links to it?
  gossamer explain https://example.org/a --start https://example.org/docs/ \\
      --scope prefix                            what would a crawl do with it?
  gossamer explain https://example.org/a --ask-robots
                                                and may it be fetched?

exit codes: 0 it has a page, or may yet have one, 1 it has none, 2 usage, 4 the
            journal could not be read, or stdout not be written
"""
DIFF = """\
examples:
  gossamer diff last-week.crawl today.crawl     what is gone, new, other?
  gossamer diff example.org.crawl               what has its last update found?
  gossamer diff www.crawl staging.crawl \\
      --map https://staging.example.org=https://www.example.org
                                                is the copy complete?
  gossamer diff new.crawl --expect old-urls.txt
                                                do the old addresses still work?

exit codes: 0 nothing that matters, 1 a page is gone or fails now, a link that
            fails or an error is new, or an old address does not work, 2 usage,
            4 nothing of that, but one of the crawls is not complete
"""
FETCH = """\
examples:
  gossamer fetch https://example.org/ https://example.net/
  gossamer fetch -i urls.txt > pages.jsonl      a JSON line a URL, in the order
                                                asked
  cut -f2 table.tsv | gossamer fetch -i - --save bodies
                                                the bodies too, as files

A download asks no robots.txt and rests for nobody; use `gossamer crawl` to
follow links.
exit codes: 0 all downloaded, 1 some failed, 2 usage, 3 none downloaded,
            4 stdout or a file could not be written, 70 a bug, 130 interrupted,
            141 whoever read stdout left
"""
ROBOTS = """\
examples:
  gossamer robots https://example.org/private/page
                                                may gossamer fetch it, and which
                                                line says so?
  gossamer robots example.org --agent otherbot --show
                                                as another crawler reads it
  gossamer robots -q example.org && echo welcome

Nothing is tried twice here; a crawl comes back after failures that may pass.
exit codes: 0 allowed, 1 disallowed, 2 usage, 3 unknown: robots.txt is out of
            reach or no text of rules, 4 stdout could not be written, 70 a bug,
            130 interrupted
"""
DEMO = """\
examples:
  gossamer demo                    crawl a small website on this machine
  gossamer demo -e threads         the same on a pool of threads
  gossamer demo --serve            keep it running, to try any command on it
"""
EXPORT = """\
examples:
  gossamer export example.org.crawl -f jsonl | jq .title
                                                the records once more
  gossamer export example.org.crawl -f parquet -o tables
                                                pages and links as tables
  gossamer export example.org.crawl -f graphml  who links to whom

All but jsonl are made from the bodies, so the crawl must have kept them:
gossamer crawl -f warc
exit codes: 0 exported, 2 usage, 4 files could not be read or written, 70 a bug,
            130 interrupted
"""
REPORT = """\
examples:
  gossamer report example.org.crawl             report.html, in that directory
  gossamer report example.org.crawl -o site.html
                                                somewhere else
  gossamer report example.org.crawl -f csv -o tables
                                                every table as CSV

The page asks nobody for anything: send it by mail, print it, put it anywhere.
Tables too long for it are written whole beside it.
exit codes: 0 written, 2 usage, 4 files could not be read or written, 70 a bug,
            130 interrupted
"""
BENCH = """\
examples:
  gossamer bench --quick                        a first answer in 90 seconds
  gossamer bench --from example.org.crawl       your own crawl, replayed
  gossamer bench --json a.json && gossamer bench --json b.json
  gossamer bench compare a.json b.json

Nobody is asked but a server on this machine. Figures are on stdout, plots in an
HTML page.
exit codes: 0 measured, 1 compared and they disagree, 2 usage, 4 it could not go
            on, 70 a bug, 130 interrupted
"""
INIT = """\
examples:
  gossamer init                                 asks for your contact, writes
                                                ./gossamer.toml
  gossamer init --contact you@example.org       asks nothing
  gossamer init --contact https://lab.example/crawler.html \\
      --page crawler.html --mail you@lab.example

exit codes: 0 written, 2 refused, and then nothing is written
"""
CONFIG = """\
examples:
  gossamer config --origin                      what would a crawl do here, and
                                                who says so?
  gossamer config --delay 1 --origin | grep delay
  gossamer config > gossamer.toml               write it all down
  gossamer config example.org.crawl --origin    the settings of a crawl

What is printed is TOML that can be read back; what nobody has set and follows
from the engine or the version is a comment in it.
exit codes: 0 shown, 2 usage (there is a mistake in the settings)
"""
COMPLETION = """\
examples:
  source <(gossamer completion bash)            in ~/.bashrc
  source <(gossamer completion zsh)             in ~/.zshrc, after compinit
  gossamer completion fish > ~/.config/fish/completions/gossamer.fish

exit codes: 0 printed, 2 usage
"""
DOCTOR = """\
examples:
  gossamer doctor                               has this machine what a crawl
                                                needs?
  gossamer doctor --host wiki.internal          and can it resolve that name?

exit codes: 0 all is well, 1 something is amiss
"""
GOSSAMER = """\
start here:
  gossamer demo                    see what it does, on a website of its own
  gossamer https://example.org/    crawl a site: the same as `gossamer crawl`
  gossamer crawl --help            every choice, with its default
"""

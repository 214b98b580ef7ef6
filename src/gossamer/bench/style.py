"""The style sheet of the report, for light mode, dark mode and print."""

from __future__ import annotations

from typing import Final

STYLE: Final = """\
:root { --ink: #1c2330; --soft: #5b6472; --paper: #fbfbf9; --card: #fff; --rule: #e1e5eb; --accent: #0067a8;
  --mark: #eaf3fa; --warn: #8a5300; --warn-paper: #fff6e3; --asyncio: #0067a8; --threads: #c4540a; --inline: #6b7280;
  --processes: #00805c }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaf0; --soft: #9aa4b3; --paper: #14181f; --card: #1b2029;
  --rule: #313946; --accent: #6cb8f0; --mark: #1d2f40; --warn: #f3c778; --warn-paper: #33280f; --asyncio: #5db0ee;
  --threads: #f0934e; --inline: #a3acb9; --processes: #3cc79a } }
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100% }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI",
  Roboto, sans-serif }
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem }
h1 { font-size: 2rem; line-height: 1.2; letter-spacing: -.015em; margin: 0 0 .5rem }
h2 { font-size: 1.3rem; letter-spacing: -.01em; margin: 0 0 .25rem }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem }
p { margin: .4rem 0 .8rem; max-width: 46rem }
a { color: var(--accent) }
.soft { color: var(--soft); font-size: .92rem }
.warning { background: var(--warn-paper); color: var(--warn); padding: .7rem 1rem; border-radius: .5rem;
  max-width: none }
section { background: var(--card); border: 1px solid var(--rule); border-radius: .75rem; padding: 1.4rem 1.5rem;
  margin: 1.5rem 0 }
dl { margin: .75rem 0 0 }
dl > div { display: grid; grid-template-columns: 6.5rem 1fr; gap: 0 1rem; padding: .7rem 0;
  border-top: 1px solid var(--rule) }
dt { font-weight: 650 } dt a { text-decoration: none }
dd { margin: 0; display: grid; grid-template-columns: 1fr 15rem; gap: 1rem; align-items: start }
dd:not(:has(pre)) { grid-template-columns: 1fr }
dd p { margin: 0 }
pre { margin: 0; padding: .55rem .75rem; background: var(--mark); border-radius: .4rem; font: 12.5px/1.5 ui-monospace,
  SFMono-Regular, Menlo, Consolas, monospace; overflow-x: auto; white-space: pre }
figure { margin: 1rem 0 1.25rem }
svg { display: block; width: 100%; height: auto; font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
.label, .head { fill: var(--ink) } .tick { fill: var(--soft); font-size: 11px } .head { font-weight: 600 }
.rule { stroke: var(--rule) }
.span { stroke-width: 7; stroke-linecap: round; opacity: .28 } .median { stroke-width: 3 }
.dot { stroke-width: 1.5; fill-opacity: .75 }
.asyncio { stroke: var(--asyncio); fill: var(--asyncio) } .threads { stroke: var(--threads); fill: var(--threads) }
.inline { stroke: var(--inline); fill: var(--inline) }
.processes { stroke: var(--processes); fill: var(--processes) }
.hollow { fill: none } svg .grey { opacity: .45 }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; margin: 0 0 1rem }
caption { text-align: left; font-weight: 600; padding: .4rem 0 }
th, td { padding: .34rem .6rem; border-bottom: 1px solid var(--rule); text-align: right; white-space: nowrap }
thead th { color: var(--soft); font-weight: 500; font-size: .84rem }
th:first-child { text-align: left; font-weight: 400; padding-left: .5rem }
tr.advised { background: var(--mark) } tr.advised th { font-weight: 650 }
tr.grey { color: var(--soft); opacity: .75 }
details { font-size: .9rem } summary { cursor: pointer; font-weight: 600 }
li { margin: .25rem 0 }
@media (max-width: 44rem) { dd { grid-template-columns: 1fr } dl > div { grid-template-columns: 1fr } }
@media print {
  :root { --ink: #000; --soft: #444; --paper: #fff; --card: #fff; --rule: #ccc; --accent: #000; --mark: #f2f2f2;
    --warn: #000; --warn-paper: #fff; --asyncio: #0067a8; --threads: #c4540a; --inline: #6b7280; --processes: #00805c }
  body { font-size: 10.5pt } main { max-width: none; padding: 0 }
  section { border: 0; border-top: 1px solid #999; border-radius: 0; padding: .8rem 0; margin: .8rem 0 }
  figure, table, dl > div, pre { break-inside: avoid } h2, caption { break-after: avoid }
  tr.advised, pre { print-color-adjust: exact; -webkit-print-color-adjust: exact }
}
"""

"""Pages of the museum in other languages and encodings.

German is in UTF-8. Japanese is in Shift_JIS, which only the header declares. Russian is in windows-1251, which only a
meta element declares; the query of its link to the search must be encoded in windows-1251 too (URL Standard,
section 4.3).
"""

# ruff: noqa: RUF001  Cyrillic letters look like Latin ones; here they are Cyrillic on purpose.

from __future__ import annotations

from collections.abc import Iterator

from gossamer.demo.markup import Anchor, Document, paragraph, prose
from gossamer.demo.museum import alternates


def languages() -> Iterator[Document]:
    """Yield the pages that are not in English."""
    yield from _german()
    yield from _japanese()
    yield from _russian()


def _german() -> Iterator[Document]:
    yield Document(
        path="/de/", title="Faden für Faden | Das Seidenmuseum", language="de", head=alternates(),
        lead="Fünf Säle voller Netze, Kokons und Webstühle am alten Kanal.",
        body=(*prose(["Das Museum zeigt, wie aus einem einzigen Faden ein Kleid, ein Segel oder ein Netz wird.",
                      "Jeden Sonntag dürfen Besucherinnen und Besucher selbst am Webstuhl sitzen."]),
              *paragraph("Für Gruppen gibt es eine ",
                         Anchor("führung", "Führung", target="/de/f%C3%BChrung"), " in deutscher Sprache.")),
    )  # fmt: skip
    yield Document(
        path="/de/f%C3%BChrung", title="Führung | Das Seidenmuseum", language="de",
        trail=(Anchor("/de/", "Startseite"),),
        body=prose(["Unsere Führung dauert eine Stunde und beginnt im Färberhaus.",
                    "Größere Gruppen melden sich bitte an.",
                    "Am Ende hören wir gemeinsam zu, wie die Seidenraupen fressen; es klingt wie Regen."]),
    )  # fmt: skip


def _japanese() -> Iterator[Document]:
    yield Document(
        path="/ja/", title="絹の博物館", language="ja", charset="shift_jis", labelled="header", head=alternates(),
        lead="古い運河のそばにある、糸と繭と織機の博物館です。",
        body=prose(["蚕は二日かけて一本の糸を吐き、繭を作ります。その糸の長さは一キロメートルを超えます。",
                    "毎週日曜日には、来館者が自分で糸を紡ぐことができます。雨の日も開館しています。"]),
    )  # fmt: skip


def _russian() -> Iterator[Document]:
    yield Document(
        path="/ru/", title="Музей шёлка", language="ru", charset="windows-1251", labelled="meta", head=alternates(),
        lead="Пять залов паутины, коконов и ткацких станков у старого канала.",
        body=(*prose(["Один кокон даёт почти километр нити. Мастера разматывают его в горячей воде, не спеша и молча.",
                      "По воскресеньям посетители могут сами сесть за ткацкий станок."]),
              *paragraph("Найти в собрании: ",
                         Anchor("/search?q=шёлк", "шёлк", target="/search?q=%F8%B8%EB%EA"), ".")),
    )  # fmt: skip
    yield Document(
        path="/search?q=%F8%B8%EB%EA", title="Поиск: шёлк", language="ru", charset="windows-1251", labelled="header",
        robots="noindex", listed=False,
        body=prose(["Найдено двести предметов. Самый старый из них ещё никто не развернул."]),
    )  # fmt: skip

"""Pages that say that they do not exist are told in many languages, and pages about such pages are not."""

from __future__ import annotations

from time import process_time

import pytest

from gossamer.parse.similarity.not_found import says_not_found

SAYINGS = (
    "404", "Error 404", "404 Not Found", "Page not found", "HTTP 404 \u2013 File not found",
    "The page could not be found",
    "Oops! This page doesn\u2019t exist", "We can't find that page", "This item is no longer available",
    "Profile not found",
    "Die angeforderte Seite konnte nicht gefunden werden", "Seite nicht gefunden", "Page introuvable",
    "La page n'existe pas", "Página no encontrada", "Página não encontrada", "Pagina non trovata",
    "Pagina niet gevonden",
    "Sidan hittades inte", "Siden blev ikke fundet", "Sivua ei löytynyt", "Nie znaleziono strony", "Stránka nenalezena",
    "Az oldal nem található", "Sayfa bulunamad\u0131", "\u0397 σελίδα δεν βρέθηκε", "Страница не найдена",
    "Сторінку не знайдено",
    "页面不存在", "找不到網頁", "お探しのページは見つかりませんでした",
    "페이지를 찾을 수 없습니다", "Không tìm thấy trang",
    "الصفحة غير موجودة", "הדף לא נמצא", "Halaman tidak ditemukan", "पृष्ठ नहीं मिला",
)  # fmt: skip
INNOCENT = (
    "404 Not Found (HTTP status)", "What to do about 404 Not Found", "ModuleNotFoundError", "Lost and found", "Found",
    "Gone with the Wind", "410 Main Street", "Chapter 404", "No results", "Die Seite", "La page", "Page 1", "", "Sorry",
    "Error handling", "Seite nicht nur gefunden", "Resource management",
)  # fmt: skip


@pytest.mark.parametrize("said", SAYINGS)
def test_a_title_or_heading_that_says_not_found_is_told(said: str) -> None:
    assert says_not_found(said, "<p>Try the search.")
    assert says_not_found(f"{said} | Shop", "<p>Try the search.")
    assert says_not_found(f"Shop - {said}", "<p>Try the search.")
    assert says_not_found("Shop", f"<h1>Shop</h1><h2 class=x><b>{said}</b></h2><p>Try the search.")


@pytest.mark.parametrize("title", INNOCENT)
def test_other_words_are_innocent(title: str) -> None:
    assert not says_not_found(title, f"<h1>{title}</h1><p>Text.")


def test_a_manual_may_be_called_by_the_status_it_explains() -> None:
    title = "404 Not Found - HTTP | Manual"
    long = "The target has no current representation. " * 40
    assert not says_not_found(title, f"<h1>404 Not Found</h1><p>{long}")
    assert not says_not_found(title, "<h1>404 Not Found</h1><p>This status code means that there is no such page.")
    assert not says_not_found(title, "<h1>404 Not Found</h1><p>See RFC 9110.")
    assert says_not_found(title, "<h1>404 Not Found</h1><p>Nothing here." + "<a href=/x>a menu entry</a>" * 300)
    assert not says_not_found("页面不存在", "<p>" + "说明这个状态码的意思" * 60), "CJK writes no spaces"


@pytest.mark.parametrize("piece", ["the ", "page ", "404 ", "error ", "<h1>", "<h1", "!", "not ", "die seite "])
def test_hostile_titles_and_pages_take_little_time(piece: str) -> None:
    began = process_time()
    says_not_found(piece * 1000, f"<h1>{piece * 40}</h1>" * 3 + piece * 100_000)
    assert process_time() - began < 2

"""Whether a login came in place of a page: by the URL that a redirect names, and by the form that a page shows."""

from __future__ import annotations

from gossamer.parse import html
from gossamer.parse.login_form import FEW_LINKS, is_login_form
from gossamer.rules.login_urls import TEMPORARY, is_login, leads_to_login
from gossamer.rules.urls import UrlResolver
from gossamer.values.model import Link
from gossamer.values.reasons import StartProblem
from gossamer.values.snapshot import StartPage


def is_redirect_to_login(link: Link, status: int, target: str) -> bool:
    """Whether a redirect with this status leads from a page to a login."""
    return status in TEMPORARY and leads_to_login(link.url, target)


def is_login_page(link: Link, found: html.Scan, text: str, *, needs_js: bool) -> bool:
    """Whether a login came in place of another page. Only start pages and targets of redirects are looked at."""
    if link.depth and not link.hops:
        return False
    named = is_login(link.url)
    if named and needs_js and link.hops and leads_to_login(link.via, link.url):
        return True
    return is_login_form(found.title, text, len(found.hrefs), named=named)


def page_behind(link: Link) -> str:
    """Return the URL that redirected to a login form; "" for none, and where the redirect itself has been counted."""
    return link.via if link.hops and not leads_to_login(link.via, link.url) else ""


def start_page(link: Link) -> StartPage:
    """Describe a start page in place of which a login form came, or that is one."""
    return StartPage(link.url, StartProblem.LOGIN, link.via if link.hops else "")


def refreshing(link: Link, found: html.Scan, base: str) -> StartPage | None:
    """Describe a start page that does little but refresh to a login; None for any other."""
    target = UrlResolver(base).canonical(found.refresh) if found.refresh else None
    if target is None or len(found.hrefs) > FEW_LINKS or not leads_to_login(link.url, target):
        return None
    return StartPage(target, StartProblem.LOGIN, link.url)

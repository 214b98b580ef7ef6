"""Arguments of a call: converted, or refused in a sentence. Everything here raises UserError."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from gossamer.api.directory_layout import refuse_url
from gossamer.engines.table import ENGINES, unused_settings
from gossamer.rules import own_headers, urls
from gossamer.rules.loose_values import refuse_unknown
from gossamer.rules.policy import SETTINGS, Policy
from gossamer.rules.setting import DOWNLOADS
from gossamer.values.errors import UserError


class UnusedSettingError(UserError):
    """The engine has no use for a setting; `spelling` is how its caller writes it, such as a flag."""

    def __init__(self, setting: str, engine: str, spelling: str = "") -> None:
        able = " or ".join(name for name in ENGINES if setting not in unused_settings(name))
        super().__init__(
            f"The engine {engine} has no use for {spelling or setting}: leave it out, or choose the engine {able}."
        )
        self.setting = setting
        self.engine = engine


def refuse_unused(policy: Policy, engine: str) -> None:
    """Raise UnusedSettingError for a setting that the engine has no use for."""
    for name in sorted(unused_settings(engine)):
        if getattr(policy, name) is not None:
            raise UnusedSettingError(name, engine)


def refuse_unused_text(policy: Policy, formats: Sequence[str]) -> None:
    """Raise UserError for a choice of text that no output of a crawl needs."""
    if policy.text != Policy().text and not {"markdown", "warc"} & set(formats):
        raise UserError(
            f"text = {policy.text!r} (--text) says what the Markdown of pages is made of, and this crawl writes none: "
            "add the format markdown (-f markdown), or warc (-f warc) to export it later, or leave it out."
        )


def seeds(several: Iterable[object]) -> list[str]:
    """Return the texts of URLs to start from, each given alone or among several."""
    found = []
    for one in several:
        for text in one if isinstance(one, Iterable) and not isinstance(one, str | bytes) else (one,):
            if not isinstance(text, str):
                raise UserError(f"{text!r} is no URL to start from; give texts such as 'https://example.org/'.")
            found.append(text)
    return found


NAMED: Final = 100
"""Maximum number of unusable seeds that one message names."""


def canonical_seeds(texts: Iterable[str], places: Mapping[int, str] = {}) -> tuple[str, ...]:
    """Return the canonical URL of each seed, once. Raise one UserError that names all that are no URL.

    `places` tells where some of them, counted from 1, come from.
    """
    found, troubles = dict[str, None](), list[str]()
    for number, text in enumerate(texts, 1):
        try:
            found[urls.seed(text)] = None
        except UserError as trouble:
            troubles.append(f"{places[number]}: {trouble}" if number in places else str(trouble))
    if len(troubles) > 1:
        head = f"{len(troubles):,} of the URLs to start from cannot be used:"
        rest = [f"and {len(troubles) - NAMED:,} more"] if len(troubles) > NAMED else []
        raise UserError("\n  ".join([head, *troubles[:NAMED], *rest]))
    if troubles:
        raise UserError(troubles[0])
    return tuple(found)


def settings(policy: Policy | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a policy, if there is one, and single settings, which win."""
    if not isinstance(policy, Policy | None):
        raise UserError(
            f"policy must be a gossamer.Policy, not {policy!r}; settings can also be given by name, as in max_pages=9."
        )
    return msgspec.structs.asdict(policy or Policy()) | dict(fields)


def identified(policy: Policy, fields: Mapping[str, Any]) -> Policy:
    """Return a policy whose user agent is not among its headers; one that came with the call wins over an older one."""
    if "headers" in fields and "user_agent" not in fields and own_headers.agent_in(policy.headers):
        policy = msgspec.structs.replace(policy, user_agent="")
    return own_headers.identified(policy)


def refuse_no_download(fields: Iterable[str]) -> None:
    """Refuse settings that mean nothing to downloads, and names that are none."""
    valid = [name for name, setting in SETTINGS.items() if DOWNLOADS in setting.traits]
    if idle := [name for name in fields if name in SETTINGS and name not in valid]:
        they = "they mean" if len(idle) > 1 else "it means"
        raise UserError(f"Leave out {' and '.join(idle)}: {they} nothing to downloads, which are no crawl.")
    for name in fields:
        refuse_unknown(name, SETTINGS, "There is no setting", valid=valid)


def directory(path: str | Path) -> Path:
    """Return a directory as a path."""
    if not isinstance(path, str | os.PathLike):
        raise UserError(f"A directory is a text or a Path, not {path!r}.")
    refuse_url(os.fspath(path))
    return Path(path)


def crawl_directory(path: str | Path) -> Path:
    """Return the directory of a crawl as a path."""
    if isinstance(path, str | os.PathLike):
        refuse_url(os.fspath(path), "name one for the journal, and give the URL as store, for the results")
    return directory(path)


def refuse_unfit_parts(*, fetcher: object = None, clock: object = None, trace: object = None) -> None:
    """Refuse a fetcher that cannot fetch, a clock without a time, and a trace that cannot be called."""
    if fetcher is not None and not hasattr(fetcher, "fetch"):
        raise UserError(f"fetcher must be a gossamer.testing.RecordedFetcher or have `fetch` itself, not {fetcher!r}.")
    if clock is not None and not hasattr(clock, "now"):
        raise UserError(f"clock must be one that tells what time it is now, not {clock!r}.")
    if trace is not None and not callable(trace):
        raise UserError(f"trace must be a function of a moment and a command or event, not {trace!r}.")

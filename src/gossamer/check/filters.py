"""Filters: what the settings of a check accept, ignore, and say of severities."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.check.findings import FindingKind, Severity, Verdict
from gossamer.check.settings import CheckSettings, is_status
from gossamer.rules.url_patterns import Pattern, compiled


class Filters:
    """Decides which findings are made."""

    def __init__(self, settings: CheckSettings) -> None:
        self._accepted = _patterns(settings.accept)
        self._ignored = _patterns(settings.ignore)
        self._statuses = frozenset(int(text) for text in settings.accept if is_status(text))
        self._severities = {kind: settings.severity_of(kind) for kind in FindingKind}

    def severity_of(self, kind: FindingKind) -> Severity:
        """Return how much a kind of finding matters."""
        return self._severities[kind]

    def ignores(self, url: str) -> bool:
        """Whether no finding is made of a URL, or of what only this page points to."""
        return bool(self._ignored) and any(matches(url) for matches in self._ignored)

    def passes_over(self, url: str) -> bool:
        """Whether nothing need be known of a URL: it is ignored, or fine whatever it is."""
        return self.ignores(url) or self._accepts(url)

    def leaves_out(self, url: str, status: int | None, verdict: Verdict) -> bool:
        """Whether no finding is made of a URL with a status and a verdict; `url` may have a fragment."""
        plain = url.partition("#")[0]
        if self.ignores(url) or self.ignores(plain):
            return True
        if verdict is Verdict.OK:
            return False
        return status in self._statuses or self._accepts(url) or self._accepts(plain)

    def _accepts(self, url: str) -> bool:
        return bool(self._accepted) and any(matches(url) for matches in self._accepted)


def _patterns(entries: Sequence[str]) -> tuple[Pattern, ...]:
    return tuple([compiled(entry) for entry in entries if not is_status(entry)])

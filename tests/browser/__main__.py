"""Compare gossamer with the Chromium installed here, and print every difference.

PYTHONPATH=src:. python -m tests.browser           compare
PYTHONPATH=src:. python -m tests.browser --keep    and keep Chromium's readings, for tests without a browser
"""
# ruff: noqa: T201  # a script prints its result

from __future__ import annotations

import sys

from tests.browser.explained import EXPLAINED
from tests.browser.kept import keep
from tests.browser.readings import ask, manual_pages, own_pages
from tests.support.chromium import Chromium


def main(words: list[str]) -> int:
    """Compare all pages; 1 where a difference has no explanation, or an explanation no difference."""
    own, manuals = own_pages(), manual_pages()
    with Chromium() as browser:
        answers = ask(browser, own | manuals)
        if "--keep" in words:
            keep(browser.version, {path: answer for path, answer in answers.items() if path in own})
    different = {path: answer.differences for path, answer in answers.items() if answer.differences}
    for path, found in different.items():
        print(path, found, EXPLAINED.get(path, "NOT EXPLAINED"), sep="\n    ")
    wrong = set(different) ^ set(EXPLAINED)
    print(f"{len(own)} pages of our own and {len(manuals)} of manuals: {len(different)} read differently; "
          f"{len(wrong)} of these without an explanation, or explained and the same: {sorted(wrong)}")  # fmt: skip
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

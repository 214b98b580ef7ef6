"""Break the core in small ways, one at a time, and list the breaks that no test notices: `make mutants`.

Each mutant is a plausible mistake. It is made in a copy of the source tree; the tests named run against that copy.
Ends with 1 where a mutant survives, or where its text is no longer in the source (then this file wants care).
"""

# ruff: noqa: T201, E501  # a script prints its results, and a table of mistakes reads best one a line

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "gossamer"
SECONDS_A_MUTANT = 90
CONFORMANCE = ("tests/conformance/test_what_was_meant.py", "tests/conformance/test_engines.py")
CORE = ("tests/core", "tests/visit", "tests/rules")
BOTH = CORE + CONFORMANCE


@dataclass(frozen=True)
class Mutant:
    """One mistake: in which module, what it replaces by what, what would go wrong, and the tests to ask."""

    module: str
    old: str
    new: str
    why: str
    tests: tuple[str, ...] = CORE


MUTANTS = (
    # ---------------------------------------------------------------- crawl.py
    Mutant(
        "core/in_flight.py",
        "self.free = slots",
        "self.free = slots + 1",
        "one fetch more in flight than there are slots",
    ),
    Mutant(
        "core/limits.py",
        "self._counts.came + self._in_flight.pages < most",
        "self._counts.came < most",
        "a page limit that forgets what is in flight is overrun",
        CONFORMANCE,
    ),
    Mutant("core/crawl.py", "self._recall = then if isinstance(then, Recall) else None", "pass", "links to be recalled would never come"),
    Mutant(
        "core/crawl.py",
        " or (then is _NOTHING and not self._in_flight.requests and self._commits_early())",
        "",
        "a last batch would wait for its age",
        BOTH,
    ),
    Mutant(
        "core/crawl.py",
        "(link.depth, link.hops + 1) if redirected",
        "(link.depth, 0) if redirected",
        "a chain of redirects would never be too long",
        CONFORMANCE,
    ),
    Mutant(
        "core/crawl.py",
        "else (link.depth + 1, 0)",
        "else (link.depth, 0)",
        "a depth limit would never be reached",
        CONFORMANCE,
    ),
    Mutant(
        "core/crawl.py",
        "if event.host_pause:",
        "if event.host_pause and event.outcome.kind is not OutcomeKind.RETRY:",
        "a busy host would be asked for other pages before its Retry-After is over",
        CONFORMANCE,
    ),
    Mutant(
        "core/in_flight.py",
        "host.rest(now + rested, pace",
        "host.rest(since + rested, pace",
        "a rest would begin when the fetch began, not when it ended",
    ),
    Mutant(
        "core/in_flight.py",
        "host.rest(now + pace.spacing, pace",
        "host.rest(now + 0 * pace.spacing, pace",
        "several at once on a host would start without the delay between them",
    ),
    Mutant("core/crawl.py", "if taken.attempt and taken.purpose is _PAGE:", "if False:", "a kill would hide the retry that it cuts off"),
    Mutant("visit/login_page.py", "link.via if link.hops and not leads_to_login(link.via, link.url) else", "link.via if link.hops else", "a page behind a login would count twice"),
    Mutant("visit/start_page.py", "return StartPage(request.url, StartProblem.SHELL) if needs_js else None", "return None", "the frame around an empty page would lead nowhere"),
    Mutant("core/crawl.py", "again = Request(request.link, request.purpose, request.attempt + 1)", "again = Request(request.link, request.purpose, request.attempt)", "it would try for ever"),
    Mutant(
        "core/limits.py",
        "now >= self._time.moment(policy.max_time)",
        "self._time.elapsed(now) >= policy.max_time",
        "a sum of floats just short of the limit: the driver would spin",
    ),
    Mutant(
        "core/crawl.py",
        "        self._adopted += (url,)",
        "        self._adopted = self._adopted",
        "a site whose home page moved would end after one page",
        CONFORMANCE,
    ),
    Mutant(
        "core/limits.py",
        "        if self.reached is None:\n            self.reached = reason",
        "        self.reached = reason",
        "the last reason to stop would hide the first",
    ),
    # ---------------------------------------------------------------- gate.py
    Mutant("core/host_access.py", "state.expires_at > now", "True", "rules would never be read again"),
    Mutant("core/host_access.py", "        state.pace = None\n", "", "a Crawl-delay would come too late to count"),
    Mutant("core/host_access.py", "host.access.awaited = True\n        wanted", "host.access.awaited = False\n        wanted", "robots.txt twice at once", BOTH),
    Mutant("core/host_access.py", "host.access.awaited = True\n        return Request(Link(next(self._numbers), _imp", "return Request(Link(next(self._numbers), _imp", "a page could come before what it is compared with", BOTH),
    Mutant("core/host_access.py", "request.link.hops >= ROBOTS_HOPS", "request.link.hops > ROBOTS_HOPS", "six redirects, not five"),
    Mutant(
        "core/host_access.py",
        "answer.status >= 500 or answer.status == 429",
        "answer.status == 429",
        "the commonest mistake of crawlers: a broken robots.txt would allow all",
    ),
    Mutant("core/host_access.py", "state.consecutive_failures += 1", "pass", "a dead host would be asked for every link"),
    Mutant("core/host_access.py", "failure.reason is not Reason.FAIL_LOCAL", "True", "what this machine lacks would be a sign of life"),
    Mutant("core/host_access.py", "if state.consecutive_failures >= REST_FROM:", "if False:", "a host in trouble would get no longer rests"),
    Mutant("core/host_access.py", "state.consecutive_failures = -GRACE_FAILURES * self._policy.host_failures", "pass", "a sign of life asked for after every failure"),
    Mutant("core/host_access.py", "host.access.consecutive_failures = min(host.access.consecutive_failures, 0)", "pass", "failures not in a row would add up"),
    Mutant("core/crawl.py", "        self._access.answered(host)\n", "", "an answer would not show that a host lives"),
    # ---------------------------------------------------------------- frontier.py
    Mutant("core/frontier.py", "moments.append((moment, host", "moments.append((host.due_at, host", "a long rest of one host would hold up the next"),
    Mutant("core/frontier.py", "return host.ip is None or not host.waits_for_ip()", "return True", "too many at once on an address"),
    Mutant("core/frontier.py", "for other in host.end():", "for other in host.end()[:0]:", "hosts would wait for ever"),
    Mutant("core/ip_limits.py", "        now_at.in_flight += host.in_flight\n", "", "a moved host would free a place it still holds"),
    Mutant("core/ip_limits.py", "        before.rest(until)\n", "", "the next stranger would come too soon"),
    Mutant("core/frontier.py", "host.ready_at = max(host.ready_at, host.closed_rest_until)", "pass", "a closed host would be asked at once"),
    Mutant(
        "core/frontier.py",
        "host.in_flight >= host.most",
        "host.in_flight > host.most",
        "one fetch too many on a host",
    ),
    Mutant("core/host_load.py", "if until > self.ready_at:", "if until != self.ready_at:", "a short rest would end a long one"),
    Mutant(
        "core/frontier.py",
        "if next_host.due_at <= now and self._may_start(next_host):",
        "if self._may_start(next_host):",
        "a host that was told to rest while it stood in line would not",
    ),
    Mutant(
        "core/candidates.py",
        "order = np.lexsort((distances, fingerprints))",
        "order = np.lexsort((-distances, fingerprints))",
        "the longest way to a link would count",
    ),
    Mutant("core/host_queue.py", "if head == len(ids):", "if head > len(ids):", "an empty queue would look full"),
    Mutant("core/host_queue.py", "                del ids[:head]\n                head = 0", "                del ids[:head]", "links skipped"),
    Mutant("core/frontier.py", "(refusal.fingerprint ^ salt) or 1", "refusal.fingerprint", "refused would mean seen"),
    Mutant("core/frontier.py", "if one.url and hashed in refused", "if one.url", "a refused link would be kept more than once"),
    Mutant(
        "core/frontier.py",
        "(self._breadth_first and host.queue.depth > self.level)",
        "(self._breadth_first and host.queue.depth > self.level + 1)",
        "a depth limit would depend on which answer came first",
    ),
    Mutant(
        "core/frontier.py",
        "ended[np.frombuffer(saved.ended, np.uint64)] = True",
        "ended[np.frombuffer(saved.ended, np.uint64)[1:]] = True",
        "a resumed crawl would visit a page twice",
    ),
    # ---------------------------------------------------------------- politeness.py
    Mutant("rules/politeness.py", "AUTO_FACTOR * elapsed, AUTO_LEAST", "elapsed, AUTO_LEAST", "half the rest"),
    Mutant("rules/politeness.py", "AUTO_MOST), self.crawl_delay)", "AUTO_MOST), 0.0)", "Crawl-delay would be ignored", BOTH),
    Mutant("rules/politeness.py", "not pattern.below, len", "pattern.below, len", "a whole domain's table would beat a host's own"),
    Mutant("rules/politeness.py", 'endswith(f".{self.name}")', "endswith(self.name)", "notexample.org would pass for *.example.org"),
    Mutant("rules/politeness.py", "if value is not None}", "}", "what a table does not say would be undone"),
    Mutant("core/frontier.py", "most if isinstance(most, int) else most(key)", "1", "a host's own limit would be forgotten"),
    Mutant("rules/politeness.py", "crawl_delay > policy.max_crawl_delay", "crawl_delay >= policy.max_crawl_delay", "30 s is fine"),
    # ---------------------------------------------------------------- seen.py, retries.py, visit.py, ledger.py
    Mutant("core/seen.py", "            fresh[one] = True", "            pass", "the last few of a batch would look known"),
    Mutant("core/seen.py", "self._moved += slots", "self._moved += slots + 1", "a fingerprint forgotten while a table moves"),
    Mutant("core/seen.py", "found |= _find(self._old, wanted)", "found &= _find(self._old, wanted)", "half the memory"),
    Mutant("rules/retries.py", "attempt < policy.retries:\n        return RetryDecision(OutcomeKind.RETRY, reason, max", "attempt <= policy.retries:\n        return RetryDecision(OutcomeKind.RETRY, reason, max", "one try too many"),
    Mutant("rules/retries.py", "headers.retry_after(response.headers, response.fetched_at) or backoff(attempt, fingerprint)", "backoff(attempt, fingerprint)", "no host would be left alone for as long as it asks"),
    Mutant("rules/headers.py", "REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))", "REDIRECTS: Final = frozenset((301, 302, 303, 307))", "308"),
    Mutant("visit/redirects.py", "if target == link.url:", "if target is link.url:", "a loop of one would go ten rounds", CONFORMANCE),
    Mutant("visit/links.py", "filterfalse(_OF_WHOLE_PATH.match, fresh)", "fresh", "?page=2 would mean the same on every page"),
    Mutant("visit/links.py", "depth >= limit + below", "depth >= limit", "pages at the maximum depth would lack what they load"),
    Mutant("visit/links.py", "room = max(most - links, 0)", "room = most", "what pages load would come on top of their links"),
    Mutant("visit/redirects.py", "SKIP_SCOPE and link.depth == 0:", "SKIP_SCOPE:", "any redirect would widen the scope", BOTH),
    Mutant("visit/redirects.py", "if reason is None and scope.moves_to(target) else", "if reason is None else", "a parked domain would be crawled whole", BOTH),
    Mutant("core/text_budgets.py", "text in self.texts and any(", "any(", "honest pages would be on a budget", ("tests/core/test_text_budgets.py",)),
    Mutant("core/stats.py", "if outcome.content:", "if True:", "every page too small to compare would be a duplicate"),
    Mutant("core/trap_budgets.py", 'compile("[0-9&]")', 'compile("[0-9]")', "a search without numbers would be endless", ("tests/core/test_trap_budgets.py",)),
    Mutant("core/host_access.py", "crawl_delay = state.crawl_delay = rules", "crawl_delay = state.crawl_delay = state.crawl_delay or rules", "an old delay would stay"),
    Mutant("core/time_accounting.py", "passed * self._busy, passed * lanes", "passed * self._busy, passed", "the time would not add up to wall x slots"),
)  # fmt: skip


def copied(mutant: Mutant | None, to: Path) -> Path:
    """Copy the source tree and make the mistake in it."""
    shutil.copytree(SOURCE, to / "gossamer", ignore=shutil.ignore_patterns("__pycache__"))
    if mutant is not None:
        module = to / "gossamer" / mutant.module
        text = module.read_text()
        assert text.count(mutant.old) == 1, "the source changed meanwhile"
        module.write_text(text.replace(mutant.old, mutant.new))
    return to


def verdict_on(mutant: Mutant | None) -> str:
    """Run the tests against the copy; tell the first that failed, "" if none did."""
    tests = BOTH if mutant is None else mutant.tests
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        place = copied(mutant, Path(name))
        command = [
            sys.executable, "-B", "-m", "pytest", "-x", "-q", "--no-header", "--tb=no", "-p", "no:cacheprovider",
            "-o", f"pythonpath={place} .", "--timeout=30", "-k", "not shorter_way", *tests,  # it is expected to fail
        ]  # fmt: skip
        # Examples that fail here are no examples of the real code: they are kept out of its data base.
        environment = os.environ | {"HYPOTHESIS_STORAGE_DIRECTORY": name, "GOSSAMER_MUTANT": "1"}
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                timeout=SECONDS_A_MUTANT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "the time limit"
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return (
        lines[0].split(" - ")[0].split(" ", 1)[1]
        if lines
        else f"pytest itself ({done.returncode}): {done.stdout[-300:]}"
    )


def stale() -> list[Mutant]:
    """List the mutants whose text is not there exactly once."""
    return [one for one in MUTANTS if (SOURCE / one.module).read_text().count(one.old) != 1]


def main(words: list[str]) -> int:
    """Try all mutants, or those with one of the words in module or reason."""
    began = time.monotonic()
    chosen = [one for one in MUTANTS if not words or any(word in f"{one.module} {one.why}" for word in words)]
    lost = [one for one in stale() if one in chosen]
    for one in lost:
        print(f"stale     {one.module}: {one.old!r} is not there exactly once")
    killed = survived = 0
    with ThreadPoolExecutor(2) as pool:
        tried: list[Mutant | None] = [None, *(one for one in chosen if one not in lost)]
        for mutant, killer in zip(tried, pool.map(verdict_on, tried), strict=True):
            if mutant is None:
                if killer:
                    print(f"The tests fail without any mutant: {killer}")
                    return 1
                continue
            killed += bool(killer)
            survived += not killer
            print(f"{'killed   ' if killer else 'SURVIVED '} {mutant.module}: {mutant.why}", flush=True)
            print(f"           by {killer}" if killer else f"           {mutant.old!r} -> {mutant.new!r}", flush=True)
    print(f"{killed} killed, {survived} survived, {len(lost)} stale in {time.monotonic() - began:.0f} s")
    return 1 if survived or lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

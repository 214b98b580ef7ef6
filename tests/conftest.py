"""What every test lives by: sockets reach loopback only, and a demanded server is never skipped."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.support.postgres import PostgresServer

# A busy machine is slow, not wrong.
settings.register_profile("gossamer", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gossamer")

# Started in the background by a shell, tests would ignore Ctrl-C, and so would the programs they send it to.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_strayed: list[str] = []  # addresses outside loopback that were asked for, since the running test began


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _is_number(host: str) -> bool:
    return not host or host[0].isdigit() or ":" in host


def _refuse(host: str) -> None:
    _strayed.append(host)
    raise PermissionError(f"tests talk to loopback only, not to {host}")


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    """Stand at the interpreter's own door (PEP 578): every Python socket of every thread passes here, IPv4 and IPv6.

    libcurl has its own door, and gets only addresses that gossamer resolved here and checked.
    """
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        if isinstance(address, tuple) and isinstance(address[0], str) and not _is_loopback(address[0]):
            _refuse(address[0])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0].decode("ascii", "replace") if isinstance(arguments[0], bytes) else str(arguments[0] or "")
        if host.endswith((".invalid", ".test")):  # names that never exist (RFC 6761): answer without asking anyone
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if not _is_number(host) and not _is_loopback(host):
            _refuse(host)


sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def loopback_only() -> Iterator[None]:
    """Fail a test that tried to leave this machine, even where the code under test swallowed the refusal."""
    _strayed.clear()
    yield
    assert not _strayed, f"the test tried to reach {', '.join(_strayed)}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a test that needs a real server into a failure where servers are demanded."""
    report = yield
    demanded = os.environ.get("GOSSAMER_REQUIRE_SERVERS", "") not in ("", "0")
    if demanded and report.skipped and not hasattr(report, "wasxfail") and item.get_closest_marker("server"):
        report.outcome = "failed"
        report.longrepr = f"GOSSAMER_REQUIRE_SERVERS is set, so this test may not be skipped: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Yield a running PostgreSQL server; skip where it is not installed."""
    from tests.support.postgres import running_postgres

    with running_postgres() as server:
        yield server

"""The second line of the address guard, inside libcurl: what it refuses even if a route should lie."""

from __future__ import annotations

from collections.abc import Iterator

import pycurl
import pytest

from gossamer.fetchers import FetchOptions
from gossamer.fetchers.address_guard import AddressGuard
from gossamer.fetchers.curl_results import answer_of
from gossamer.fetchers.routes import Route
from gossamer.fetchers.transfer import Transfer
from gossamer.values.model import Failure, Response
from gossamer.values.reasons import Reason
from tests.support.scripted_server import Server
from tests.support.server_scripts import PAGE, SCRIPTS


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(SCRIPTS) as running:
        yield running


def fetched(transfer: Transfer, server: Server, *, addresses: tuple[str, ...] = ()) -> Response | Failure:
    host = "trap.test"
    route = Route(
        origin=f"http://{host}:{server.port}",
        host=host,
        resolve=f"+{host}:{server.port}:127.0.0.1",
        addresses=frozenset(addresses),
    )
    transfer.prepare(f"{route.origin}/", route, 0.0)
    try:
        transfer.curl.perform()
    except pycurl.error as error:
        return answer_of(transfer, int(error.args[0]), str(error.args[-1]))
    return answer_of(transfer, 0, "")


def test_no_connection_is_opened_to_an_address_that_is_not_part_of_the_route(server: Server) -> None:
    transfer = Transfer(FetchOptions(), AddressGuard())
    failure = fetched(transfer, server)
    transfer.curl.close()
    assert isinstance(failure, Failure)
    assert failure.reason == Reason.FAIL_ADDRESS_REFUSED
    assert server.connections == 0


def test_an_open_connection_is_not_used_again_once_its_address_is_refused(server: Server) -> None:
    transfer = Transfer(FetchOptions(), AddressGuard())
    page = fetched(transfer, server, addresses=("127.0.0.1",))
    failure = fetched(transfer, server)
    transfer.curl.close()
    assert isinstance(page, Response)
    assert page.body == PAGE
    assert isinstance(failure, Failure)
    assert failure.reason == Reason.FAIL_ADDRESS_REFUSED
    assert len(server.requests) == 1


def test_an_address_the_guard_permits_is_used_even_if_the_name_no_longer_leads_there(server: Server) -> None:
    transfer = Transfer(FetchOptions(), AddressGuard(("127.0.0.0/8",)))
    assert isinstance(fetched(transfer, server), Response)
    transfer.curl.close()

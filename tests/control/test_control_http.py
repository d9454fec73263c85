"""The health page: 200 when every part is well, 503 when one is not, for loopback only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import msgspec
import pytest

from engine.control.http import HealthServer
from engine.control.server import ControlError
from engine.wire.views import HealthView, StatusView

WELL = StatusView(
    version="0.1.0",
    config_hash="abc",
    account="paper",
    venue="paper",
    is_armed=False,
    halt_reason="",
    mode="ask",
    strategies=(),
    prices=(),
    health=(HealthView("feed", True, "fresh"), HealthView("journal", True, "")),
    equity_quote="10000.00",
    quote_asset="USDT",
    open_orders=0,
    open_positions=0,
    open_proposals=0,
    refusals=0,
    ts_started_ns=1,
    ts_now_ns=2,
)
ILL = msgspec.structs.replace(WELL, health=(HealthView("feed", True, "fresh"), HealthView("journal", False, "full")))


@asynccontextmanager
async def serving(status: StatusView) -> AsyncIterator[HealthServer]:
    """Run a health page for the length of a block."""
    server = HealthServer(0, lambda: status)
    await server.start()
    try:
        yield server
    finally:
        await server.close()


@pytest.mark.parametrize(("status", "code"), [(WELL, 200), (ILL, 503)])
async def test_the_answer_says_how_it_is(status: StatusView, code: int) -> None:
    """The code is for machines, the body is the whole status."""
    async with serving(status) as server, aiohttp.ClientSession() as session, session.get(server.url) as answer:
        assert answer.status == code
        assert answer.content_type == "application/json"
        assert msgspec.json.decode(await answer.read(), type=StatusView) == status


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "a b", ""])
async def test_other_names_are_refused(host: str) -> None:
    """A page whose name points at loopback learns nothing."""
    async with (
        serving(WELL) as server,
        aiohttp.ClientSession() as session,
        session.get(server.url, headers={"Host": host}) as answer,
    ):
        assert answer.status in (400, 403)
        assert "equity" not in await answer.text()


async def test_localhost_is_one_of_our_names() -> None:
    """People type localhost."""
    async with (
        serving(WELL) as server,
        aiohttp.ClientSession() as session,
        session.get(server.url, headers={"Host": "localhost:8080"}) as answer,
    ):
        assert answer.status == 200


async def test_a_port_in_use_is_one_sentence() -> None:
    """The second page on a port says what to do."""
    async with serving(WELL) as server:
        port = int(server.url.split(":")[2].split("/")[0])
        with pytest.raises(ControlError, match="set ENGINE_HTTP_PORT to another"):
            await HealthServer(port, lambda: WELL).start()


async def test_two_that_have_the_choice_do_not_get_in_each_others_way() -> None:
    """Where no port was named, one that is taken is no reason not to start."""
    first, second = HealthServer(None, lambda: WELL), HealthServer(None, lambda: WELL)
    for server in (first, second):
        await server.start()
    assert first.url != second.url
    for server in (first, second):
        await server.close()

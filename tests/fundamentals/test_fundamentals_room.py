"""The room that reads the slow numbers: from files and over HTTP, and what it says when they are not there."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web

from engine.core.config import FairValueBand, Fundamentals, MeasureWeights, Strategies, TradingConfig
from engine.core.tidings import FairValue
from engine.fundamentals import room as room_module
from engine.fundamentals.room import FundamentalRoom, metric_place

DAY = 19_723
NOW_NS = DAY * 86_400_000_000_000 + 5
BAND = FairValueBand(min_measures=1, weights=MeasureWeights(nvt=0, fee_yield=0, growth=0), macro={"M2": 0.1})


def archive(last_price: float = 2000.0) -> str:
    rows = [f"{np.datetime64(DAY - 400 + i, 'D')},2000,100000000,2e11,1.4" for i in range(399)]
    last = f"{np.datetime64(DAY - 1, 'D')},{last_price},100000000,{last_price * 1e8},{1.4 * last_price / 2000}"
    return "\n".join(["time,PriceUSD,SplyCur,CapMrktCurUSD,CapMVRVCur", *rows, last])


async def told(room: FundamentalRoom, until: Callable[[], bool]) -> None:
    task = asyncio.create_task(room.run())
    try:
        async with asyncio.timeout(20):
            while not until():
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def new_room(values: list[FairValue], *metrics: str, macro: dict[str, str] | None = None) -> FundamentalRoom:
    config = TradingConfig(
        strategies=Strategies(fair_value=BAND), fundamentals=Fundamentals(metrics=metrics, macro=macro or {})
    )
    return FundamentalRoom(config, values.append, lambda: NOW_NS)


async def test_a_file_becomes_a_value_with_the_moment_of_its_receipt(tmp_path: Path) -> None:
    """Twice its usual MVRV: the fair price is half of the present one."""
    (tmp_path / "eth.csv").write_text(archive(4000.0))
    values: list[FairValue] = []
    room = new_room(values, str(tmp_path / "eth.csv"), macro={"M2": str(tmp_path / "m2.csv")})
    await told(room, lambda: bool(values))
    assert values[0].asset == "ETH"
    assert (values[0].day, values[0].ts_recv_ns) == (DAY - 1, NOW_NS)
    assert values[0].fair_usd == pytest.approx(2000.0)
    health = {name: (is_well, detail) for name, is_well, detail in room.health()}
    assert health["fair value ETH"] == (True, "2,000.00 (1,902.46 to 2,102.54), 0 numbers refused")
    assert health[f"numbers {tmp_path}/m2.csv"][0] is False


@contextlib.asynccontextmanager
async def serving(answer: Callable[[web.Request], web.StreamResponse]) -> AsyncIterator[str]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return answer(request)

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_an_address_is_read_and_its_query_is_never_shown() -> None:
    async with serving(lambda request: web.Response(text=archive())) as url:
        values: list[FairValue] = []
        room = new_room(values, f"{url}/eth.csv?api_key=canary")
        await told(room, lambda: bool(values))
        assert "canary" not in str(room.health())


async def test_an_address_that_fails_is_not_well_and_says_so() -> None:
    async with serving(lambda request: web.Response(status=503)) as url:
        room = new_room([], f"{url}/eth.csv?api_key=canary")
        await told(room, lambda: any(not is_well for _, is_well, _ in room.health()))
        assert [words for _, _, words in room.health()] == [f"{url}/eth.csv answered 503"]


async def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_module, "MOST_BYTES", 1 << 20)
    async with serving(lambda request: web.Response(body=b"0" * (2 << 20))) as url:
        room = new_room([], f"{url}/eth.csv")
        await told(room, lambda: any("more than 1 MB" in words for _, _, words in room.health()))


async def test_a_packed_answer_is_read_and_a_redirect_into_a_private_network_is_not_followed() -> None:
    """The same care as with headlines: only the address that was configured may be a private one."""

    def answer(request: web.Request) -> web.StreamResponse:
        if "btc" in request.path:
            return web.Response(status=302, headers={"Location": "http://10.0.0.1/btc.csv?api_key=canary"})
        packed = gzip.compress(archive().encode())
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    async with serving(answer) as url:
        values: list[FairValue] = []
        room = new_room(values, f"{url}/eth.csv", f"{url}/btc.csv")
        await told(room, lambda: bool(values))
        health = {name: words for name, _, words in room.health()}
        assert "it redirects to http://10.0.0.1/btc.csv?" in health[f"numbers {url}/btc.csv"]
        assert "canary" not in str(health)


async def test_an_answer_that_is_no_http_shows_no_key() -> None:
    """The library's own words for it have the whole address in them."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"nonsense\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        room = new_room([], f"http://{host}:{port}/eth.csv?api_key=canary")
        await told(room, lambda: any(not is_well for _, is_well, _ in room.health()))
        assert "its answer makes no sense" in str(room.health())
        assert "canary" not in str(room.health())


async def test_numbers_that_say_nothing_are_told_and_lead_to_no_value(tmp_path: Path) -> None:
    (tmp_path / "eth.csv").write_text("time,PriceUSD\n2020-01-01,5\n")
    (tmp_path / "btc.csv").write_text("<html>")
    values: list[FairValue] = []
    room = new_room(values, str(tmp_path / "eth.csv"), str(tmp_path / "btc.csv"))
    await told(room, lambda: "fair value ETH" in {name for name, _, _ in room.health()})
    assert not values
    assert ("numbers", False, "btc: the first line must name the columns, with time among them") in room.health()


def test_a_place_names_its_asset_only_where_it_is_a_csv_file() -> None:
    assert metric_place("https://example.com/csv/eth.csv?x=1").name == "eth"
    assert metric_place("/data/btc.CSV").name == "btc"
    assert metric_place("https://example.com/v4/timeseries/asset-metrics?assets=btc").name == ""

"""The benchmarks' own tools tell the truth: frames, prices, percentiles, the stopwatch, and the pairing of orders."""

from __future__ import annotations

import asyncio
import re
from types import SimpleNamespace
from typing import cast

import pytest

from benchmarks.lab import figures, flood, frames
from benchmarks.lab.figures import Round
from benchmarks.lab.market import SYMBOL, Market, collar_ticks, read_ticks
from benchmarks.lab.pace import Run
from benchmarks.lab.server import ECHO_BYTES, LoadServer, load_server
from benchmarks.lab.stopwatch import Stage, Stopwatch
from benchmarks.lab.variants import FLOOR, PACES, variants
from engine.core.types import BookUpdate, Quote, Trade
from engine.settings import Settings
from engine.venues.binance.codec import MarketCodec


def masked(payload: bytes, mask: bytes = b"\x01\x02\x03\x04") -> bytes:
    """Write a text frame as a client does."""
    size = len(payload)
    head = bytes((0x81, 0x80 | size)) if size < 126 else bytes((0x81, 0xFE)) + size.to_bytes(2, "big")
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


@pytest.mark.parametrize("size", [0, 1, 5, 125, 126, 460, 70_000])
def test_a_frame_is_read_as_it_was_written_and_only_when_it_is_whole(size: int) -> None:
    """Short, long and very long lengths; one byte less is no frame."""
    written = frames.frame(b"x" * size)
    assert frames.read_frame(written) == frames.Frame(frames.TEXT, b"x" * size, len(written))
    assert frames.read_frame(written[:-1]) is None


@pytest.mark.parametrize("size", [1, 5, 125, 126, 460])
def test_a_clients_mask_is_taken_off(size: int) -> None:
    """What a client masks is read as it was, whatever its length is by four."""
    payload = bytes(range(97, 123)) * 20
    found = frames.read_frame(masked(payload[:size]) + b"the next one")
    assert found is not None
    assert found.payload == payload[:size]


def test_a_request_is_taken_with_its_whole_body() -> None:
    """A form that comes in two parts counts when its last byte came."""
    whole = b"POST /api/v3/order HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\nprice=1"
    assert frames.read_request(whole[:-1]) is None
    found = frames.read_request(whole + b"GET")
    assert found is not None
    assert (found.method, found.target, found.body, found.size) == ("POST", "/api/v3/order", b"price=1", len(whole))


def test_an_accept_key_is_the_standards_own() -> None:
    """The example of RFC 6455, section 1.3."""
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in frames.switching(b"dGhlIHNhbXBsZSBub25jZQ==")


def test_every_trade_of_the_market_has_a_limit_of_its_own() -> None:
    """The collar's price names its event: no two trades share one."""
    limits = [collar_ticks(ticks) for ticks in range(200_000, 320_000)]
    assert len(set(limits)) == len(limits)
    assert [read_ticks(text) for text in ("2000.01", "2000.1", "2000", "2040.05000000")] == [
        200_001,
        200_010,
        200_000,
        204_005,
    ]
    with pytest.raises(ValueError):
        read_ticks("2000.001")


def test_the_market_and_the_flood_are_what_the_engine_reads() -> None:
    """Each kind of frame is decoded by the engine's own codec into its kind of event."""
    market, known = Market(), flood.instruments(2)
    codec = MarketCodec([next(iter(known.values()))])
    kinds = []
    blob = flood.opening(1) + flood.flood(1, 10)
    while blob:
        found = frames.read_frame(blob)
        assert found is not None
        kinds.append(type(codec.decode(found.payload, 1)))
        blob = blob[found.size :]
    assert kinds[:2] == [BookUpdate, BookUpdate]
    assert (kinds.count(Quote), kinds.count(Trade), kinds.count(BookUpdate)) == (7, 2, 3)
    assert SYMBOL.encode() in market.trade()


def test_ratios_come_from_all_events_and_their_spread_from_the_rounds() -> None:
    """Medians of the pooled events, against the floor's; the least and the greatest ratio of a round."""
    floor = [Round([10_000] * 9, 9, 0, 0, 0), Round([20_000] * 9, 9, 0, 0, 0)]
    ours = [Round([15_000] * 9, 9, 0, 0, 90_000), Round([60_000] * 9, 9, 1, 2, 90_000)]
    found = figures.against(ours, floor)
    assert (found["p50_us"], found["ratio_p50"]) == (37.5, 2.5)
    assert found["spread"]["ratio_p50"] == [1.5, 3.0]
    assert (found["events"], found["missing"], found["duplicates"], found["cpu_us_per_event"]) == (18, 1, 2, 10.0)


def test_the_stopwatch_takes_what_was_called_from_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage's row holds its own time, before and after the marked one; functions are put back afterwards."""
    clock = SimpleNamespace(now_ns=0)
    monkeypatch.setattr("benchmarks.lab.stopwatch.time.perf_counter_ns", lambda: clock.now_ns)

    def take(spent_ns: int) -> None:
        clock.now_ns += spent_ns

    path = SimpleNamespace(inner=lambda: take(40))
    path.outer = lambda: (take(20), path.inner(), take(5))
    before = path.outer
    watch = Stopwatch([Stage("outer", path, "outer"), Stage("inner", path, "inner")], "inner")
    with watch:
        for _ in range(3):
            path.outer()
    assert path.outer is before
    assert watch.medians("inner") == {"outer": (25, 20), "inner": (40, 40)}
    with pytest.raises(AttributeError):
        Stopwatch([Stage("gone", path, "gone")], "").__enter__()


class Answering(asyncio.Protocol):
    """Answers the first event once, the second twice and the third not at all."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Introduce itself as a bare echo does."""
        self.transport, self.events = transport, 0
        transport.write(b"GET /echo HTTP/1.1\r\n\r\n")  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        """Answer, or not."""
        self.events += 1
        answers = {1: 1, 2: 2}.get(self.events, 0)
        self.transport.write(b"." * ECHO_BYTES * answers)  # type: ignore[attr-defined]


async def test_a_missing_order_and_a_second_one_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three events, of which one has its order, one has two and one has none."""
    monkeypatch.setattr("benchmarks.lab.pace.MISSING_NS", 50_000_000)
    async with load_server() as (server, port):
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(Answering, "127.0.0.1", port)
        await server.until(lambda: server.peer("echo") is not None, "the echo", 30.0)
        run = Run(server, _echo(server), 5_000_000, lambda ticks: ticks)
        await run.events_and_orders(3)
        assert (run.events, len(run.latencies_ns), run.missing, run.duplicates) == (3, 2, 1, 1)
        transport.close()


class AnsweringLate(asyncio.Protocol):
    """Answers the first event only when the second one comes, and each of them at its price; then one by one."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open the market's stream."""
        self.transport = cast(asyncio.Transport, transport)
        self.events = 0
        self.held = b""
        self.transport.write(b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\n\r\n")

    def data_received(self, data: bytes) -> None:
        """Place an order for each trade; the first one's is held back."""
        for price in re.findall(rb'"e":"trade".*?"p":"([0-9.]+)"', data):
            self.events += 1
            order = masked(b'{"id":1,"method":"order.place","params":{"price":"%b","side":"BUY"}}' % price)
            if self.events == 1:
                self.held = order
            else:
                self.transport.write(self.held + order)
                self.held = b""


async def test_an_order_that_comes_late_is_its_events_and_leaves_no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first event is given up and answered with the second; it is not missing, and every other one is in time."""
    monkeypatch.setattr("benchmarks.lab.pace.MISSING_NS", 50_000_000)
    async with load_server() as (server, port):
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(AnsweringLate, "127.0.0.1", port)
        await server.until(lambda: server.peer("market") is not None, "the client", 30.0)
        peer = server.peer("market")
        assert peer is not None
        run = Run(server, peer, 5_000_000, lambda ticks: ticks)
        await run.events_and_orders(6)
        assert (run.events, len(run.latencies_ns), run.missing, run.duplicates) == (6, 6, 0, 0)
        assert [spent_ns > 50_000_000 for spent_ns in run.latencies_ns] == [True, *[False] * 5]
        transport.close()


def test_a_strangers_client_sees_the_trades_that_nobody_told_it_of() -> None:
    """Those after the one last answered, oldest first; all of them where it has answered none."""
    ccxt_client = pytest.importorskip("benchmarks.clients.ccxt_client")
    cached = [{"id": "1"}, {"id": "2"}, {"id": "3"}]
    assert [trade["id"] for trade in ccxt_client.since(cached, "1")] == ["2", "3"]
    assert ccxt_client.since(cached, "3") == []
    assert [trade["id"] for trade in ccxt_client.since(cached, "")] == ["1", "2", "3"]


def _echo(server: LoadServer):  # type: ignore[no-untyped-def]
    peer = server.peer("echo")
    assert peer is not None
    return peer


def test_variants_of_what_is_not_built_are_left_out() -> None:
    """The floor comes first; spinning and rehearsing are measured once the engine has settings for them."""
    chosen = {one.name: one for one in variants()}
    assert next(iter(chosen)) == FLOOR
    assert {"ws", "rest", "aiohttp_session"} <= set(chosen)
    assert ("ws_spin" in chosen) == ("spin" in Settings.__struct_fields__)
    assert ("ws_spin_rehearsed" in chosen) == ({"spin", "rehearse_ms"} <= set(Settings.__struct_fields__))
    if "ccxt_ws" in chosen:
        assert chosen["ccxt_ws"].paces == (next(iter(PACES)),)

"""The venue against a real exchange: our own, over loopback, on good days and on bad ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.core.types import (
    ApprovedOrder,
    BookUpdate,
    ClientOrderId,
    ExecutionReport,
    OrderState,
    OrderType,
    Quote,
    SendFailed,
    Side,
    Symbol,
    TimeInForce,
    Trade,
    TradeId,
)
from engine.venues.binance.errors import RequestRefused, Throttled, Unreachable, VenueError
from engine.venues.binance.venue import ApiKeys, BinanceVenue, VenueUrls
from engine.venues.paper.defaults import PAPER_API_KEY, PAPER_API_SECRET
from engine.venues.paper.main import Urls, running_exchange
from engine.venues.paper.options import AccountOption, ExchangeOptions

IOTA = Symbol("IOTAUSDT")


class Desk:
    """Takes everything the venue hands on, and wakes whoever waits for it."""

    def __init__(self) -> None:
        self.trades: list[Trade] = []
        self.quote: Quote | None = None
        self.books: list[BookUpdate] = []
        self.lost: list[str] = []
        self.bad: list[str] = []
        self.reports: list[ExecutionReport] = []
        self.failures: list[SendFailed] = []
        self.sent: list[bytes] = []
        self.broken: list[str] = []
        self.frames: list[bytes] = []
        self._changed = asyncio.Event()

    def on_trade(self, trade: Trade) -> None:
        self.trades.append(trade)
        self._changed.set()

    def on_quote(self, quote: Quote) -> None:
        self.quote = quote
        self._changed.set()

    def on_book(self, update: BookUpdate) -> None:
        self.books.append(update)
        self._changed.set()

    def on_book_lost(self, symbol: Symbol, reason: str, ts_recv_ns: int) -> None:
        self.lost.append(reason)
        self._changed.set()

    def on_bad_frame(self, reason: str, ts_recv_ns: int) -> None:
        self.bad.append(reason)

    def on_execution(self, report: ExecutionReport) -> None:
        self.reports.append(report)
        self._changed.set()

    def on_send_failed(self, failure: SendFailed) -> None:
        self.failures.append(failure)
        self._changed.set()

    def on_sent(self, ts_ns: int, data: bytes) -> None:
        self.sent.append(data)

    def on_connection_lost(self, reason: str) -> None:
        self.broken.append(reason)
        self._changed.set()

    def tap(self, ts_ns: int, frame: bytes) -> None:
        self.frames.append(frame)

    async def until(self, is_so: Callable[[], Any]) -> None:
        """Wait until something that is handed on makes it so."""
        async with asyncio.timeout(30.0):
            while not is_so():
                self._changed.clear()
                await self._changed.wait()

    def states(self, client_order_id: str) -> list[OrderState]:
        return [report.state for report in self.reports if report.client_order_id == client_order_id]

    def fills(self, client_order_id: str) -> set[int]:
        mine = [report for report in self.reports if report.client_order_id == client_order_id]
        return {report.fill_id for report in mine if report.fill_id}


class Scene:
    """A running exchange, a venue that talks to it, and a desk that listens."""

    def __init__(self, urls: Urls, venue: BinanceVenue, desk: Desk) -> None:
        self.urls, self.venue, self.desk = urls, venue, desk

    async def fault(self, **order: Any) -> None:
        async with aiohttp.ClientSession() as session, session.post(f"{self.urls.rest}/_fault", json=order) as answer:
            assert answer.status == 200, await answer.text()

    def buy(self, client_order_id: str, *, deep: bool = False, lots: int = 0) -> ApprovedOrder:
        """An IOC that crosses the spread, or a GTC far below the market."""
        quote, instrument = self.desk.quote, self.venue.instruments[IOTA]
        assert quote is not None
        ticks = quote.bid_ticks * 95 // 100 if deep else quote.ask_ticks * 101 // 100
        return ApprovedOrder(
            ClientOrderId(client_order_id), IOTA, Side.BUY, OrderType.LIMIT,
            TimeInForce.GTC if deep else TimeInForce.IOC, lots or instrument.lots_for_quote(20 * 10**8, ticks), ticks,
            False, 0, 0, "cause", "test", TradeId("t"), quote.ask_ticks, time.time_ns(),
        )  # fmt: skip

    @property
    def orders(self) -> Any:
        return self.venue.orders


@asynccontextmanager
async def scene(keys: ApiKeys | None = None, **changes: Any) -> AsyncIterator[Scene]:
    """Run an exchange and connect to it."""
    options = ExchangeOptions(port=0, **changes)
    desk = Desk()
    async with running_exchange(options) as urls:
        venue = BinanceVenue(
            VenueUrls(urls.rest, urls.stream, urls.ws_api), keys or ApiKeys(PAPER_API_KEY, PAPER_API_SECRET), [IOTA],
            time.time_ns, desk.tap, reply_s=0.3, ping_s=0.3,
        )  # fmt: skip
        try:
            await venue.load()
            await venue.start(desk, desk)
            await desk.until(lambda: desk.quote and desk.books)
            yield Scene(urls, venue, desk)
        finally:
            await venue.close()


async def test_market_and_account_arrive() -> None:
    async with scene() as it:
        await it.desk.until(lambda: len(it.desk.books) > 3 and it.desk.trades)
        assert it.desk.books[0].is_snapshot
        assert [update.is_snapshot for update in it.desk.books].count(True) == 1
        assert all(is_ok for _, is_ok, _ in it.venue.health()), it.venue.health()
        assert abs(it.venue.clock_offset_ms) < 500  # it is the same clock, but the machine may stand still meanwhile
        account = await it.venue.account.snapshot()
        assert {balance.asset for balance in account.balances} == {"USDT"}
        candles = await it.venue.account.candles(IOTA, 20)
        assert 0 < len(candles) <= 20
        assert all(candle.low_ticks <= min(candle.open_ticks, candle.close_ticks) for candle in candles)
        assert any(b"@depthSnapshot" in frame[:60] for frame in it.desk.frames)
        assert not it.desk.bad


async def test_an_order_fills_once_by_reply_and_user_stream() -> None:
    async with scene() as it:
        order = it.buy("fills-1")
        it.orders.send(order)
        await it.desk.until(lambda: it.desk.states("fills-1").count(OrderState.FILLED) >= 2)
        assert len(it.desk.fills("fills-1")) == len({r.fill_id for r in it.desk.reports if r.fill_id})
        assert it.orders.outstanding == 0
        assert b'"fills-1"' in it.desk.sent[0]


async def test_a_resting_order_is_in_the_account_until_it_is_cancelled() -> None:
    async with scene() as it:
        it.orders.send(it.buy("rests-1", deep=True))
        await it.desk.until(lambda: OrderState.WORKING in it.desk.states("rests-1"))
        assert [report.client_order_id for report in (await it.venue.account.snapshot()).open_orders] == ["rests-1"]
        it.orders.cancel(IOTA, ClientOrderId("rests-1"))
        await it.desk.until(lambda: OrderState.CANCELED in it.desk.states("rests-1"))
        it.orders.cancel(IOTA, ClientOrderId("rests-1"))
        await it.desk.until(lambda: it.desk.failures)
        (failure,) = it.desk.failures
        assert (failure.is_ambiguous, failure.code) == (True, -2011)


async def test_a_query_tells_state_and_fills_and_that_an_order_does_not_exist() -> None:
    async with scene() as it:
        it.orders.send(it.buy("asked-1"))
        await it.desk.until(lambda: it.desk.states("asked-1").count(OrderState.FILLED) >= 2)
        fills = it.desk.fills("asked-1")
        it.desk.reports.clear()
        it.orders.query(IOTA, ClientOrderId("asked-1"))
        await it.desk.until(lambda: OrderState.FILLED in it.desk.states("asked-1"))
        assert it.desk.fills("asked-1") == fills
        it.orders.query(IOTA, ClientOrderId("never-sent"))
        await it.desk.until(lambda: it.desk.failures)
        assert (it.desk.failures[0].is_ambiguous, it.desk.failures[0].code) == (False, -2013)


async def test_a_refused_order_is_certain_and_a_server_error_is_not() -> None:
    async with scene() as it:
        it.orders.send(it.buy("too-much", lots=80_000_000))
        await it.desk.until(lambda: it.desk.failures)
        await it.fault(kind="error", operation="order.place", status=503, code=-1007)
        it.orders.send(it.buy("timeout"))
        await it.desk.until(lambda: len(it.desk.failures) == 2)
        assert [(f.client_order_id, f.is_ambiguous) for f in it.desk.failures] == [
            ("too-much", False),
            ("timeout", True),
        ]


async def test_a_lost_reply_is_an_unknown_outcome_and_a_late_one_still_counts() -> None:
    async with scene() as it:
        await it.fault(kind="lose_reply", operation="order.place")
        it.orders.send(it.buy("lost", deep=True))
        await it.desk.until(lambda: it.desk.failures)
        assert it.desk.failures[0].is_ambiguous
        assert "no answer" in it.desk.failures[0].reason
        await it.fault(kind="late_reply", operation="order.place", ms=700)
        it.orders.send(it.buy("late", deep=True))
        await it.desk.until(lambda: len(it.desk.failures) == 2)
        await it.desk.until(lambda: it.desk.states("late").count(OrderState.WORKING) == 2)


async def test_a_broken_line_makes_outstanding_orders_unknown_and_orders_go_over_rest() -> None:
    async with scene() as it:
        await it.fault(kind="late_reply", operation="order.place", ms=5000)
        it.orders.send(it.buy("outstanding", deep=True))
        await it.fault(kind="disconnect", lines="ws_api")
        await it.desk.until(lambda: it.desk.broken)
        assert not it.orders.is_ready
        assert [(f.client_order_id, f.is_ambiguous) for f in it.desk.failures] == [("outstanding", True)]
        it.orders.send(it.buy("by-rest"))
        it.orders.query(IOTA, ClientOrderId("outstanding"))
        await it.desk.until(lambda: it.desk.states("by-rest") and it.desk.states("outstanding"))
        assert it.desk.sent[-1].startswith(b"newClientOrderId=by-rest&")
        await it.desk.until(lambda: OrderState.FILLED in it.desk.states("by-rest"))


async def test_a_depth_gap_loses_the_book_at_once_and_one_snapshot_brings_it_back() -> None:
    async with scene() as it:
        book = it.venue.feed.reader.books[IOTA]  # type: ignore[union-attr]
        await it.desk.until(lambda: book.is_synced)
        await it.fault(kind="drop", what="depth@100ms")
        await it.desk.until(lambda: it.desk.lost)
        await it.desk.until(lambda: book.is_synced)
        assert (book.gaps, book.resyncs, len(it.desk.lost)) == (1, 1, 1)
        assert [update.is_snapshot for update in it.desk.books].count(True) == 2


async def test_duplicate_and_reordered_frames_do_no_harm() -> None:
    async with scene() as it:
        reader = it.venue.feed.reader  # type: ignore[union-attr]
        await it.fault(kind="duplicate", what="trade", times=5)
        await it.fault(kind="duplicate", what="depth@100ms", times=5)
        await it.desk.until(lambda: reader.duplicates >= 5 and reader.books[IOTA].stale >= 5)
        assert len({trade.fill_id for trade in it.desk.trades}) == len(it.desk.trades)
        assert reader.books[IOTA].gaps == 0


async def test_a_half_open_stream_is_noticed_and_opened_again() -> None:
    async with scene() as it:
        await it.fault(kind="half_open", lines="combined")
        await it.desk.until(lambda: it.desk.lost)
        count = len(it.desk.books)
        await it.desk.until(lambda: len(it.desk.books) > count + 1)
        assert it.venue.feed.is_connected  # type: ignore[union-attr]


async def test_at_an_announced_shutdown_the_successor_comes_first() -> None:
    async with scene() as it:
        await it.fault(kind="server_shutdown", ms=1500)
        stream, line = it.venue.feed._shares[0].socket, it.orders._line.socket  # type: ignore[union-attr]
        await it.desk.until(lambda: stream.connects == line.connects == 2)
        it.orders.send(it.buy("meanwhile"))
        await it.desk.until(lambda: OrderState.FILLED in it.desk.states("meanwhile"))
        assert not it.desk.lost
        assert not it.desk.broken


async def test_an_ed25519_session_logs_on_and_its_orders_need_no_signature(tmp_path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    path = tmp_path / "key.pem"
    path.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    account = AccountOption("ann", "a" * 64, public.decode())
    async with scene(ApiKeys("a" * 64, "", path), accounts=(account,)) as it:
        it.orders.send(it.buy("logged-on"))
        await it.desk.until(lambda: OrderState.FILLED in it.desk.states("logged-on"))
        assert b"signature" not in it.desk.sent[0]
        assert (await it.venue.account.snapshot()).balances


async def test_a_clock_that_the_venue_refuses_is_measured_again() -> None:
    async with scene() as it:
        await it.fault(kind="clock_skew", ms=9000)
        it.orders.send(it.buy("early"))
        await it.desk.until(lambda: it.desk.failures)
        assert (it.desk.failures[0].code, it.desk.failures[0].is_ambiguous) == (-1021, False)
        await it.desk.until(lambda: it.venue.clock_offset_ms > 8000)
        assert not {name: is_ok for name, is_ok, _ in it.venue.health()}["clock"]


async def test_orders_stop_below_the_venues_own_limit() -> None:
    async with scene(order_limit_10s=10) as it:
        for number in range(12):
            it.orders.send(it.buy(f"many-{number}", deep=True))
        await it.desk.until(lambda: len({report.client_order_id for report in it.desk.reports}) == 9)
        assert len(it.desk.sent) == 9
        assert [failure.is_ambiguous for failure in it.desk.failures] == [False] * 3
        it.orders.cancel(IOTA, ClientOrderId("many-0"))
        await it.desk.until(lambda: OrderState.CANCELED in it.desk.states("many-0"))


async def test_silence_is_kept_until_the_venue_allows_requests_again() -> None:
    async with scene() as it:
        await it.fault(kind="rate_limit", operation="account.status", status=418, seconds=30)
        with pytest.raises(RequestRefused) as refused:
            await it.venue.account.snapshot()
        assert refused.value.status == 418
        with pytest.raises(Throttled):
            await it.venue.account.snapshot()
        it.orders.send(it.buy("not-now"))
        assert it.desk.failures[-1].is_ambiguous is False
        assert "silence" in it.desk.failures[-1].reason
        assert not it.desk.sent
        assert not {name: is_ok for name, is_ok, _ in it.venue.health()}["rest"]


async def test_changed_rules_are_taken_or_the_symbol_is_no_longer_traded() -> None:
    async with scene() as it:
        changed: list[bool] = []
        it.venue.on_instrument = lambda instrument: changed.append(instrument.is_trading)
        await it.fault(kind="rules", symbol=IOTA, status="BREAK")
        await it.venue.load()
        assert changed == [False]
        await it.fault(kind="rules", symbol=IOTA, status="TRADING")
        await it.venue.load()
        before = it.venue.instruments[IOTA]
        await it.fault(kind="rules", symbol=IOTA, tick="0.001")
        await it.venue.load()
        assert changed == [False, True, False]
        assert it.venue.instruments[IOTA].tick_e8 == before.tick_e8
        assert any("restart" in detail for _, _, detail in it.venue.health())


async def test_a_symbol_that_is_not_traded_and_a_venue_that_is_not_there_are_sentences() -> None:
    async with running_exchange(ExchangeOptions(port=0)) as urls:
        venue = BinanceVenue(VenueUrls(urls.rest, urls.stream, urls.ws_api), None, ["NOSUCH"], time.time_ns)
        with pytest.raises(VenueError):
            await venue.load()
        await venue.close()
    with pytest.raises(Unreachable, match="no answer"):
        await venue.load()
    await venue.close()

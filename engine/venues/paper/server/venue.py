"""The exchange itself, behind its doors: it hears the tape, runs the matching, and tells whoever listens.

Two times live here side by side. The market keeps the tape's own (``E`` and ``T`` of streams, klines, public
trades), which may be 2017. Accounts, orders, signatures and ``serverTime`` keep the wall clock's, because a
client signs with its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Final

import msgspec

from engine import clock
from engine.venues.paper.market import Touch
from engine.venues.paper.matching import Matching
from engine.venues.paper.options import ExchangeOptions
from engine.venues.paper.orders import BalanceEvent, DepositEvent, OrderEvent
from engine.venues.paper.server import klines, payloads
from engine.venues.paper.server.faults import Faults
from engine.venues.paper.server.hub import MarketHub, UserHub
from engine.venues.paper.server.keys import KeyRing
from engine.venues.paper.server.limits import Limits, RateLimiter
from engine.venues.paper.server.news import NewsRoom
from engine.venues.paper.state import Kept
from engine.venues.paper.tape.events import BookSnapshot, Frame, Tape, TapeEvent
from engine.venues.paper.tape.raw import RawTrade, decode_book_ticker, decode_depth, decode_trade
from engine.venues.paper.tape.survey import pairs_e8
from engine.venues.paper.units import text8, to_e8

PUBLIC_TRADES: Final = 1_000


class Venue:
    """One exchange's state."""

    def __init__(self, options: ExchangeOptions, tape: Tape, kept: Kept | None = None) -> None:
        """Open accounts, with what was kept of them, and list what the tape trades; the tape is prepared already."""
        self.options = options
        self.tape = tape
        self.kept = kept or Kept()
        self.matching = Matching(
            maker_fee_ppm=options.maker_fee_ppm, taker_fee_ppm=options.taker_fee_ppm, after=self.kept.numbers
        )
        self.balances_changed = asyncio.Event()
        """Set when an account has come to hold something else."""
        self.keys = KeyRing()
        self.limiter = RateLimiter(Limits(options.weight_limit_1m, options.order_limit_10s, options.order_limit_1d))
        self.market_hub = MarketHub()
        self.user_hub = UserHub()
        self.listen_keys: dict[str, str] = {}
        """Keys of older clients, and the accounts that they listen to."""
        self.news = NewsRoom(edition=f"{clock.now_ns() // 1_000_000_000}")
        self.faults = Faults()
        self.tape_ms = 0
        self.is_over = False
        """The tape has come to its end; the market stands still."""
        self.trades: dict[str, deque[RawTrade]] = {}
        self.klines: dict[str, klines.Klines] = {}
        self._open_accounts()
        self._list_symbols()

    def now_us(self) -> int:
        """Return the exchange's own time in microseconds: the wall clock's, unless a fault skews it."""
        return clock.now_ns() // 1000 + self.faults.clock_skew_ms * 1000

    def now_ms(self) -> int:
        """Return the exchange's own time in milliseconds."""
        return self.now_us() // 1000

    def on_tape(self, event: TapeEvent) -> None:
        """Take what the tape brings: first send it on, then let it change the market."""
        self.tape_ms = max(self.tape_ms, event.ts_ms)
        if isinstance(event, Frame):
            for frame in self.faults.on_market(event):
                self.market_hub.publish(frame.stream, frame.data)
            self._apply(event)
        elif isinstance(event, BookSnapshot):
            self._apply_snapshot(event)
        else:
            self.news.publish(event)
        self.flush()

    def flush(self) -> None:
        """Tell the accounts what has happened since the last time."""
        for happening in self.matching.drain():
            if isinstance(happening, OrderEvent):
                event, account = payloads.execution_report(happening), happening.order.account
            elif isinstance(happening, BalanceEvent):
                account = happening.account
                self.balances_changed.set()
                owner = self.matching.accounts[account]
                event = payloads.balances_changed(owner, happening.assets, happening.time_ms)
            elif isinstance(happening, DepositEvent):
                event, account = payloads.balance_update(happening), happening.account
            else:
                account = happening.account
                event = payloads.list_status(self.matching.lists.get(happening.list_id), happening.time_ms)
            for told in self.faults.on_user(account, event):
                self.user_hub.publish(account, told)
                for key in [key for key, owner in self.listen_keys.items() if owner == account]:
                    self.market_hub.publish(key, msgspec.json.encode(told))

    def _apply(self, frame: Frame) -> None:
        symbol, _, kind = frame.stream.partition("@")
        name, now_ms = symbol.upper(), self.now_ms()
        if kind == "trade":
            self._apply_trade(name, decode_trade(frame.data), now_ms)
        elif kind == "bookTicker":
            ticker = decode_book_ticker(frame.data)
            bid, ask = (to_e8(ticker.bid), to_e8(ticker.bid_qty)), (to_e8(ticker.ask), to_e8(ticker.ask_qty))
            self.matching.on_touch(name, Touch(ticker.update_id, bid, ask), now_ms)
        elif kind.startswith("depth"):
            depth = decode_depth(frame.data)
            if depth.final_update_id > self.matching.markets[name].book.last_update_id:
                bids, asks = pairs_e8(depth.bids), pairs_e8(depth.asks)
                self.matching.on_depth(name, depth.final_update_id, bids, asks, now_ms)

    def _apply_trade(self, symbol: str, trade: RawTrade, now_ms: int) -> None:
        price, qty = to_e8(trade.price), to_e8(trade.qty)
        self.trades[symbol].append(trade)
        self.matching.on_trade(symbol, price, qty, trade.is_buyer_maker, now_ms)
        streams = self.market_hub.listened_to(f"{symbol.lower()}@kline_")
        before = {stream: self.klines[symbol].last(stream.partition("_")[2]) for stream in streams}
        self.klines[symbol].add(price, qty, trade.is_buyer_maker, trade.time_ms)
        for stream, closed in before.items():
            interval = stream.partition("_")[2]
            candle = self.klines[symbol].last(interval)
            if closed is not None and candle is not None and closed.open_ms != candle.open_ms:
                self._publish_kline(stream, klines.kline_event(symbol, interval, closed, True, trade.time_ms))
            if candle is not None:
                self._publish_kline(stream, klines.kline_event(symbol, interval, candle, False, trade.time_ms))

    def _publish_kline(self, stream: str, event: dict[str, Any]) -> None:
        self.market_hub.publish(stream, msgspec.json.encode(event))

    def _apply_snapshot(self, snapshot: BookSnapshot) -> None:
        self.matching.on_snapshot(snapshot.symbol, snapshot.last_update_id, snapshot.bids, snapshot.asks, self.now_ms())

    def _open_accounts(self) -> None:
        balances = {asset: to_e8(amount) for asset, amount in self.options.balances.items()}
        for option in self.options.accounts:
            self.keys.add(option.name, option.api_key, option.secret)
            if option.name not in self.matching.accounts:
                kept = self.kept.balances(option.name)
                self.matching.open_account(option.name, balances if kept is None else kept)

    def _list_symbols(self) -> None:
        for rules in self.tape.rules:
            self.matching.list_symbol(rules)
            self.trades[rules.symbol] = deque(maxlen=PUBLIC_TRADES)
            history = self.tape.history(rules.symbol)
            self.klines[rules.symbol] = klines.Klines(history)
            if history:
                self.matching.markets[rules.symbol].last_price = history[-1].close
        for snapshot in self.tape.snapshots():
            self._apply_snapshot(snapshot)
            self.tape_ms = max(self.tape_ms, snapshot.ts_ms)


def book_ticker(venue: Venue, symbol: str) -> dict[str, str]:
    """Return a symbol's best bid and ask, as ``GET /api/v3/ticker/bookTicker``."""
    market = venue.matching.market(symbol)
    sides = (market.book.bids, market.book.asks)
    (bid, bid_qty), (ask, ask_qty) = (next(side.walk(), (0, 0)) for side in sides)
    return {
        "symbol": symbol,
        "bidPrice": text8(bid),
        "bidQty": text8(bid_qty),
        "askPrice": text8(ask),
        "askQty": text8(ask_qty),
    }

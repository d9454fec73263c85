"""Prices that people want to be told of: kept in the journal, told once, and then over."""

from __future__ import annotations

from typing import Final

from engine.core.amounts import Unclear
from engine.core.instrument import parse_e8
from engine.core.kernels.tape import TRADES_SEEN
from engine.core.records import Watched, WatchEnded
from engine.core.symbols import find_symbol
from engine.core.trading import Trading
from engine.core.types import Symbol
from engine.wire import events
from engine.wire.answers import WatchesView, WatchView
from engine.wire.questions import DirectionName, Unwatch, Watch
from engine.wire.replies import Reply

MOST: Final = 100
_LARGEST_TICKS: Final = 1 << 62


class Watches:
    """Looks at every trade since it last looked, ten times a second, so that no spike between two looks is missed."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._watched: dict[int, Watched] = {}
        self._next = 1
        self._looked: dict[Symbol, int] = {}
        """How many trades of a symbol there were at the last look; only of what is watched."""

    def on_watch(self, command: Watch) -> Reply:
        """Begin to watch a price; refused where the market is there already."""
        trading = self._trading
        symbol = find_symbol(command.symbol, trading.markets, trading.config.quote_asset)
        market, is_above = trading.markets[symbol], command.direction == "above"
        ticks, last = self._ticks(symbol, command.price), market.last_ticks
        if len(self._watched) >= MOST:
            raise Unclear("BAD_REQUEST", f"{MOST} prices are watched already: take one away with watch off ID.")
        if last and (last >= ticks if is_above else last <= ticks):
            words = f"{symbol} is at {market.instrument.price_text(last)} already"
            raise Unclear("BAD_AMOUNT", f"{words}: say a price that it has not come to.")
        self._look_at(symbol)
        by = f"{command.who.door}:{command.who.user_id}"
        record = Watched(self._next, symbol, is_above, ticks, by, trading.now_ns)
        self._take(record)
        trading.write(record)
        words = f"{symbol} is watched: you are told once when it trades at {market.instrument.price_text(ticks)} or"
        return Reply(command.id, True, "OK", f"{words} {command.direction} (w{record.number}).", self.view())

    def on_unwatch(self, command: Unwatch) -> Reply:
        """Take a watch away, or all of them."""
        word = command.watch_id.strip().lower()
        chosen = [number for number in self._watched if word in ("all", str(number), f"w{number}")]
        if not chosen:
            raise Unclear("NOT_FOUND", f"No price is watched as {command.watch_id!r}: see watch list.")
        for number in chosen:
            del self._watched[number]
            self._trading.write(WatchEnded(number, f"{command.who.door}:{command.who.user_id}", self._trading.now_ns))
        return Reply(
            command.id, True, "OK", f"Not watched any more: {', '.join(f'w{n}' for n in chosen)}.", self.view()
        )

    def look(self) -> None:
        """Tell of every price that was reached since the last look."""
        for symbol in {watched.symbol for watched in self._watched.values()}:
            self._look_at(symbol)

    def view(self) -> WatchesView:
        """Show what is watched, oldest first."""
        return WatchesView(tuple(map(self._view, self._watched.values())))

    def restore(self, record: Watched | WatchEnded) -> None:
        """Take a record of an earlier run; a symbol that is not followed any more is passed over."""
        if isinstance(record, WatchEnded):
            self._watched.pop(record.number, None)
        elif record.symbol in self._trading.markets:
            self._take(record)
        self._next = max(self._next, record.number + 1)

    def _take(self, record: Watched) -> None:
        self._watched[record.number] = record
        self._next = record.number + 1

    def _look_at(self, symbol: Symbol) -> None:
        market = self._trading.markets[symbol]
        seen, before = int(market.seen[TRADES_SEEN]), self._looked.get(symbol, 0)
        if seen == before:
            return
        self._looked[symbol] = seen
        prices = market.last_trades(seen - before)[:, 0]
        lowest, highest = int(prices.min()), int(prices.max())
        for watched in [one for one in self._watched.values() if one.symbol == symbol]:
            price = highest if watched.is_above else lowest
            if price >= watched.price_ticks if watched.is_above else price <= watched.price_ticks:
                self._reached(watched, price)

    def _reached(self, watched: Watched, price_ticks: int) -> None:
        trading, view = self._trading, self._view(watched)
        now_ns, price = trading.now_ns, trading.markets[watched.symbol].instrument.price_text(price_ticks)
        del self._watched[watched.number]
        trading.write(WatchEnded(watched.number, "", now_ns))
        trading.publish(lambda: events.PriceReached(ts_ns=now_ns, watch=view, price=price))

    def _ticks(self, symbol: Symbol, text: str) -> int:
        """Read a price, to the nearest tick."""
        it = self._trading.markets[symbol].instrument
        try:
            price_e8 = parse_e8(text)
        except ValueError as error:
            raise Unclear("BAD_AMOUNT", f"{error}: say a price like {it.price_text(270_000)}.") from None
        ticks = (price_e8 + it.tick_e8 // 2) // it.tick_e8
        if not 0 < ticks < _LARGEST_TICKS:
            raise Unclear("BAD_AMOUNT", f"{text} is no price that {symbol} can have.")
        return ticks

    def _view(self, watched: Watched) -> WatchView:
        price = self._trading.markets[watched.symbol].instrument.price_text(watched.price_ticks)
        direction: DirectionName = "above" if watched.is_above else "below"
        return WatchView(f"w{watched.number}", watched.symbol, direction, price, watched.by, watched.ts_ns)

"""The paper exchange without its server: the same matching inside this process, for replay and backtest.

It stands where the venue stands: it hears the market, takes approved orders, and hands back what the venue would
say, each way ``latency_ns`` later. Time is only what arrives inside events.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from msgspec.structs import replace

from engine.core.instrument import Instrument
from engine.core.types import (
    AccountSnapshot,
    ApprovedOrder,
    Balance,
    BookUpdate,
    ClientOrderId,
    ExecutionReport,
    Levels,
    OrderState,
    Quote,
    SendFailed,
    Symbol,
    Trade,
    VenueOrderId,
)
from engine.venues.paper.book import Level
from engine.venues.paper.defaults import MAKER_FEE_PPM, TAKER_FEE_PPM
from engine.venues.paper.errors import Refused
from engine.venues.paper.market import Touch
from engine.venues.paper.matching import Matching
from engine.venues.paper.orders import Execution, Fill, NewOrder, Order, OrderEvent, Status
from engine.venues.paper.rules import SymbolRules

Answer = ExecutionReport | SendFailed

STATES: Final = {
    Status.PENDING_NEW: OrderState.WORKING,
    Status.NEW: OrderState.WORKING,
    Status.PARTIALLY_FILLED: OrderState.PARTIALLY_FILLED,
    Status.FILLED: OrderState.FILLED,
    Status.CANCELED: OrderState.CANCELED,
    Status.EXPIRED: OrderState.EXPIRED,
    Status.EXPIRED_IN_MATCH: OrderState.EXPIRED,
}
ACCOUNT: Final = "local"


class LocalExchange:
    """One account on one exchange that follows whatever market it is told."""

    def __init__(
        self,
        instruments: Mapping[Symbol, Instrument],
        balances: Mapping[str, int],
        *,
        maker_fee_ppm: int = MAKER_FEE_PPM,
        taker_fee_ppm: int = TAKER_FEE_PPM,
        latency_ns: int = 0,
        jitter_ns: int = 0,
        seed: int = 0,
    ) -> None:
        """Open it with balances in 1e-8 of each asset.

        ``latency_ns`` passes on the way there and again on the way back, each time up to ``jitter_ns`` more,
        drawn from ``seed``; nothing overtakes anything on its way.
        """
        self._instruments = dict(instruments)
        self._matching = Matching(maker_fee_ppm=maker_fee_ppm, taker_fee_ppm=taker_fee_ppm)
        for instrument in instruments.values():
            self._matching.list_symbol(rules_of(instrument))
        self._matching.open_account(ACCOUNT, balances)
        self._latency_ns, self._jitter_ns = latency_ns, jitter_ns
        self._chance = np.random.default_rng(seed)
        self._requests: deque[tuple[int, Callable[[int], None]]] = deque()
        self._answers: deque[tuple[int, Answer]] = deque()

    # --- the market -------------------------------------------------------------------------------------------

    def on_trade(self, trade: Trade) -> None:
        """Take one public trade."""
        self._arrive_until(trade.ts_recv_ns)
        instrument = self._instruments[trade.symbol]
        price, qty = trade.price_ticks * instrument.tick_e8, trade.qty_lots * instrument.lot_e8
        self._matching.on_trade(trade.symbol, price, qty, trade.is_buyer_maker, trade.ts_recv_ns // 1_000_000)
        self._report(trade.ts_recv_ns)

    def on_book(self, update: BookUpdate) -> None:
        """Take a snapshot of a book, or its next update."""
        self._arrive_until(update.ts_recv_ns)
        instrument = self._instruments[update.symbol]
        bids, asks = _levels(update.bids, instrument), _levels(update.asks, instrument)
        take = self._matching.on_snapshot if update.is_snapshot else self._matching.on_depth
        take(update.symbol, update.final_update_id, bids, asks, update.ts_recv_ns // 1_000_000)
        self._report(update.ts_recv_ns)

    def on_quote(self, quote: Quote) -> None:
        """Take a new best bid and ask."""
        self._arrive_until(quote.ts_recv_ns)
        tick, lot = self._instruments[quote.symbol].tick_e8, self._instruments[quote.symbol].lot_e8
        bid, ask = (quote.bid_ticks * tick, quote.bid_lots * lot), (quote.ask_ticks * tick, quote.ask_lots * lot)
        self._matching.on_touch(quote.symbol, Touch(quote.update_id, bid, ask), quote.ts_recv_ns // 1_000_000)
        self._report(quote.ts_recv_ns)

    # --- us ---------------------------------------------------------------------------------------------------

    def send(self, order: ApprovedOrder, ts_ns: int) -> None:
        """Send an order; it arrives after the latency, its answers come back from ``due``."""
        self._request(ts_ns, lambda at_ns: self._place(order, at_ns))

    def cancel(self, symbol: Symbol, client_order_id: ClientOrderId, ts_ns: int) -> None:
        """Send a cancel; cancelling what is not open is answered with a failure."""
        self._request(ts_ns, lambda at_ns: self._cancel(symbol, client_order_id, at_ns))

    def query(self, symbol: Symbol, client_order_id: ClientOrderId, ts_ns: int) -> None:
        """Ask how an order stands; -2013 comes back as a failure that is not ambiguous."""
        self._request(ts_ns, lambda at_ns: self._query(symbol, client_order_id, at_ns))

    def due(self, ts_ns: int) -> list[Answer]:
        """Return what has come back by a time, oldest first, each once."""
        self._arrive_until(ts_ns)
        come: list[Answer] = []
        while self._answers and self._answers[0][0] <= ts_ns:
            come.append(self._answers.popleft()[1])
        return come

    def account(self, ts_ns: int) -> AccountSnapshot:
        """Return balances and open orders as they stand at a time."""
        self._arrive_until(ts_ns)
        account = self._matching.accounts[ACCOUNT]
        balances = tuple(
            Balance(asset=asset, free_e8=free, locked_e8=account.locked[asset])
            for asset, free in sorted(account.free.items())
        )
        orders = self._matching.register.open_orders(ACCOUNT)
        return AccountSnapshot(balances, tuple(self._state(order, None, ts_ns) for order in orders), ts_ns)

    # --- inside -----------------------------------------------------------------------------------------------

    def _request(self, ts_ns: int, arrive: Callable[[int], None]) -> None:
        due_ns = self._on_its_way(ts_ns, self._requests[-1][0] if self._requests else 0)
        self._requests.append((due_ns, arrive))
        if due_ns <= ts_ns:
            self._arrive_until(ts_ns)

    def _on_its_way(self, ts_ns: int, not_before_ns: int) -> int:
        jitter = int(self._chance.integers(self._jitter_ns + 1)) if self._jitter_ns else 0
        return max(ts_ns + self._latency_ns + jitter, not_before_ns)

    def _arrive_until(self, ts_ns: int) -> None:
        while self._requests and self._requests[0][0] <= ts_ns:
            at_ns, arrive = self._requests.popleft()
            arrive(at_ns)
            self._report(at_ns)

    def _place(self, order: ApprovedOrder, at_ns: int) -> None:
        try:
            self._matching.place(ACCOUNT, new_order(order, self._instruments[order.symbol]), at_ns // 1_000_000)
        except Refused as refused:
            self._answer(at_ns, _failure(order.client_order_id, refused, at_ns))

    def _cancel(self, symbol: Symbol, client_order_id: ClientOrderId, at_ns: int) -> None:
        order = self._matching.register.find(ACCOUNT, symbol, None, client_order_id)
        if order is not None and order.is_open:
            self._matching.cancel(order, at_ns // 1_000_000)
        else:
            self._answer(at_ns, SendFailed(client_order_id, False, -2011, "Unknown order sent.", at_ns))

    def _query(self, symbol: Symbol, client_order_id: ClientOrderId, at_ns: int) -> None:
        order = self._matching.register.find(ACCOUNT, symbol, None, client_order_id)
        if order is None:
            self._answer(at_ns, SendFailed(client_order_id, False, -2013, "Order does not exist.", at_ns))
        else:
            self._answer(at_ns, self._state(order, None, at_ns))

    def _report(self, at_ns: int) -> None:
        for happening in self._matching.drain():
            if isinstance(happening, OrderEvent) and happening.what is not Execution.REPLACED:
                self._answer(at_ns, self._state(happening.order, happening.fill, at_ns))

    def _answer(self, at_ns: int, answer: Answer) -> None:
        due_ns = self._on_its_way(at_ns, self._answers[-1][0] if self._answers else 0)
        self._answers.append((due_ns, replace(answer, ts_recv_ns=due_ns)))

    def _state(self, order: Order, fill: Fill | None, at_ns: int) -> ExecutionReport:
        instrument = self._instruments[Symbol(order.symbol)]
        return ExecutionReport(
            symbol=instrument.symbol,
            client_order_id=ClientOrderId(order.client_order_id),
            venue_order_id=VenueOrderId(order.order_id),
            side=order.side,
            state=STATES[order.status],
            qty_lots=order.qty // instrument.lot_e8,
            cum_qty_lots=order.executed // instrument.lot_e8,
            cum_quote_e8=order.cum_quote,
            fill_id=fill.trade_id if fill else 0,
            last_qty_lots=fill.qty // instrument.lot_e8 if fill else 0,
            last_price_ticks=fill.price // instrument.tick_e8 if fill else 0,
            fee_e8=fill.fee if fill else 0,
            fee_asset=fill.fee_asset if fill else "",
            is_maker=bool(fill and fill.is_maker),
            reason=order.status.value if order.status in (Status.EXPIRED, Status.EXPIRED_IN_MATCH) else "",
            ts_exchange_ns=at_ns,
            ts_recv_ns=at_ns,
        )


def rules_of(instrument: Instrument) -> SymbolRules:
    """Turn the core's instrument into the exchange's own rules."""
    tick, lot = instrument.tick_e8, instrument.lot_e8
    return SymbolRules(
        symbol=instrument.symbol,
        base_asset=instrument.base_asset,
        quote_asset=instrument.quote_asset,
        tick=tick,
        lot=lot,
        min_price=instrument.min_price_ticks * tick,
        max_price=instrument.max_price_ticks * tick,
        min_qty=instrument.min_qty_lots * lot,
        max_qty=instrument.max_qty_lots * lot,
        max_market_qty=instrument.max_qty_lots * lot,
        min_notional=instrument.min_notional_e8,
        max_notional=instrument.max_notional_e8 or 2**63,
        status="TRADING" if instrument.is_trading else "BREAK",
    )


def new_order(order: ApprovedOrder, instrument: Instrument) -> NewOrder:
    """Turn an approved order into the request that its bytes would make."""
    return NewOrder(
        symbol=order.symbol,
        side=order.side,
        type=order.order_type,
        client_order_id=order.client_order_id,
        time_in_force=order.time_in_force,
        qty=order.qty_lots * instrument.lot_e8,
        price=order.price_ticks * instrument.tick_e8,
    )


def _levels(levels: Levels, instrument: Instrument) -> list[Level]:
    tick, lot = instrument.tick_e8, instrument.lot_e8
    return [(price * tick, qty * lot) for price, qty in levels.tolist()]


def _failure(client_order_id: ClientOrderId, refused: Refused, at_ns: int) -> SendFailed:
    return SendFailed(client_order_id, False, refused.code, refused.message, at_ns)

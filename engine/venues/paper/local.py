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

from engine.core.account import AccountSnapshot, Balance
from engine.core.instrument import Instrument
from engine.core.types import (
    ApprovedOrder,
    ApprovedProtection,
    BookUpdate,
    ClientOrderId,
    ExecutionReport,
    Quote,
    ReplaceMode,
    SendFailed,
    Symbol,
    Trade,
)
from engine.venues.paper.defaults import MAKER_FEE_PPM, TAKER_FEE_PPM
from engine.venues.paper.errors import Refused
from engine.venues.paper.local_words import failure_of, levels_of, new_order, new_pair, report_of, rules_of
from engine.venues.paper.market import Touch
from engine.venues.paper.matching import Matching
from engine.venues.paper.orders import Execution, Fill, Order, OrderEvent
from engine.venues.paper.rules import check_filters

Answer = ExecutionReport | SendFailed

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
        self._requests: deque[tuple[int, Callable[[int], object]]] = deque()
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
        bids, asks = levels_of(update.bids, instrument), levels_of(update.asks, instrument)
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
        self._request(ts_ns, lambda at_ns: self._cancel_one(symbol, (client_order_id,), at_ns))

    def query(self, symbol: Symbol, client_order_id: ClientOrderId, ts_ns: int) -> None:
        """Ask how an order stands; -2013 comes back as a failure that is not ambiguous."""
        self._request(ts_ns, lambda at_ns: self._query(symbol, client_order_id, at_ns))

    def send_protection(self, protection: ApprovedProtection, ts_ns: int) -> None:
        """Send a stop and a target as one list (OCO); refused, it is a failure of both."""
        self._request(ts_ns, lambda at_ns: self._place_pair(protection, at_ns))

    def replace(
        self,
        order: ApprovedOrder,
        cancelled: ClientOrderId,
        along: tuple[ClientOrderId, ...],
        mode: ReplaceMode,
        ts_ns: int,
    ) -> None:
        """Send a cancel and a new order in one; ``along`` names the others of the cancelled order's list."""
        self._request(ts_ns, lambda at_ns: self._replace(order, (cancelled, *along), mode, at_ns))

    def cancel_all(self, symbol: Symbol, ts_ns: int) -> None:
        """Send a cancel of all open orders of a symbol."""
        self._request(ts_ns, lambda at_ns: self._cancel_all(symbol, at_ns))

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
        return AccountSnapshot(balances, tuple(self._state(order, ts_ns) for order in orders), ts_ns)

    # --- inside -----------------------------------------------------------------------------------------------

    def _request(self, ts_ns: int, arrive: Callable[[int], object]) -> None:
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
            self._answer(at_ns, failure_of(order.client_order_id, refused, at_ns))

    def _place_pair(self, protection: ApprovedProtection, at_ns: int) -> None:
        new = new_pair(protection, self._instruments[protection.symbol])
        try:
            self._matching.place_list(ACCOUNT, new, at_ns // 1_000_000)
        except Refused as refused:
            for name in protection.legs:
                self._answer(at_ns, failure_of(name, refused, at_ns))

    def _replace(
        self, order: ApprovedOrder, replaced: tuple[ClientOrderId, ...], mode: ReplaceMode, at_ns: int
    ) -> None:
        market = self._matching.market(order.symbol)
        try:
            check_filters(market.rules, new_order(order, self._instruments[order.symbol]), market.reference)
        except Refused as refused:  # before anything is cancelled, as the venue does
            self._answer(at_ns, failure_of(order.client_order_id, refused, at_ns))
            return
        if self._cancel_one(order.symbol, replaced, at_ns) or mode is ReplaceMode.ALLOW_FAILURE:
            self._place(order, at_ns)
        else:
            words = "Order cancel-replace failed."
            self._answer(at_ns, SendFailed(order.client_order_id, False, -2022, words, at_ns))

    def _cancel_one(self, symbol: Symbol, names: tuple[ClientOrderId, ...], at_ns: int) -> bool:
        """Cancel the first order, with which all of its list goes; return whether it was open."""
        order = self._find_open(symbol, names[0])
        if order is None:
            for name in names:
                self._answer(at_ns, SendFailed(name, False, -2011, "Unknown order sent.", at_ns))
            return False
        self._matching.cancel(order, at_ns // 1_000_000)
        return True

    def _cancel_all(self, symbol: Symbol, at_ns: int) -> None:
        for order in self._matching.register.open_orders(ACCOUNT, symbol):
            if order.is_open:  # the cancel of another one of its list may have ended it a moment ago
                self._matching.cancel(order, at_ns // 1_000_000)

    def _find_open(self, symbol: Symbol, name: ClientOrderId) -> Order | None:
        order = self._matching.register.find(ACCOUNT, symbol, None, name)
        return order if order is not None and order.is_open else None

    def _query(self, symbol: Symbol, client_order_id: ClientOrderId, at_ns: int) -> None:
        order = self._matching.register.find(ACCOUNT, symbol, None, client_order_id)
        if order is None:
            self._answer(at_ns, SendFailed(client_order_id, False, -2013, "Order does not exist.", at_ns))
        else:
            self._answer(at_ns, self._state(order, at_ns))

    def _report(self, at_ns: int) -> None:
        for happening in self._matching.drain():
            if isinstance(happening, OrderEvent) and happening.what is not Execution.REPLACED:
                self._answer(at_ns, self._state(happening.order, at_ns, happening.fill))

    def _answer(self, at_ns: int, answer: Answer) -> None:
        due_ns = self._on_its_way(at_ns, self._answers[-1][0] if self._answers else 0)
        self._answers.append((due_ns, replace(answer, ts_recv_ns=due_ns)))

    def _state(self, order: Order, at_ns: int, fill: Fill | None = None) -> ExecutionReport:
        return report_of(order, fill, self._instruments[Symbol(order.symbol)], at_ns)

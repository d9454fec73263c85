"""Keeps the stop and target of everything that is held at the exchange, and says where that can't be.

What rests there is compared with what should after each report, at each account and ten times a second: it is placed,
withdrawn where it protects nothing or something else than what is held, and then placed anew. The venue takes no second
list over the same balance, so that between the two nothing rests there; ``Protection``, the engine's own watch, covers
that, and everything else that can't rest.
"""

from __future__ import annotations

from hashlib import blake2b
from itertools import count
from typing import Final

import msgspec

from engine.core import queries
from engine.core.actions import Cancel, Protect, Replace, Send
from engine.core.orders import NO_SUCH_ORDER, Order
from engine.core.portfolio import RoundTrip
from engine.core.resting import PROTECTION, is_live, is_stop
from engine.core.trading import ORDER_PREFIX, Trading
from engine.core.types import (
    ApprovedOrder,
    ApprovedProtection,
    ClientOrderId,
    OrderListId,
    OrderRequest,
    OrderState,
    OrderType,
    Refusal,
    SendFailed,
    Side,
    Symbol,
    TradeId,
)
from engine.core.views import order_view
from engine.wire import events

SOON_NS: Final = 1_000_000_000
"""What was refused is asked for again after this, because the price may just have been jumping ..."""
AGAIN_NS: Final = 10_000_000_000
"""... and what was refused for the same reason again, after this."""
WITHDRAWN_NS: Final = 1_000_000_000
"""A cancel that has had no effect for so long is sent once more."""
MOVE_EVERY_NS: Final = 1_000_000_000
"""What rests is moved so often at most: entries that come one after the other must not eat the venue's limits up."""
SIBLING_NS: Final = 2_000_000_000
"""So long after one order of a list has filled the other one is given to end, or the one itself to fill whole."""
NAKED_AFTER_NS: Final = 10_000_000_000
"""A quiet market or a book that is being fetched anew is no alert yet."""
NAKED_AGAIN_NS: Final = 60_000_000_000
"""People are told again of a position that nobody watches after this."""
_NOT_REPLACED: Final = -2022
"""The order before it could not be cancelled, so that the sale was not placed. Source: Binance, "Error codes"."""
_TRIGGERED: Final = "C8_TRIGGERED"
_AGAIN: Final = ":again"


class _Refused(msgspec.Struct, frozen=True):
    """What stood in the way when protection was last asked for."""

    trade_id: TradeId
    again_ns: int
    code: str


class _Naked(msgspec.Struct):
    """Since when nobody watches a position, and when people are told next."""

    tell_ns: int
    is_told: bool = False


class Protector:
    """Places, withdraws and replaces what rests at the exchange; a position that nobody watches is an alert."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._refused: dict[Symbol, _Refused] = {}
        self._withdrawn_ns: dict[Symbol, int] = {}
        self._placed_ns: dict[Symbol, int] = {}
        self._naked: dict[Symbol, _Naked] = {}
        self._sales: dict[Symbol, ApprovedOrder] = {}
        """People's sales that could not take the place of the protection, and are asked for once more."""
        self._has_reconciled = False

    def look_at_all(self) -> None:
        """Compare everything that is held, and everything that rests, with what should; raise or end alerts."""
        trading = self._trading
        for symbol in {**dict.fromkeys(trading.portfolio.open), **dict.fromkeys(trading.resting.symbols())}:
            self.follow(symbol)
        for symbol in {**dict.fromkeys(trading.portfolio.open), **dict.fromkeys(self._naked)}:
            self._look_naked(symbol)

    def follow(self, symbol: Symbol) -> None:
        """Compare what rests of a symbol with what should, and do the next thing that is missing."""
        trading, trip = self._trading, self._trading.portfolio.open.get(symbol)
        legs = trading.resting.legs(symbol)
        if trip is None:
            self._sales.pop(symbol, None)
        if trading.latch.flattens(symbol):
            return  # the kill sells it, slice by slice, and takes what rests out of its own way
        if trip is None or not trip.stop_ticks or trading.config.exits == "engine":
            self._withdraw(symbol, [leg for leg in legs if trading.now_ns - leg.changed_ns >= SIBLING_NS])
        elif self._may_place(symbol, legs) and not self._sell_again(symbol):
            if not legs:
                self._place(trip)
            elif self._fits(trip, legs):
                self._refused.pop(symbol, None)
            elif trading.now_ns - self._placed_ns.get(symbol, 0) >= MOVE_EVERY_NS:
                self._move(trip, legs)

    def on_failure(self, failure: SendFailed) -> None:
        """Take the news that something failed: a refused protection is held by the engine, a sale is tried anew."""
        order = self._trading.orders.get(failure.client_order_id)
        if order is None or order.state is not OrderState.REJECTED or order.reason != failure.reason:
            return
        approved, trip = order.approved, self._trading.portfolio.open.get(order.approved.symbol)
        if approved.cause_id.startswith(PROTECTION):
            if trip is not None and failure.code not in (NO_SUCH_ORDER, _NOT_REPLACED) and is_stop(approved):
                self._held_here(trip, str(failure.code), f"{failure.reason} ({failure.code}).")
        elif failure.code == _NOT_REPLACED and self._is_to_try_again(approved):
            self._sales[approved.symbol] = approved
        self.follow(approved.symbol)

    # ------------------------------------------------------------------ placing

    def _may_place(self, symbol: Symbol, legs: list[Order]) -> bool:
        """Say whether all is known that decides: the account, and no order of the symbol that is still on its way."""
        trading = self._trading
        self._has_reconciled |= trading.is_reconciled
        if not self._has_reconciled or any(leg.state in (OrderState.IN_FLIGHT, OrderState.UNKNOWN) for leg in legs):
            return False
        return all(o in legs for o in trading.orders.unsettled() if o.approved.symbol == symbol)

    def _place(self, trip: RoundTrip) -> None:
        trading, symbol = self._trading, trip.instrument.symbol
        self._withdrawn_ns.pop(symbol, None)
        refused = self._refused.get(symbol)
        if refused is not None and refused.trade_id == trip.trade_id and trading.now_ns < refused.again_ns:
            return
        if trip.lots <= 0 or trading.markets[symbol].bid_ticks <= 0:
            return
        result = self._check(trip)
        if not isinstance(result, Refusal):
            self._placed_ns[symbol] = trading.now_ns
            self._send(result)
        elif result.code != _TRIGGERED and self._held_here(trip, result.code, f"{result}. {result.advice}"):
            trading.refuse(self._stop_of(trip), result)

    def _check(self, trip: RoundTrip) -> ApprovedProtection | ApprovedOrder | Refusal:
        trading, symbol = self._trading, trip.instrument.symbol
        cause, stop = self._cause(trip), self._stop_of(trip)
        target = self._leg(trip, f"{cause}:target", OrderType.LIMIT_MAKER, "exit:take_profit")
        wanted = target if trip.target_ticks else None
        return trading.gate.protect(OrderListId(_name(cause)), stop, wanted, trading.facts(symbol))

    def _stop_of(self, trip: RoundTrip) -> OrderRequest:
        return self._leg(trip, f"{self._cause(trip)}:stop", OrderType.STOP_LOSS_LIMIT, "exit:stop_loss")

    def _leg(self, trip: RoundTrip, cause: str, order_type: OrderType, origin: str) -> OrderRequest:
        return OrderRequest(
            client_order_id=ClientOrderId(_name(cause)),
            symbol=trip.instrument.symbol,
            side=Side.SELL,
            order_type=order_type,
            qty_lots=0,
            limit_ticks=0,
            reduce_only=True,
            stop_ticks=trip.stop_ticks,
            target_ticks=trip.target_ticks,
            cause_id=cause,
            origin=origin,
            trade_id=trip.trade_id,
            ts_ns=self._trading.now_ns,
        )

    def _cause(self, trip: RoundTrip) -> str:
        """Name the next protection of a position: the first number that no order of it bears, earlier runs included."""
        names = (f"{PROTECTION}{trip.trade_id}:{trip.opened_ns}:{number}" for number in count())
        return next(name for name in names if not self._trading.was_ordered(f"{name}:stop"))

    def _send(self, approved: ApprovedProtection | ApprovedOrder) -> None:
        """Record both orders as in flight, and let them leave; their ids are those of the trade, and of its turn."""
        if isinstance(approved, ApprovedOrder):
            self._open(approved)
            self._trading.do(Send(approved))
            return
        for leg in approved.orders:
            self._open(leg)
        self._trading.do(Protect(approved))

    def _open(self, leg: ApprovedOrder) -> None:
        trading = self._trading
        trading.last_hop.cause_in(leg.cause_id)
        trading.remember_cause(leg.cause_id)
        order = trading.orders.open(leg)
        trading.resting.adopt(order)
        it = trading.instrument(order)
        trading.publish(lambda: events.OrderChanged(ts_ns=leg.ts_ns, order=order_view(order, it)))

    def _held_here(self, trip: RoundTrip, code: str, why: str) -> bool:
        """Say once, for each reason, that the engine watches a stop that can't rest at the exchange; True if it did."""
        trading, symbol = self._trading, trip.instrument.symbol
        known = self._refused.get(symbol)
        is_known = known is not None and (known.trade_id, known.code) == (trip.trade_id, code)
        again_ns = trading.now_ns + (AGAIN_NS if is_known else SOON_NS)
        self._refused[symbol] = _Refused(trip.trade_id, again_ns, code)
        if is_known:
            return False
        words = f"The stop of {symbol} can't rest at the exchange: {why} The engine watches it itself."
        trading.notice("warning", "HELD_BY_ENGINE", words)
        return True

    # ------------------------------------------------------------------ moving

    def _fits(self, trip: RoundTrip, legs: list[Order]) -> bool:
        """Say whether what rests is a stop over all that is held, at the trip's own levels."""
        stop, instrument = legs[0], trip.instrument
        if not is_stop(stop.approved):  # a target that has begun to fill: at the venue its stop has ended with that
            return bool(stop.cum_lots) and self._trading.now_ns - stop.changed_ns < SIBLING_NS
        levels = (stop.approved.stop_ticks, stop.approved.target_ticks)
        wanted_lots = min(trip.lots, instrument.max_qty_lots)
        rest_lots = stop.approved.qty_lots - sum(leg.filled_lots for leg in legs)
        return levels == (trip.stop_ticks, trip.target_ticks) and rest_lots == wanted_lots

    def _move(self, trip: RoundTrip, legs: list[Order]) -> None:
        """Put another stop in the place of one that rests alone, in one request; a list is cancelled, then placed."""
        symbol, is_alone = trip.instrument.symbol, len(legs) == 1 and not trip.target_ticks
        stop = self._check(trip) if is_alone and is_stop(legs[0].approved) else None
        if not isinstance(stop, ApprovedOrder):
            self._withdraw(symbol, legs)
            return
        self._placed_ns[symbol] = self._trading.now_ns
        self._open(stop)
        self._trading.do(Replace(stop, legs[0].approved.client_order_id, ()))

    def _withdraw(self, symbol: Symbol, legs: list[Order]) -> None:
        """Cancel what rests, again where that has had no effect; the venue cancels all of a list with one of it."""
        now_ns = self._trading.now_ns
        live = [leg for leg in legs if is_live(leg)]
        if live and now_ns - self._withdrawn_ns.get(symbol, -WITHDRAWN_NS) >= WITHDRAWN_NS:
            self._withdrawn_ns[symbol] = now_ns
            self._trading.do(Cancel(symbol, live[0].approved.client_order_id))

    def _sell_again(self, symbol: Symbol) -> bool:
        """Ask once more for a person's sale whose way was not free; now it is known what of the protection is left."""
        sale = self._sales.pop(symbol, None)
        if sale is None:
            return False
        trading, cause = self._trading, sale.cause_id + _AGAIN
        lots = min(sale.qty_lots, trading.sellable_lots(symbol))
        trading.last_hop.cause_in(cause)
        result = trading.submit(trading.reduction(symbol, cause, sale.origin, lots))
        if isinstance(result, Refusal):
            words = f"The sale {sale.client_order_id} of {symbol} did not leave: {result}. {result.advice}"
            trading.notice("critical", result.code, words)
            return False
        words = f"Order {sale.client_order_id} met a protective order that was about to fill; it is sent once more, as"
        trading.notice("info", "SALE_AGAIN", f"{words} {result.client_order_id}.")
        return True

    def _is_to_try_again(self, sale: ApprovedOrder) -> bool:
        """Say whether nobody else sees to a sale that did not leave, and this was its first try."""
        is_own = sale.cause_id.startswith(("command:", "proposal:", "signal:")) and not sale.cause_id.endswith(_AGAIN)
        return is_own and not self._trading.was_ordered(sale.cause_id + _AGAIN)

    # ------------------------------------------------------------------ nobody watches

    def _look_naked(self, symbol: Symbol) -> None:
        """Raise an alert over a position that neither the exchange nor the engine protects, or end it."""
        trading, trip = self._trading, self._trading.portfolio.open.get(symbol)
        if trip is None or self._is_watched(trip):
            ended = self._naked.pop(symbol, None)
            if ended is not None and ended.is_told:
                trading.notice("info", "NAKED_POSITION", f"The position of {symbol} is watched again, or closed.")
            return
        naked = self._naked.setdefault(symbol, _Naked(trading.now_ns + NAKED_AFTER_NS))
        if trading.now_ns >= naked.tell_ns:
            naked.tell_ns, naked.is_told = trading.now_ns + NAKED_AGAIN_NS, True
            why = "its market data is not fresh" if trip.stop_ticks else "it has no stop"
            words = f"Nobody watches the position of {symbol}: nothing rests at the exchange, and {why}."
            trading.notice("critical", "NAKED_POSITION", f"{words} See /status, or close it.")

    def _is_watched(self, trip: RoundTrip) -> bool:
        symbol = trip.instrument.symbol
        if is_live(self._trading.resting.stop(symbol)):
            return True
        return bool(trip.stop_ticks) and queries.is_fresh(self._trading, symbol)


def _name(cause: str) -> str:
    return ORDER_PREFIX + blake2b(cause.encode(), digest_size=12).hexdigest()

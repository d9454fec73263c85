"""Keeps the stop and targets of everything that is held at the exchange, and says where that can't be.

What rests there is compared with what should after each report, at each account and ten times a second: it is placed,
moved, or withdrawn where it protects nothing or something else than what is held. A stop that a plan has raised takes
the place of the one before in one request, and its target goes along (decision 0016). What can't be done so is
cancelled, then placed: the venue takes no second list over the same balance. Between the two, and for everything else
that can't rest, ``Protection`` watches, the engine's own eye.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Final

import msgspec

from engine.core.actions import Cancel, Protect, Replace, Send
from engine.core.naked import NakedWatch
from engine.core.orders import NO_SUCH_ORDER, Order
from engine.core.portfolio import TAKE_PROFIT, RoundTrip
from engine.core.records import StopMoved
from engine.core.resale import Resale
from engine.core.resting import PROTECTION, Part, is_live, is_stop, list_of
from engine.core.targets import Target, least_part, split
from engine.core.trading import Trading
from engine.core.trailing import follow, is_kept_due
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
    order_name,
)
from engine.core.views import order_view, trade_view
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
_NOT_REPLACED: Final = -2022
"""The order before it could not be cancelled, so that the new one was not placed. Source: Binance, "Error codes"."""
_TRIGGERED: Final = "C8_TRIGGERED"


class _Refused(msgspec.Struct, frozen=True):
    """What stood in the way when protection was last asked for."""

    trade_id: TradeId
    again_ns: int
    code: str


class Protector:
    """Places, withdraws and replaces what rests at the exchange; a position that nobody watches is an alert."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._refused: dict[Symbol, _Refused] = {}
        self._withdrawn_ns: dict[ClientOrderId, int] = {}
        self._placed_ns: dict[Symbol, int] = {}
        self._resale = Resale(trading)
        self._naked = NakedWatch(trading)
        self._has_reconciled = False

    def look_at_all(self) -> None:
        """Compare everything that is held, and everything that rests, with what should; raise or end alerts."""
        trading = self._trading
        for symbol in {**dict.fromkeys(trading.portfolio.open), **dict.fromkeys(trading.resting.symbols())}:
            self.follow(symbol)
        self._naked.look_at_all()

    def follow(self, symbol: Symbol) -> None:
        """Compare what rests of a symbol with what should, and do the next thing that is missing."""
        trading, trip = self._trading, self._trading.portfolio.open.get(symbol)
        legs = trading.resting.legs(symbol)
        if trip is None:
            self._resale.forget(symbol)
        else:
            self._keep_stop(trip)
        if trip is not None and trading.resting.is_frozen:
            return
        if trading.latch.flattens(symbol):
            return  # the kill sells it, slice by slice, and takes what rests out of its own way
        if trip is None or not trip.kept_ticks or trading.config.exits == "engine":
            self._withdraw(leg for leg in legs if trading.now_ns - leg.changed_ns >= SIBLING_NS)
            if trip is not None and not legs:
                self._tell_moved(trip)
        elif self._may_place(symbol, legs) and not self._resale.try_again(symbol):
            self._arrange(trip, trading.resting.parts(symbol))

    def on_failure(self, failure: SendFailed) -> None:
        """Take the news that something failed: a refused protection is held by the engine, a sale is tried anew."""
        order = self._trading.orders.get(failure.client_order_id)
        if order is None or order.state is not OrderState.REJECTED or order.reason != failure.reason:
            return
        approved, trip = order.approved, self._trading.portfolio.open.get(order.approved.symbol)
        if approved.cause_id.startswith(PROTECTION):
            if trip is not None and failure.code not in (NO_SUCH_ORDER, _NOT_REPLACED) and is_stop(approved):
                self._held_here(trip, str(failure.code), f"{failure.reason} ({failure.code}).")
        elif failure.code == _NOT_REPLACED:
            self._resale.keep(approved)
        self.follow(approved.symbol)

    # ------------------------------------------------------------------ the level of the stop

    def _keep_stop(self, trip: RoundTrip) -> None:
        """Write a raised stop down, once that is worth moving it at the exchange: from then on it belongs there."""
        trading, symbol = self._trading, trip.instrument.symbol
        if trip.plan is None:
            return
        follow(trip, trip.plan, trading.markets[symbol])
        if is_kept_due(trip, trip.plan, trading.now_ns):
            trip.keep_stop(trading.now_ns)
            moved = StopMoved(symbol, trip.trade_id, trip.stop_ticks, trip.high_ticks, trip.stop_kind, trading.now_ns)
            trading.write(moved)

    def _tell_moved(self, trip: RoundTrip) -> None:
        """Tell people of a stop that a plan has moved, once it is where it belongs."""
        if trip.told_ticks == trip.kept_ticks:
            return
        trip.told_ticks, trading, it = trip.kept_ticks, self._trading, trip.instrument
        now_ns, bid_ticks = trading.now_ns, trading.markets[it.symbol].bid_ticks
        text = f"the stop moved to {it.price_text(trip.kept_ticks)} ({trip.stop_kind.replace('_', ' ')})"
        trading.publish(
            lambda: events.TradeChanged(
                ts_ns=now_ns, what="protection", trade=trade_view(trip, bid_ticks, now_ns), text=text
            )
        )

    # ------------------------------------------------------------------ what is missing, what is wrong

    def _may_place(self, symbol: Symbol, legs: list[Order]) -> bool:
        """Say whether all is known that decides: the account, and no order of the symbol that is still on its way.

        What rests at a limit of a person's does not count: what fills of an entry must not wait for the rest of it.
        """
        trading = self._trading
        self._has_reconciled |= trading.is_reconciled
        if not self._has_reconciled or any(leg.state in (OrderState.IN_FLIGHT, OrderState.UNKNOWN) for leg in legs):
            return False
        moving = (o for o in trading.orders.unsettled() if not ((o.is_resting_entry or o.is_offer) and o.is_waiting))
        return all(o in legs for o in moving if o.approved.symbol == symbol)

    def _arrange(self, trip: RoundTrip, parts: list[Part]) -> None:
        """Bring what rests and what is wanted together, by the step that leaves the least unprotected."""
        trading, symbol = self._trading, trip.instrument.symbol
        wanted = self._wanted(trip)
        if not parts:
            self._place(trip, wanted)
            if not wanted:
                self._tell_moved(trip)
        elif self._fits(trip, parts, wanted):
            self._refused.pop(symbol, None)
            self._tell_moved(trip)
        elif trading.now_ns - self._placed_ns.get(symbol, 0) < MOVE_EVERY_NS:
            return
        elif self._rests_alone(trip):
            self._raise(trip, parts)
        else:
            self._rearrange(trip, parts, wanted)

    def _wanted(self, trip: RoundTrip) -> list[Target]:
        """Return the parts in which a position should rest; a raised stop rests without targets."""
        trading = self._trading
        symbol = trip.instrument.symbol
        least = least_part(trip, trading.markets[symbol], trading.gate.limits_of(symbol).collar_pct)
        lots = self._coverable(trip, trading.sellable_lots(symbol))
        parts = split(trip, lots, least) if lots > 0 else []
        return [part._replace(ticks=0) for part in parts] if trip.is_raised else parts

    def _coverable(self, trip: RoundTrip, lots: int) -> int:
        """Return how much of so many lots stops at the exchange can cover: not what is on sale at a limit."""
        it = trip.instrument
        return max(min(lots - self._trading.offered_lots(it.symbol), it.max_qty_lots), 0)

    def _rests_alone(self, trip: RoundTrip) -> bool:
        """Say whether its stops rest without targets, so that each can be moved in one request."""
        return trip.is_raised or not (trip.target_ticks or (trip.plan is not None and trip.plan.steps))

    def _fits(self, trip: RoundTrip, parts: list[Part], wanted: list[Target]) -> bool:
        """Say whether stops over all that is held rest, at the trip's own levels; targets may be filling right now."""
        levels = {part.ticks for part in wanted}
        if not all(self._is_right(part, trip, levels) for part in parts):
            return False
        return sum(part.rest_lots for part in parts) == self._coverable(trip, trip.lots)

    def _is_right(self, part: Part, trip: RoundTrip, levels: Iterable[int]) -> bool:
        if part.stop is None:  # a target that has begun to fill: at the venue its stop has ended with that
            (target,) = part.legs
            return bool(target.cum_lots) and self._trading.now_ns - target.changed_ns < SIBLING_NS
        approved = part.stop.approved
        return approved.stop_ticks == trip.kept_ticks and approved.target_ticks in levels

    # ------------------------------------------------------------------ moving

    def _raise(self, trip: RoundTrip, parts: list[Part]) -> None:
        """Put a stop in the place of each part that is not right, in one request; the last one takes what is missing.

        What rests over more than is held, or has lost its stop, goes.
        """
        over = sum(part.rest_lots for part in parts) - self._coverable(trip, trip.lots)
        for part in reversed(parts):
            lots = part.rest_lots - over if over < part.rest_lots else 0
            over = 0 if lots else over - part.rest_lots
            if lots != part.rest_lots or not self._is_right(part, trip, (0,)):
                self._replace(trip, part, lots)

    def _replace(self, trip: RoundTrip, part: Part, lots: int) -> None:
        """Let a part make way for a stop over so many lots; where none may be placed, what is there stays."""
        stop = self._check(trip, Target(0, lots, 0)) if lots and part.stop is not None else None
        if isinstance(stop, ApprovedOrder):
            self._placed_ns[trip.instrument.symbol] = self._trading.now_ns
            self._trading.resting.make_way(part, self._open(stop))
            self._trading.do(Replace(stop, part.names[0], part.names[1:]))
        elif stop is None or lots < part.rest_lots:
            self._withdraw(part.legs)

    def _rearrange(self, trip: RoundTrip, parts: list[Part], wanted: list[Target]) -> None:
        """Withdraw the lists that are not among those wanted; once they are gone, place those that are missing."""
        missing, wrong = list(wanted), []
        for part in parts:
            alike = [each for each in missing if each.lots == part.rest_lots]
            same = [each for each in alike if self._is_right(part, trip, (each.ticks,))]
            if same:
                missing.remove(same[0])
            else:
                wrong.append(part)
        for part in wrong:
            self._withdraw(part.legs)
        if not wrong:
            self._place(trip, missing)

    def _withdraw(self, legs: Iterable[Order]) -> None:
        """Cancel what rests, again where that has had no effect; the venue cancels all of a list with one of it."""
        now_ns = self._trading.now_ns
        lists: dict[str, Order] = {}
        for leg in legs:
            if is_live(leg):
                lists.setdefault(list_of(leg.approved), leg)
        self._withdrawn_ns = {n: ts_ns for n, ts_ns in self._withdrawn_ns.items() if now_ns - ts_ns < WITHDRAWN_NS}
        for leg in lists.values():
            name = leg.approved.client_order_id
            if name not in self._withdrawn_ns:
                self._withdrawn_ns[name] = now_ns
                self._trading.do(Cancel(leg.approved.symbol, name))

    # ------------------------------------------------------------------ placing

    def _place(self, trip: RoundTrip, wanted: list[Target]) -> None:
        trading, symbol = self._trading, trip.instrument.symbol
        refused = self._refused.get(symbol)
        if refused is not None and refused.trade_id == trip.trade_id and trading.now_ns < refused.again_ns:
            return
        if trip.lots <= 0 or trading.markets[symbol].bid_ticks <= 0:
            return
        for part in wanted:
            result = self._check(trip, part)
            if not isinstance(result, Refusal):
                self._placed_ns[symbol] = trading.now_ns
                self._send(result)
            elif result.code != _TRIGGERED and self._held_here(trip, result.code, f"{result}. {result.advice}"):
                trading.refuse(self._stop_of(trip, part), result)

    def _check(self, trip: RoundTrip, part: Target) -> ApprovedProtection | ApprovedOrder | Refusal:
        trading, symbol = self._trading, trip.instrument.symbol
        stop, cause = self._stop_of(trip, part), self._cause(trip)
        name = f"exit:{TAKE_PROFIT}_{part.step}" if part.step else f"exit:{TAKE_PROFIT}"
        target = self._leg(trip, part, f"{cause}:target", OrderType.LIMIT_MAKER, name)
        return trading.gate.protect(
            OrderListId(order_name(cause)), stop, target if part.ticks else None, trading.facts(symbol)
        )

    def _stop_of(self, trip: RoundTrip, part: Target) -> OrderRequest:
        cause = f"{self._cause(trip)}:stop"
        return self._leg(trip, part, cause, OrderType.STOP_LOSS_LIMIT, f"exit:{trip.stop_kind}")

    def _leg(self, trip: RoundTrip, part: Target, cause: str, order_type: OrderType, origin: str) -> OrderRequest:
        return OrderRequest(
            client_order_id=order_name(cause),
            symbol=trip.instrument.symbol,
            side=Side.SELL,
            order_type=order_type,
            qty_lots=part.lots,
            limit_ticks=0,
            reduce_only=True,
            stop_ticks=trip.kept_ticks,
            target_ticks=part.ticks,
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

    def _open(self, leg: ApprovedOrder) -> Order:
        trading = self._trading
        trading.last_hop.cause_in(leg.cause_id)
        trading.remember_cause(leg.cause_id)
        order = trading.orders.open(leg)
        trading.resting.adopt(order)
        it = trading.instrument(order)
        trading.publish(lambda: events.OrderChanged(ts_ns=leg.ts_ns, order=order_view(order, it)))
        return order

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

"""Order lists: OCO (one cancels the other), OTO (one triggers the other) and OTOCO (one triggers an OCO).

The legs of an OCO share what is put aside for the dearer of them. As soon as one leg begins to live (a stop
triggers, a limit fills), the other expires. A pending order or pair is entered at once, but has nothing put
aside and does not work before the working order is filled wholly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from engine.core.types import Side
from engine.venues.paper.errors import Refused, new_order_rejected
from engine.venues.paper.orders import STOPS, Execution, Expiry, Hold, ListEvent, NewOrder, Order, Status

if TYPE_CHECKING:
    from engine.venues.paper.matching import Matching


class NewOrderList(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a list: a working order or none, and what comes with or after it."""

    client_list_id: str
    working: NewOrder | None
    """None for a plain OCO."""
    legs: tuple[NewOrder, ...]
    """Two for an OCO or OTOCO, one for an OTO."""

    @property
    def symbol(self) -> str:
        """What it trades."""
        return self.legs[0].symbol

    @property
    def contingency(self) -> str:
        """Return ``OCO`` or ``OTO``, which an OTOCO also is. Source: Binance, ENUM definitions, Contingency type."""
        return "OCO" if self.working is None else "OTO"


class OrderList(msgspec.Struct):
    """One list as the exchange keeps it."""

    list_id: int
    account: str
    request: NewOrderList
    time_ms: int
    orders: list[Order]
    is_begun: bool = False
    """The legs work, or wait for their price."""
    is_told_done: bool = False

    @property
    def is_done(self) -> bool:
        """True when no order of it is open."""
        return not any(order.is_open for order in self.orders)

    @property
    def legs(self) -> list[Order]:
        """The orders beside or after the working one."""
        return self.orders if self.request.working is None else self.orders[1:]


class OrderLists:
    """All lists of one matching."""

    def __init__(self, matching: Matching) -> None:
        self._matching = matching
        self._lists: list[OrderList] = []

    def place(self, account: str, new: NewOrderList, ts_ms: int) -> OrderList:
        """Take a list and let its first orders work; raises Refused where any part of it can't be taken."""
        self._check(account, new)
        first = new.legs if new.working is None else (new.working,)
        hold = self._put_aside(account, first)
        placed = OrderList(len(self._lists), account, new, ts_ms, [])
        self._lists.append(placed)
        for order in (*([new.working] if new.working else ()), *new.legs):
            its_hold = hold if order in first else Hold(hold.asset, 0)
            placed.orders.append(self._admit(account, order, its_hold, placed.list_id, ts_ms))
        self._matching.note(ListEvent(account, placed.list_id, ts_ms))
        if new.working is None:
            self._begin_legs(placed, ts_ms)
        else:
            self._matching.begin(placed.orders[0], ts_ms)
        return placed

    def get(self, list_id: int) -> OrderList:
        """Return a list by its id."""
        return self._lists[list_id]

    def of_account(self, account: str) -> list[OrderList]:
        """Return an account's lists, oldest first."""
        return [placed for placed in self._lists if placed.account == account]

    def cancel(self, list_id: int, ts_ms: int, cancel_client_id: str = "") -> OrderList:
        """Cancel every open order of a list."""
        placed = self._lists[list_id]
        for order in placed.orders:
            if order.is_open:
                self._matching.end(order, Status.CANCELED, Execution.CANCELED, ts_ms, cancel_client_id)
        return placed

    # --- what the matching tells ------------------------------------------------------------------------------

    def on_leg_lives(self, order: Order, ts_ms: int) -> None:
        """Let the other leg of an OCO expire: this one triggered or began to fill."""
        for other in self._others(order):
            if other.is_open:
                self._matching.expire(other, Expiry.OCO_TRIGGER, ts_ms)

    def on_ended(self, order: Order, ts_ms: int) -> None:
        """Go on with a list one of whose orders has ended."""
        if order.list_id < 0:
            return
        placed = self._lists[order.list_id]
        if placed.request.working is not None and order is placed.orders[0] and not placed.is_begun:
            self._after_working(placed, order, ts_ms)
        elif order.status in (Status.CANCELED, Status.EXPIRED_IN_MATCH):
            self._cancel_others(order, ts_ms)
        if placed.is_done and not placed.is_told_done:
            placed.is_told_done = True
            self._matching.note(ListEvent(placed.account, placed.list_id, ts_ms))

    def is_hold_shared(self, order: Order) -> bool:
        """Say whether another open order still needs what this one had put aside."""
        return any(other.is_open and other.hold is order.hold for other in self._others(order))

    # --- inside -----------------------------------------------------------------------------------------------

    def _check(self, account: str, new: NewOrderList) -> None:
        orders = (*((new.working,) if new.working else ()), *new.legs)
        for order in new.legs if new.working is None else (new.working,):
            self._matching.check(account, order)
        self._matching.check_counts(account, orders)
        if len(new.legs) == 2:
            _check_sides(self._matching.market(new.symbol).reference if new.working is None else 0, new.legs)
        if len({order.client_order_id for order in orders}) != len(orders) or self._is_open(account, new):
            raise new_order_rejected("Duplicate order sent.")

    def _is_open(self, account: str, new: NewOrderList) -> bool:
        """Say whether an open list bears the same name: it is given again only when the list before is done."""
        names = (each.request.client_list_id for each in self.of_account(account) if not each.is_done)
        return new.client_list_id in names

    def _put_aside(self, account: str, orders: tuple[NewOrder, ...]) -> Hold:
        needs = [self._matching.needs(order, order.qty) for order in orders]
        return self._matching.accounts[account].put_aside(needs[0][0], max(amount for _, amount in needs))

    def _admit(self, account: str, new: NewOrder, hold: Hold, list_id: int, ts_ms: int) -> Order:
        return self._matching.admit(account, new, hold, ts_ms, qty=new.qty, list_id=list_id)

    def _begin_legs(self, placed: OrderList, ts_ms: int) -> None:
        """Let the legs live, the waiting one first, so that it can expire properly should the other fill at once."""
        placed.is_begun = True
        for order in sorted(placed.legs, key=lambda leg: leg.request.stop_price == 0):
            if order.is_open:
                self._matching.begin(order, ts_ms)

    def _after_working(self, placed: OrderList, order: Order, ts_ms: int) -> None:
        placed.is_begun = True
        if order.status is Status.EXPIRED:
            self._expire_legs(placed, Expiry.OTO_PHASE_ONE_EXPIRED, ts_ms)
            return
        if order.status is not Status.FILLED:
            self._cancel_others(order, ts_ms)
            return
        try:
            hold = self._put_aside(placed.account, placed.request.legs)
        except Refused:  # fees or other orders took what the legs need; Binance lets them expire too
            self._expire_legs(placed, Expiry.REJECTED, ts_ms)
            return
        for leg in placed.legs:
            leg.hold = hold
        self._begin_legs(placed, ts_ms)

    def _others(self, order: Order) -> list[Order]:
        if order.list_id < 0:
            return []
        placed = self._lists[order.list_id]
        family = placed.legs if order in placed.legs else []
        return [other for other in family if other is not order]

    def _cancel_others(self, order: Order, ts_ms: int) -> None:
        for other in self._lists[order.list_id].orders:
            if other.is_open and other is not order:
                self._matching.end(other, Status.CANCELED, Execution.CANCELED, ts_ms)

    def _expire_legs(self, placed: OrderList, why: Expiry, ts_ms: int) -> None:
        for leg in placed.legs:
            if leg.is_open:
                self._matching.expire(leg, why, ts_ms)


def _check_sides(reference: int, legs: tuple[NewOrder, ...]) -> None:
    """Refuse an OCO whose two prices don't lie on either side of the market (-2010)."""
    above, below = legs
    upper, lower = _level(above), _level(below)
    wrong_market = bool(reference) and not lower < reference < upper
    if upper <= lower or wrong_market or above.side is not below.side:
        raise new_order_rejected("The relationship of the prices for the orders is not correct.")


def _level(leg: NewOrder) -> int:
    """The price at which a leg begins to live."""
    return leg.stop_price or leg.price


def above_below(legs: tuple[NewOrder, NewOrder]) -> tuple[NewOrder, NewOrder]:
    """Sort the legs of a classic OCO: a sell has its stop below its limit, a buy above."""
    stop_is_below = legs[0].side is Side.SELL
    return legs[::-1] if (legs[0].type in STOPS) == stop_is_below else legs

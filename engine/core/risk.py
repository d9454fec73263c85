"""The gate: every order of a strategy, a button, a command or an exit passes here, and only here becomes approved.

Which control bars a request, and how large an entry may be, is worked out by ``kernels.gate`` in one call; each control
has a stable code, and ``refusals`` says it in words with the numbers that decided. An entry passes all controls; an
exit or a close those of ``try_exit`` only, which let it through while trading is halted: one must always be able to
get out.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np

from engine.core.config import Limits
from engine.core.facts import CLOCK_LIMIT_MS, Facts, Tried
from engine.core.instrument import exit_levels
from engine.core.kernels import gate as kernel
from engine.core.kernels.market import LAST
from engine.core.market import Market
from engine.core.refusals import WORDS
from engine.core.types import (
    BUY,
    ApprovedOrder,
    ApprovedProtection,
    ExecutionReport,
    OrderListId,
    OrderRequest,
    OrderType,
    Refusal,
    Side,
    TimeInForce,
    TradeId,
)

_MARKET, _LIMIT, _IOC, _GTC = OrderType.MARKET, OrderType.LIMIT, TimeInForce.IOC, TimeInForce.GTC


class Gate:
    """The one way to an ``ApprovedOrder``, under the limits of one account."""

    def __init__(self, limits: Limits) -> None:
        self.take(limits, {})

    def take(self, limits: Limits, narrower: Mapping[tuple[str, str], Limits]) -> None:
        """Go by these limits from now on, and by narrower ones for a symbol and a strategy (empty for none)."""
        self.limits = limits
        self.repeat_window_ns = int(limits.repeat_window_s * 1e9)
        """Within this, so many signals alike stop their strategy (C6)."""
        self._account = _array(limits)
        self._narrower = {key: (own, _array(own)) for key, own in narrower.items()}

    def limits_of(self, symbol: str, strategy: str = "") -> Limits:
        """Return the limits that count for a symbol, and for a strategy where it signals."""
        narrower = self._narrower.get((symbol, strategy))
        return self.limits if narrower is None else narrower[0]

    def _array_of(self, facts: Facts) -> np.ndarray:
        narrower = self._narrower.get((facts.market.instrument.symbol, facts.strategy))
        return self._account if narrower is None else narrower[1]

    def check(self, request: OrderRequest, facts: Facts) -> ApprovedOrder | Refusal:
        """Pass a request through every control that applies to it.

        A request without a quantity is sized first (``entry_lots``, or what is sellable for a reduce-only one). A
        market order leaves as an IOC limit order at the collar (C4), and it is this worst price that C2, C3, the cash
        and the venue's filters are held against.
        """
        if facts.barred[0] and not request.reduce_only:
            return Refusal(*facts.barred, "Closes and exits go on; see /risk and /status for what may be done.")
        limits = self._array_of(facts) if self._narrower else self._account
        qty_lots = request.qty_lots if request.qty_lots < kernel.MOST else kernel.MOST  # whatever somebody has typed
        if request.reduce_only is (request.side is BUY):
            bar, lots, worst_ticks, cost_e8 = kernel.WRONG_SIDE, 0, 0, 0
        elif request.reduce_only:
            bar, lots, worst_ticks, cost_e8 = kernel.try_exit(
                facts.market.numbers,
                limits,
                qty_lots,
                request.limit_ticks,
                facts.sellable_lots if request.order_type is _MARKET else facts.sellable_lots - facts.offered_lots,
                facts.is_repeat,
                facts.now_ns,
                facts.silent_until_ns,
            )
        else:
            offset_ms = facts.clock_offset_ms
            bar, lots, worst_ticks, cost_e8 = kernel.try_entry(
                facts.market.numbers,
                limits,
                qty_lots,
                request.limit_ticks,
                request.stop_ticks,
                facts.is_confirmed,
                facts.is_armed,
                facts.is_repeat,
                facts.market.book.is_in_sync,
                facts.orders_last_s,
                facts.now_ns,
                facts.silent_until_ns,
                kernel.UNKNOWN_MS if offset_ms is None else offset_ms,
                facts.equity_e8,
                facts.cash_e8,
                facts.symbol_exposure_e8,
                facts.gross_exposure_e8,
            )
        if bar:
            return WORDS[kernel.CODES[bar]](request, Tried(lots, worst_ticks, cost_e8), facts, self._limits_of(facts))
        return _approve(request, lots, worst_ticks, facts.market)

    def protect(
        self, list_id: OrderListId, stop: OrderRequest, target: OrderRequest | None, facts: Facts
    ) -> ApprovedProtection | ApprovedOrder | Refusal:
        """Pass a stop, and a target if there is one, over all that is sellable: both or none.

        The stop's limit lies a collar (C4) below it, the target's at its price; what applies to an exit applies to
        both, the venue's filters (C8) at each one's own price. Where the market has come to one of them already,
        there is nothing left to wait for: ``C8_TRIGGERED``.
        """
        last, limits = facts.last_ticks, self._limits_of(facts)
        if not stop.stop_ticks < last or (target is not None and last >= target.target_ticks):
            return WORDS["C8_TRIGGERED"](stop, Tried(0, 0, 0), facts, limits)
        below = kernel.in_venue_range(
            facts.market.numbers, stop.stop_ticks - int(stop.stop_ticks * limits.collar_pct / 100.0)
        )
        checked_stop = self._leg(stop, below, facts)
        if target is None or isinstance(checked_stop, Refusal):
            return checked_stop
        checked_target = self._leg(target, target.target_ticks, facts)
        if isinstance(checked_target, Refusal):
            return checked_target
        return ApprovedProtection(list_id, checked_target, checked_stop, stop.ts_ns)

    def _leg(self, request: OrderRequest, price_ticks: int, facts: Facts) -> ApprovedOrder | Refusal:
        priced = msgspec.structs.replace(request, limit_ticks=price_ticks)
        return self.check(priced, facts)

    def adopt(
        self, report: ExecutionReport, cause_id: str, origin: str, trade_id: TradeId, now_ns: int
    ) -> ApprovedOrder:
        """Take an order as ours that rests at the venue already, placed by somebody else: nothing is sent.

        A buy gets the stop and target that a person's buy gets where none is named.
        """
        stop, target, is_buy, limits = 0, 0, report.side is BUY, self.limits
        if is_buy:
            stop, target = exit_levels(report.price_ticks, limits.default_stop_pct, limits.default_target_pct)
        return ApprovedOrder(
            client_order_id=report.client_order_id,
            symbol=report.symbol,
            side=report.side,
            order_type=_LIMIT,
            time_in_force=_GTC,
            qty_lots=report.qty_lots,
            price_ticks=report.price_ticks,
            reduce_only=not is_buy,
            stop_ticks=stop,
            target_ticks=target,
            cause_id=cause_id,
            origin=origin,
            trade_id=trade_id,
            ref_ticks=report.price_ticks,
            ts_ns=now_ns,
        )

    def entry_lots(self, entry_ticks: int, stop_ticks: int, facts: Facts) -> int:
        """Size an entry by risk and stop distance: ``equity * risk / |entry - stop|``, in lots, rounded down.

        Clamped by the largest order (C2), the largest position and gross exposure (C3) and the free cash. Returns 0
        for a stop that is missing, on the wrong side or nearer than ``min_stop_pct`` (C10).
        """
        return kernel.entry_lots(facts.market.numbers, self._array_of(facts), *_room(facts), entry_ticks, stop_ticks)

    def largest_lots(self, facts: Facts) -> int:
        """Return the most that C2, C3, C8 and the free cash let a buy have at the collar's price, in lots."""
        return kernel.largest_lots(facts.market.numbers, self._array_of(facts), *_room(facts))

    def collar_ticks(self, side: Side, market: Market) -> int:
        """Return the worst price that an order may have: the collar around the reference (C4), rounded inwards."""
        narrower = self._narrower.get((market.instrument.symbol, ""))
        return kernel.collar(market.numbers, self._account if narrower is None else narrower[1], int(side))

    def _limits_of(self, facts: Facts) -> Limits:
        return self.limits_of(facts.market.instrument.symbol, facts.strategy)


def _array(limits: Limits) -> np.ndarray:
    array = np.zeros(9)
    array[kernel.MAX_ORDER] = limits.max_order_pct
    array[kernel.MAX_POSITION] = limits.max_position_pct
    array[kernel.MAX_GROSS] = limits.max_gross_pct
    array[kernel.COLLAR] = limits.collar_pct
    array[kernel.STALE_NS] = limits.stale_s * 1e9
    array[kernel.ORDERS_PER_S] = limits.orders_per_s
    array[kernel.RISK] = limits.risk_per_trade_pct
    array[kernel.MIN_STOP] = limits.min_stop_pct
    array[kernel.CLOCK_MS] = CLOCK_LIMIT_MS
    return array


def least_lots(price_ticks: int, market: Market) -> int:
    """Return the smallest order that the venue takes at a price above 0, in lots (C8)."""
    return kernel.least_lots(market.numbers, price_ticks)


def _room(facts: Facts) -> tuple[int, int, int, int]:
    return facts.equity_e8, facts.cash_e8, facts.symbol_exposure_e8, facts.gross_exposure_e8


def _approve(request: OrderRequest, lots: int, worst_ticks: int, market: Market) -> ApprovedOrder:
    # By place and not by name: half the time, in the one spot that every order waits for.
    is_market = request.order_type is _MARKET
    return ApprovedOrder(
        request.client_order_id,
        request.symbol,
        request.side,
        _LIMIT if is_market else request.order_type,
        _IOC if is_market else _GTC,
        lots,
        worst_ticks,
        request.reduce_only,
        request.stop_ticks,
        request.target_ticks,
        request.cause_id,
        request.origin,
        request.trade_id,
        market.ints[LAST],
        request.ts_ns,
        request.plan,
    )

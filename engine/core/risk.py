"""The gate: every order of a strategy, a button, a command or an exit passes here, and only here becomes approved.

Each control has a stable code: a straight line of comparisons finds the first that bars a request, and a small function
for each says so in words, with the numbers that decided. An entry passes all of them; an exit or a close those of
``_bars_exit`` and the venue's own filters only, which let it through while trading is halted.
"""

from __future__ import annotations

from typing import Final

from engine.core.config import Limits
from engine.core.facts import CLOCK_LIMIT_MS, Facts, Tried
from engine.core.instrument import Instrument
from engine.core.refusals import WORDS
from engine.core.types import ApprovedOrder, OrderRequest, OrderType, Refusal, Side, TimeInForce

_E8: Final = 100_000_000
_UNTRIED: Final = Tried(0, 0, 0)


def check(request: OrderRequest, facts: Facts, limits: Limits) -> ApprovedOrder | Refusal:
    """Pass a request through every control that applies to it; the one way to an ``ApprovedOrder``.

    A request without a quantity is sized first (``entry_lots``, or what is sellable for a reduce-only one). A market
    order leaves as an IOC limit order at the collar (C4), and it is this worst price that C2, C3, the cash and the
    venue's filters are held against.
    """
    it, tried = facts.instrument, _UNTRIED
    code = _bars_exit(request, facts) if request.reduce_only else _bars_entry(request, facts, limits)
    if not code:
        worst_ticks = _worst_ticks(request, facts, limits)
        lots = request.qty_lots or _size(request, facts, limits)
        # What the sizing leaves too little room for is tried with the venue's least, so that the limit which is in the
        # way says so itself.
        tried_lots = request.qty_lots or max(lots, least_lots(worst_ticks, it))
        tried = Tried(lots, worst_ticks, it.notional_e8(worst_ticks, tried_lots))
        code = "" if request.reduce_only else _bars_size(request, tried, facts, limits)
        code = code or _bars_at_venue(tried, it)
    return WORDS[code](request, tried, facts, limits) if code else _approve(request, tried, facts)


def _bars_entry(request: OrderRequest, facts: Facts, limits: Limits) -> str:
    """Return the first control that no entry passes now, whatever its size; empty where all are passed.

    This, ``_bars_exit``, ``_bars_size`` and ``_bars_at_venue`` are straight lines on purpose: every order waits for
    them, and calls cost more than comparisons. What a control means is told where it refuses, by code.
    """
    bid, ask, last, offset_ms = facts.bid_ticks, facts.ask_ticks, facts.last_ticks, facts.clock_offset_ms
    if request.side is Side.SELL:
        return "SIDE"
    if facts.needs_live_confirmation:
        return "C1_LIVE_NOT_CONFIRMED"
    if not facts.is_armed:
        return "HALTED"
    if offset_ms is None or not -CLOCK_LIMIT_MS <= offset_ms <= CLOCK_LIMIT_MS:
        return "C17_CLOCK"
    if facts.now_ns < facts.silent_until_ns:
        return "C7_SILENCE"
    if not facts.is_in_sync:
        return "C5_BOOK_OUT_OF_SYNC"
    if facts.now_ns - facts.heard_ns > limits.stale_s * 1e9:
        return "C5_STALE_DATA"
    if bid <= 0 or ask <= 0 or last <= 0:
        return "C5_BAD_QUOTE"
    if bid >= ask:
        return "C5_CROSSED_BOOK"
    if facts.is_repeat:
        return "C6_REPEAT"
    return "" if facts.orders_last_s < limits.orders_per_s else "C7_ORDER_RATE"


def _bars_exit(request: OrderRequest, facts: Facts) -> str:
    """Return the first control that this reduction does not pass: few, because one must always be able to get out."""
    if request.side is Side.BUY:
        return "SIDE"
    if facts.now_ns < facts.silent_until_ns:
        return "C7_SILENCE"
    if facts.is_repeat:
        return "C6_REPEAT"
    if facts.sellable_lots <= 0:
        return "NO_POSITION"
    if request.qty_lots > facts.sellable_lots:
        return "REDUCE_ONLY"
    return "" if facts.bid_ticks > 0 else "C5_BAD_QUOTE"


def _bars_size(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> str:
    """Return the first control that an entry of this size and price does not pass."""
    last, ask, limit, equity_e8, cost_e8 = (
        facts.last_ticks,
        facts.ask_ticks,
        request.limit_ticks,
        facts.equity_e8,
        tried.cost_e8,
    )
    if bad_stop(limit or ask, request.stop_ticks, limits):
        return "C10_STOP"
    width = int(last * limits.collar_pct / 100.0)
    if not -width <= ask - last <= width or limit > last + width:
        return "C4_PRICE_COLLAR"
    if cost_e8 > int(equity_e8 * limits.max_order_pct / 100.0):
        return "C2_ORDER_SIZE"
    if facts.symbol_exposure_e8 + cost_e8 > int(equity_e8 * limits.max_position_pct / 100.0):
        return "C3_POSITION"
    if facts.gross_exposure_e8 + cost_e8 > int(equity_e8 * limits.max_gross_pct / 100.0):
        return "C3_GROSS"
    return "" if cost_e8 <= facts.cash_e8 else "NO_FUNDS"


def _bars_at_venue(tried: Tried, it: Instrument) -> str:
    """Return the filter by which the venue would refuse it anyway (C8). Source: Binance, "Filters"."""
    lots, price = tried.lots, tried.worst_ticks
    if not it.is_trading:
        return "C8_NOT_TRADING"
    if not max(it.min_qty_lots, 1) <= lots <= it.max_qty_lots:
        return "C8_QUANTITY"
    if not 0 < it.min_price_ticks <= price <= it.max_price_ticks and price != _in_venue_range(price, it):
        return "C8_PRICE"
    notional_e8 = it.notional_e8(price, lots)
    return "" if it.min_notional_e8 <= notional_e8 <= (it.max_notional_e8 or notional_e8) else "C8_NOTIONAL"


def _approve(request: OrderRequest, tried: Tried, facts: Facts) -> ApprovedOrder:
    # By place and not by name: half the time, in the one spot that every order waits for.
    is_market = request.order_type is OrderType.MARKET
    return ApprovedOrder(
        request.client_order_id,
        request.symbol,
        request.side,
        OrderType.LIMIT if is_market else request.order_type,
        TimeInForce.IOC if is_market else TimeInForce.GTC,
        tried.lots,
        tried.worst_ticks,
        request.reduce_only,
        request.stop_ticks,
        request.target_ticks,
        request.cause_id,
        request.origin,
        request.trade_id,
        facts.last_ticks,
        request.ts_ns,
    )


def entry_lots(entry_ticks: int, stop_ticks: int, facts: Facts, limits: Limits) -> int:
    """Size an entry by risk and stop distance: ``equity * risk / |entry - stop|``, in lots, rounded down.

    Clamped by the largest order (C2), the largest position and gross exposure (C3) and the free cash. Returns 0 for a
    stop that is missing, on the wrong side or nearer than ``min_stop_pct`` (C10).
    """
    if bad_stop(entry_ticks, stop_ticks, limits):
        return 0
    risk_e8 = int(facts.equity_e8 * limits.risk_per_trade_pct / 100.0)
    by_risk = facts.instrument.lots_for_quote(risk_e8, entry_ticks - stop_ticks)
    return min(by_risk, largest_entry_lots(facts, limits))


def largest_entry_lots(facts: Facts, limits: Limits) -> int:
    """Return the most that C2, C3, C8 and the free cash let a buy have at the collar's price, in lots."""
    equity_e8, cash_e8, it = facts.equity_e8, facts.cash_e8, facts.instrument
    room_e8 = min(
        int(equity_e8 * limits.max_order_pct / 100.0),
        int(equity_e8 * limits.max_position_pct / 100.0) - facts.symbol_exposure_e8,
        int(equity_e8 * limits.max_gross_pct / 100.0) - facts.gross_exposure_e8,
        cash_e8,
        it.max_notional_e8 or cash_e8,
    )
    return min(it.lots_for_quote(room_e8, collar_ticks(Side.BUY, facts, limits)), it.max_qty_lots)


def least_lots(price_ticks: int, instrument: Instrument) -> int:
    """Return the smallest order that the venue takes at a price above 0, in lots (C8)."""
    lot_cost_e16 = price_ticks * instrument.tick_e8 * instrument.lot_e8
    return max(-(-instrument.min_notional_e8 * _E8 // lot_cost_e16), instrument.min_qty_lots, 1)


def bad_stop(entry_ticks: int, stop_ticks: int, limits: Limits) -> bool:
    """Say whether a long entry's stop is missing, not below the entry, or so near that the size would explode (C10)."""
    return not 0 < stop_ticks < entry_ticks or (entry_ticks - stop_ticks) * 100.0 < entry_ticks * limits.min_stop_pct


def collar_ticks(side: Side, facts: Facts, limits: Limits) -> int:
    """Return the worst price that an order may have: the collar around the reference (C4), rounded inwards."""
    width = int(facts.last_ticks * limits.collar_pct / 100.0)
    return _in_venue_range(facts.last_ticks + side * width, facts.instrument)


def _worst_ticks(request: OrderRequest, facts: Facts, limits: Limits) -> int:
    """Return the limit that the order leaves with: its own, or for a market order the collar.

    An exit's collar hangs on the bid, not on the last trade, because an exit must be able to leave.
    """
    if request.limit_ticks:
        return request.limit_ticks
    if request.reduce_only:
        width = int(facts.bid_ticks * limits.collar_pct / 100.0)
        return _in_venue_range(facts.bid_ticks - width, facts.instrument)
    return collar_ticks(request.side, facts, limits)


def _in_venue_range(price_ticks: int, it: Instrument) -> int:
    """Bring a price into the venue's PRICE_FILTER, whose 0 means no limit."""
    if 0 < it.min_price_ticks <= price_ticks <= it.max_price_ticks:
        return price_ticks
    return max(min(price_ticks, it.max_price_ticks or price_ticks), it.min_price_ticks, 1)


def _size(request: OrderRequest, facts: Facts, limits: Limits) -> int:
    if request.reduce_only:
        return min(facts.sellable_lots, facts.instrument.max_qty_lots)
    return entry_lots(request.limit_ticks or facts.ask_ticks, request.stop_ticks, facts, limits)

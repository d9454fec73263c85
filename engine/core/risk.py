"""The gate: every order of a strategy, a button, a command or an exit passes here, and only here becomes approved.

Each control is one small function that returns a ``Refusal`` or None. An entry passes all of them; an exit or a close
passes ``_REDUCE_CONTROLS`` only, which let it through while trading is halted: one must always be able to get out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from engine.core.config import Limits
from engine.core.instrument import Instrument, scaled_text
from engine.core.types import ApprovedOrder, OrderRequest, OrderType, Refusal, Side, TimeInForce

_E8: Final = 100_000_000
CLOCK_LIMIT_MS: Final = 500
"""No entry while our clock is further than this from the venue's (C17)."""


class Facts(msgspec.Struct, frozen=True):
    """What the gate decides on, as it stands at the moment of the check."""

    instrument: Instrument
    bid_ticks: int
    ask_ticks: int
    last_ticks: int
    """The last trade: the collar's reference, because a quote can jump without a trade."""
    heard_ns: int
    """When the last frame of this symbol was received."""
    is_in_sync: bool
    now_ns: int
    equity_e8: int
    cash_e8: int
    """Quote asset that no open order has reserved."""
    position_lots: int
    sellable_lots: int
    """The position less what open sell orders have reserved."""
    symbol_exposure_e8: int
    gross_exposure_e8: int
    """Positions at their bid plus what working, in-flight and unknown buys may still add (C3)."""
    is_armed: bool
    halt_reason: str
    needs_live_confirmation: bool
    is_repeat: bool
    """An order of the same cause was already approved."""
    orders_last_s: int
    """Orders that left within the last second, exits included."""
    silent_until_ns: int
    """The venue wants to hear nothing before; 0 where it doesn't mind."""
    clock_offset_ms: int | None
    """The venue's clock less ours; None while it is not known."""


class Tried(msgspec.Struct, frozen=True, gc=False):
    """An entry with the size that it is tried with, and what that may cost: worked out once for all controls."""

    request: OrderRequest
    worst_ticks: int
    """The limit that it would leave with."""
    cost_e8: int
    """At that price, in 1e-8 of the quote asset."""


Control = Callable[[OrderRequest, Facts, Limits], Refusal | None]
EntryControl = Callable[[Tried, Facts, Limits], Refusal | None]


def check(request: OrderRequest, facts: Facts, limits: Limits) -> ApprovedOrder | Refusal:
    """Pass a request through every control that applies to it; the one way to an ``ApprovedOrder``.

    A request without a quantity is sized first (``entry_lots``, or what is sellable for a reduce-only one). A market
    order leaves as an IOC limit order at the collar (C4), and it is this worst price that C2, C3, the cash and the
    venue's filters are held against.
    """
    for control in _REDUCE_CONTROLS if request.reduce_only else _DATA_CONTROLS:
        if refusal := control(request, facts, limits):
            return refusal
    lots, worst_ticks = request.qty_lots or _size(request, facts, limits), _worst_ticks(request, facts, limits)
    if not request.reduce_only:
        # What the sizing leaves too little room for is tried with the venue's least, so that the limit which is in the
        # way says so itself.
        tried_lots = request.qty_lots or max(lots, least_lots(worst_ticks, facts.instrument))
        tried = Tried(request, worst_ticks, facts.instrument.notional_e8(worst_ticks, tried_lots))
        for entry_control in _ENTRY_CONTROLS:
            if refusal := entry_control(tried, facts, limits):
                return refusal
    return _filters(lots, worst_ticks, facts.instrument) or _approve(request, lots, worst_ticks, facts)


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


def _side(request: OrderRequest, facts: Facts, limits: Limits) -> Refusal | None:
    """Spot: a buy is an entry and a sale is a reduction, so that nothing passes by the other's controls."""
    if request.reduce_only is (request.side is Side.SELL):
        return None
    detail = f"side={request.side.name} reduce_only={'yes' if request.reduce_only else 'no'}"
    return Refusal("REDUCE_ONLY", detail, "On a spot account one buys to open and sells what is held.")


def _c1_live(request: OrderRequest, facts: Facts, limits: Limits) -> Refusal | None:
    if not facts.needs_live_confirmation:
        return None
    return Refusal("C1_LIVE_NOT_CONFIRMED", "account=live confirmed=no", "An admin must type /resume LIVE first.")


def _halted(request: OrderRequest, facts: Facts, limits: Limits) -> Refusal | None:
    if facts.is_armed:
        return None
    return Refusal("HALTED", f"reason={facts.halt_reason}", "Trading is halted: an admin can type /resume.")


def _c7_silence(request: OrderRequest, facts: Facts, limits: Limits) -> Refusal | None:
    if facts.now_ns >= facts.silent_until_ns:
        return None
    left_s = (facts.silent_until_ns - facts.now_ns) / 1e9
    return Refusal("C7_SILENCE", f"left={left_s:.0f}s", "The venue has asked for silence: wait until it is over.")


def _c7_rate(request: OrderRequest, facts: Facts, limits: Limits) -> Refusal | None:
    if facts.orders_last_s < limits.orders_per_s:
        return None
    detail = f"limit={limits.orders_per_s}/s value={facts.orders_last_s}"
    return Refusal("C7_ORDER_RATE", detail, "Too many orders at once: try again in a second.")


def _c17_clock(request: OrderRequest, facts: Facts, limits: Limits) -> Refusal | None:
    """An exit may leave all the same: it is signed by the venue's clock as it was last measured."""
    offset_ms = facts.clock_offset_ms
    if offset_ms is not None and abs(offset_ms) <= CLOCK_LIMIT_MS:
        return None
    shown = "unknown" if offset_ms is None else f"{offset_ms:+d}ms"
    detail = f"limit={CLOCK_LIMIT_MS}ms offset={shown}"
    return Refusal("C17_CLOCK", detail, "Our clock and the venue's differ: it is measured again; see /status.")


def _c5_data(request: OrderRequest, facts: Facts, limits: Limits) -> Refusal | None:
    bid, ask, last, age_ns = facts.bid_ticks, facts.ask_ticks, facts.last_ticks, facts.now_ns - facts.heard_ns
    if not facts.is_in_sync:
        return Refusal("C5_BOOK_OUT_OF_SYNC", "book=dirty", "The book is being fetched anew: try again in a second.")
    if age_ns > limits.stale_s * 1e9:
        detail = f"limit={limits.stale_s:g}s age={age_ns / 1e9:.1f}s"
        return Refusal("C5_STALE_DATA", detail, "The market data is old: see /status for the feed.")
    return None if 0 < bid < ask and last > 0 else _c5_quote(bid, ask, last)


def _c5_quote(bid: int, ask: int, last: int) -> Refusal:
    """Say what is wrong with a quote that is not ``0 < bid < ask``, or that no trade has come to yet."""
    if min(bid, ask, last) <= 0:
        return Refusal(
            "C5_BAD_QUOTE", f"bid={bid} ask={ask} last={last} ticks", "There is no price yet: try again soon."
        )
    return Refusal("C5_CROSSED_BOOK", f"bid={bid} ask={ask} ticks", "The book is crossed: try again in a second.")


def _c6_repeat(request: OrderRequest, facts: Facts, limits: Limits) -> Refusal | None:
    if not facts.is_repeat:
        return None
    return Refusal("C6_REPEAT", f"cause={request.cause_id}", "This was already ordered once; look at /orders.")


def _c2_order_size(tried: Tried, facts: Facts, limits: Limits) -> Refusal | None:
    cost, most = tried.cost_e8, int(facts.equity_e8 * limits.max_order_pct / 100.0)
    if cost <= most:
        return None
    return _too_much("C2_ORDER_SIZE", cost, most, facts, f"One order may be {limits.max_order_pct:g} % of equity")


def _c3_exposure(tried: Tried, facts: Facts, limits: Limits) -> Refusal | None:
    cost, equity_e8 = tried.cost_e8, facts.equity_e8
    after, most = facts.symbol_exposure_e8 + cost, int(equity_e8 * limits.max_position_pct / 100.0)
    if after > most:
        words = f"One symbol may be {limits.max_position_pct:g} % of equity, open orders included"
        return _too_much("C3_POSITION", after, most, facts, words)
    after, most = facts.gross_exposure_e8 + cost, int(equity_e8 * limits.max_gross_pct / 100.0)
    if after > most:
        words = f"All positions together may be {limits.max_gross_pct:g} % of equity, open orders included"
        return _too_much("C3_GROSS", after, most, facts, words)
    return None


def _c4_collar(tried: Tried, facts: Facts, limits: Limits) -> Refusal | None:
    """The market must be near the reference on either side (F16: a price that fell by half is no bargain)."""
    request, width = tried.request, int(facts.last_ticks * limits.collar_pct / 100.0)
    is_market_far = abs(facts.ask_ticks - facts.last_ticks) > width
    if not is_market_far and request.limit_ticks <= facts.last_ticks + width:
        return None
    price = facts.ask_ticks if is_market_far else request.limit_ticks
    move, ref = 100.0 * (price / facts.last_ticks - 1.0), facts.instrument.price_text(facts.last_ticks)
    detail = f"limit={limits.collar_pct:.2f}% move={move:+.2f}% ref={ref}"
    return Refusal("C4_PRICE_COLLAR", detail, "The price is too far from the last trade: wait for it to settle.")


def _c10_stop(tried: Tried, facts: Facts, limits: Limits) -> Refusal | None:
    request, entry = tried.request, tried.request.limit_ticks or facts.ask_ticks
    if not bad_stop(entry, request.stop_ticks, limits):
        return None
    text = facts.instrument.price_text
    detail = f"entry={text(entry)} stop={text(request.stop_ticks)} least={limits.min_stop_pct:g}%"
    return Refusal("C10_STOP", detail, "An entry needs a stop below it, and not nearer than that.")


def _cash(tried: Tried, facts: Facts, limits: Limits) -> Refusal | None:
    if tried.cost_e8 <= facts.cash_e8:
        return None
    return _too_much("NO_FUNDS", tried.cost_e8, facts.cash_e8, facts, "That is more than is free")


def _has_position(request: OrderRequest, facts: Facts, limits: Limits) -> Refusal | None:
    if facts.sellable_lots <= 0:
        detail = f"held={facts.instrument.qty_text(facts.position_lots)} sellable=0"
        return Refusal("NO_POSITION", detail, f"There is nothing of {request.symbol} to sell now; see /positions.")
    if request.qty_lots > facts.sellable_lots:
        detail = f"wanted={facts.instrument.qty_text(request.qty_lots)}"
        detail += f" sellable={facts.instrument.qty_text(facts.sellable_lots)}"
        return Refusal("REDUCE_ONLY", detail, "That is more than is held: say a smaller amount, or all.")
    return None


def _bid_exists(request: OrderRequest, facts: Facts, limits: Limits) -> Refusal | None:
    if facts.bid_ticks > 0:
        return None
    return Refusal("C5_BAD_QUOTE", f"bid={facts.bid_ticks} ticks", "There is no price to sell at yet: try again soon.")


_DATA_CONTROLS: Final[tuple[Control, ...]] = (
    _side,
    _c1_live,
    _halted,
    _c17_clock,
    _c7_silence,
    _c5_data,
    _c6_repeat,
    _c7_rate,
)
_ENTRY_CONTROLS: Final[tuple[EntryControl, ...]] = (_c10_stop, _c4_collar, _c2_order_size, _c3_exposure, _cash)
_REDUCE_CONTROLS: Final[tuple[Control, ...]] = (_side, _c7_silence, _c6_repeat, _has_position, _bid_exists)


def _filters(lots: int, price: int, it: Instrument) -> Refusal | None:
    """C8: what the venue would refuse anyway. Source: Binance, "Filters"."""
    if not it.is_trading:
        return Refusal("C8_NOT_TRADING", f"symbol={it.symbol}", "The venue has suspended trading of this symbol.")
    if not max(it.min_qty_lots, 1) <= lots <= it.max_qty_lots:
        detail = f"qty={it.qty_text(lots)} least={it.qty_text(it.min_qty_lots)}"
        return Refusal("C8_QUANTITY", f"{detail} most={it.qty_text(it.max_qty_lots)}", "Say an amount within these.")
    is_within = 0 < it.min_price_ticks <= price <= it.max_price_ticks
    if not is_within and price != _in_venue_range(price, it):
        detail = f"price={it.price_text(price)} least={it.price_text(it.min_price_ticks)}"
        return Refusal("C8_PRICE", f"{detail} most={it.price_text(it.max_price_ticks)}", "Say a price within these.")
    return _notional(it.notional_e8(price, lots), it)


def _notional(notional: int, it: Instrument) -> Refusal | None:
    if it.min_notional_e8 <= notional <= (it.max_notional_e8 or notional):
        return None
    detail = f"notional={scaled_text(notional, 2)} least={scaled_text(it.min_notional_e8, 2)} {it.quote_asset}"
    if notional < it.min_notional_e8:
        return Refusal("C8_NOTIONAL", detail, "The venue takes no order that small: say a larger amount.")
    detail += f" most={scaled_text(it.max_notional_e8, 2)}"
    return Refusal("C8_NOTIONAL", detail, "The venue takes no order that large: say a smaller amount.")


def _approve(request: OrderRequest, lots: int, worst_ticks: int, facts: Facts) -> ApprovedOrder:
    is_market = request.order_type is OrderType.MARKET
    return ApprovedOrder(
        client_order_id=request.client_order_id,
        symbol=request.symbol,
        side=request.side,
        order_type=OrderType.LIMIT if is_market else request.order_type,
        time_in_force=TimeInForce.IOC if is_market else TimeInForce.GTC,
        qty_lots=lots,
        price_ticks=worst_ticks,
        reduce_only=request.reduce_only,
        stop_ticks=request.stop_ticks,
        target_ticks=request.target_ticks,
        cause_id=request.cause_id,
        origin=request.origin,
        trade_id=request.trade_id,
        ref_ticks=facts.last_ticks,
        ts_ns=request.ts_ns,
    )


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


def _too_much(code: str, value_e8: int, most_e8: int, facts: Facts, words: str) -> Refusal:
    asset = facts.instrument.quote_asset
    limit, value = scaled_text(max(most_e8, 0), 2), scaled_text(value_e8, 2)
    advice = f"{words}, at the worst price that it may get: at most {limit} {asset}."
    return Refusal(code, f"limit={limit} value={value} {asset}", advice)

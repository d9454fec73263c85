"""Why the gate says no, in words: a stable code, the numbers that decided, and what the person can do about it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from engine.core.bars import seconds_left
from engine.core.config import Limits
from engine.core.facts import CLOCK_LIMIT_MS, KILLED, Facts, Tried
from engine.core.instrument import scaled_text
from engine.core.types import OrderRequest, OrderType, Refusal

Words = Callable[[OrderRequest, Tried, Facts, Limits], Refusal]


def _side(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    """Spot: a buy is an entry and a sale is a reduction, so that nothing passes by the other's controls."""
    detail = f"side={request.side.name} reduce_only={'yes' if request.reduce_only else 'no'}"
    return Refusal("REDUCE_ONLY", detail, "On a spot account one buys to open and sells what is held.")


def _c1_live(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    return Refusal("C1_LIVE_NOT_CONFIRMED", "account=live confirmed=no", "An admin must type /resume LIVE first.")


def _halted(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    first = "/kill reset REASON, then /resume" if facts.halt_reason.startswith(KILLED) else "/resume"
    return Refusal("HALTED", f"reason={facts.halt_reason}", f"Trading is halted: an admin can type {first}.")


def _c2_order_size(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    most, words = int(facts.equity_e8 * limits.max_order_pct / 100.0), f"{limits.max_order_pct:g} % of equity"
    return _too_much("C2_ORDER_SIZE", tried.cost_e8, most, facts, f"One order may be {words}")


def _c3_position(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    after, most = facts.symbol_exposure_e8 + tried.cost_e8, int(facts.equity_e8 * limits.max_position_pct / 100.0)
    words = f"One symbol may be {limits.max_position_pct:g} % of equity, open orders included"
    return _too_much("C3_POSITION", after, most, facts, words)


def _c3_gross(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    after, most = facts.gross_exposure_e8 + tried.cost_e8, int(facts.equity_e8 * limits.max_gross_pct / 100.0)
    words = f"All positions together may be {limits.max_gross_pct:g} % of equity, open orders included"
    return _too_much("C3_GROSS", after, most, facts, words)


def _c4_collar(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    """The market must be near the reference on either side (F16: a price that fell by half is no bargain)."""
    is_market_far = abs(facts.ask_ticks - facts.last_ticks) > int(facts.last_ticks * limits.collar_pct / 100.0)
    price = facts.ask_ticks if is_market_far else request.limit_ticks
    move, ref = 100.0 * (price / facts.last_ticks - 1.0), facts.instrument.price_text(facts.last_ticks)
    detail = f"limit={limits.collar_pct:.2f}% move={move:+.2f}% ref={ref} age={_age_s(facts):.1f}s"
    return Refusal("C4_PRICE_COLLAR", detail, "The price is too far from the last trade: wait for it to settle.")


def _c5_book(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    detail = f"symbol={facts.instrument.symbol} book=dirty age={_age_s(facts):.1f}s"
    return Refusal("C5_BOOK_OUT_OF_SYNC", detail, "The book is being fetched anew: try again in a second.")


def _c5_stale(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    detail = f"limit={limits.stale_s:g}s age={_age_s(facts):.1f}s"
    return Refusal("C5_STALE_DATA", detail, "The market data is old: see /status for the feed.")


def _c5_quote(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    text = facts.instrument.price_text
    detail = f"bid={text(facts.bid_ticks)} ask={text(facts.ask_ticks)} last={text(facts.last_ticks)}"
    return Refusal("C5_BAD_QUOTE", detail, "There is no price yet: try again soon.")


def _c5_crossed(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    text = facts.instrument.price_text
    detail = f"bid={text(facts.bid_ticks)} ask={text(facts.ask_ticks)}"
    return Refusal("C5_CROSSED_BOOK", detail, "The book is crossed: try again in a second.")


def _c6_repeat(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    return Refusal("C6_REPEAT", f"cause={request.cause_id}", "This was already ordered once; look at /orders.")


def _c7_silence(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    left_s = seconds_left(facts.silent_until_ns, facts.now_ns)
    return Refusal("C7_SILENCE", f"left={left_s}s", "The venue has asked for silence: wait until it is over.")


def _c7_rate(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    """Too many within a second; an exit may leave all the same."""
    detail = f"limit={limits.orders_per_s}/s value={facts.orders_last_s}"
    return Refusal("C7_ORDER_RATE", detail, "Too many orders at once: try again in a second.")


def _c8_not_trading(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    detail = f"symbol={facts.instrument.symbol}"
    return Refusal("C8_NOT_TRADING", detail, "The venue has suspended trading of this symbol.")


def _c8_quantity(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    it = facts.instrument
    detail = f"qty={it.qty_text(tried.lots)} least={it.qty_text(it.min_qty_lots)} most={it.qty_text(it.max_qty_lots)}"
    return Refusal("C8_QUANTITY", detail, "Say an amount within these.")


def _c8_price(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    text, it = facts.instrument.price_text, facts.instrument
    detail = f"price={text(tried.worst_ticks)} least={text(it.min_price_ticks)} most={text(it.max_price_ticks)}"
    return Refusal("C8_PRICE", detail, "Say a price within these.")


def _c8_notional(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    it = facts.instrument
    notional = it.notional_e8(tried.worst_ticks, tried.lots)
    detail = f"notional={scaled_text(notional, 2)} least={scaled_text(it.min_notional_e8, 2)} {it.quote_asset}"
    if notional < it.min_notional_e8:
        return Refusal("C8_NOTIONAL", detail, "The venue takes no order that small: say a larger amount.")
    detail += f" most={scaled_text(it.max_notional_e8, 2)}"
    return Refusal("C8_NOTIONAL", detail, "The venue takes no order that large: say a smaller amount.")


def _c8_triggered(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    """The venue takes no order that would wait for what has come."""
    text = facts.instrument.price_text
    detail = f"stop={text(request.stop_ticks)} target={text(request.target_ticks)} last={text(facts.last_ticks)}"
    return Refusal("C8_TRIGGERED", detail, "The market has come to it: the engine sells by itself.")


def _c10_stop(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    text, entry = facts.instrument.price_text, request.limit_ticks or facts.ask_ticks
    distance = f"{100.0 * (entry - request.stop_ticks) / entry:.3f}%" if request.stop_ticks else "none"
    detail = f"limit={limits.min_stop_pct:g}% distance={distance} entry={text(entry)} stop={text(request.stop_ticks)}"
    return Refusal("C10_STOP", detail, "An entry needs a stop below it, and not nearer than that.")


def _c17_clock(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    """An exit may leave all the same: it is signed by the venue's clock as it was last measured."""
    shown = "unknown" if facts.clock_offset_ms is None else f"{facts.clock_offset_ms:+d}ms"
    detail = f"limit={CLOCK_LIMIT_MS}ms offset={shown}"
    return Refusal("C17_CLOCK", detail, "Our clock and the venue's differ: it is measured again; see /status.")


def _cash(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    return _too_much("NO_FUNDS", tried.cost_e8, facts.cash_e8, facts, "That is more than is free")


def _no_position(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    detail = f"held={facts.instrument.qty_text(facts.position_lots)} sellable=0"
    if facts.offered_lots:
        return Refusal("NO_POSITION", f"{detail}{_offered(facts)}", _TAKE_BACK)
    return Refusal("NO_POSITION", detail, f"There is nothing of {request.symbol} to sell now; see /positions.")


def _more_than_held(request: OrderRequest, tried: Tried, facts: Facts, limits: Limits) -> Refusal:
    text = facts.instrument.qty_text
    offered_lots = 0 if request.order_type is OrderType.MARKET else facts.offered_lots
    detail = f"wanted={text(request.qty_lots)} sellable={text(facts.sellable_lots - offered_lots)}"
    if offered_lots:
        return Refusal("REDUCE_ONLY", f"{detail}{_offered(facts)}", _TAKE_BACK)
    return Refusal("REDUCE_ONLY", detail, "That is more than is held: say a smaller amount, or all.")


_TAKE_BACK: Final = "The rest is on sale at a limit already: say less, or /cancel that first."


def _offered(facts: Facts) -> str:
    return f" on_sale={facts.instrument.qty_text(facts.offered_lots)}"


def _age_s(facts: Facts) -> float:
    """Return how old what was last heard of the symbol is."""
    return (facts.now_ns - facts.market.heard_ns) / 1e9


def _too_much(code: str, value_e8: int, most_e8: int, facts: Facts, words: str) -> Refusal:
    asset = facts.instrument.quote_asset
    limit, value = scaled_text(max(most_e8, 0), 2), scaled_text(value_e8, 2)
    advice = f"{words}, at the worst price that it may get: at most {Decimal(limit):,} {asset}."
    return Refusal(code, f"limit={limit} value={value} {asset}", advice)


WORDS: Final[dict[str, Words]] = {
    "SIDE": _side,
    "C1_LIVE_NOT_CONFIRMED": _c1_live,
    "HALTED": _halted,
    "C2_ORDER_SIZE": _c2_order_size,
    "C3_POSITION": _c3_position,
    "C3_GROSS": _c3_gross,
    "C4_PRICE_COLLAR": _c4_collar,
    "C5_BOOK_OUT_OF_SYNC": _c5_book,
    "C5_STALE_DATA": _c5_stale,
    "C5_BAD_QUOTE": _c5_quote,
    "C5_CROSSED_BOOK": _c5_crossed,
    "C6_REPEAT": _c6_repeat,
    "C7_SILENCE": _c7_silence,
    "C7_ORDER_RATE": _c7_rate,
    "C8_NOT_TRADING": _c8_not_trading,
    "C8_QUANTITY": _c8_quantity,
    "C8_PRICE": _c8_price,
    "C8_NOTIONAL": _c8_notional,
    "C8_TRIGGERED": _c8_triggered,
    "C10_STOP": _c10_stop,
    "C17_CLOCK": _c17_clock,
    "NO_FUNDS": _cash,
    "NO_POSITION": _no_position,
    "REDUCE_ONLY": _more_than_held,
}

"""What an order would be, cost and risk if it left now, and what the gate says to it; changes nothing."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import msgspec

from engine.core.instrument import money_text
from engine.core.market import BookSide, Market
from engine.core.plan import plan_words
from engine.core.types import ApprovedOrder, OrderRequest, Refusal, Side
from engine.core.views import side_name
from engine.wire.commands import ByHand, Shown
from engine.wire.hand_views import PreviewView

_LEVELS: Final = 1_000
"""An order that takes more of a book than so many levels is said to be more than it holds."""


def walk(side: BookSide, lots: int, limit_ticks: int, is_buy: bool) -> tuple[float, int]:
    """Take so many lots from a book's side, best price first, no worse than a limit.

    Returns the average price in ticks and the lots that were there; 0 and 0 for nothing.
    """
    left, spent = lots, 0
    for price, there in side.top(_LEVELS).tolist():
        if left <= 0 or (price > limit_ticks if is_buy else price < limit_ticks):
            break
        taken = min(left, there)
        spent += taken * price
        left -= taken
    found = lots - left
    return (spent / found if found else 0.0), found


def fingerprint(order: ByHand, shown: Shown) -> str:
    """Return 12 hex digits over an order, who gave it, and exactly what was shown of it."""
    seen = msgspec.json.encode((order, shown), order="deterministic")
    return blake2b(seen, digest_size=6).hexdigest()


def worst_loss_e8(
    order: ApprovedOrder | OrderRequest, price_ticks: int, lots: int, market: Market, fee_pct: float
) -> int:
    """Return what an entry loses that was bought at a price and sold at its stop, with both fees; 0 for a sale."""
    it = market.instrument
    if order.side is Side.SELL or not order.stop_ticks:
        return 0
    paid_e8, back_e8 = it.notional_e8(price_ticks, lots), it.notional_e8(order.stop_ticks, lots)
    return paid_e8 - back_e8 + int((paid_e8 + back_e8) * fee_pct / 100.0)


def preview_view(
    order: ByHand,
    request: OrderRequest,
    result: ApprovedOrder | Refusal,
    market: Market,
    now_ns: int,
    expires_ns: int,
    fee_pct: float,
    note: str = "",
) -> PreviewView:
    """Show what a request would be; ``result`` is the gate's answer to it."""
    it, is_buy = market.instrument, request.side is Side.BUY
    price = market.ask_ticks if is_buy else market.bid_ticks
    if isinstance(result, ApprovedOrder):
        lots, limit, said = result.qty_lots, result.price_ticks, ("OK", "", "")
    else:
        lots, limit, said = request.qty_lots, 0, (result.code, result.detail, result.advice)
    average, found = walk(market.book.asks if is_buy else market.book.bids, lots, limit, is_buy) if limit else (0.0, 0)
    is_resting = bool(request.limit_ticks) and (is_buy or request.limit_ticks > market.bid_ticks)
    price_paid = request.limit_ticks if is_resting else price
    notional_e8, qty, shown_price = it.notional_e8(price_paid, lots), it.qty_text(lots), it.price_text(price)
    loss_e8 = worst_loss_e8(request, limit or price, lots, market, fee_pct)
    slippage = 100.0 * (average / price - 1.0) * request.side if average and price else 0.0
    return PreviewView(
        symbol=it.symbol,
        base_asset=it.base_asset,
        quote_asset=it.quote_asset,
        side=side_name(request.side),
        qty=qty,
        price=shown_price if price else "",
        limit_price=it.price_text(limit) if limit else "",
        notional_quote=money_text(notional_e8),
        avg_price=it.price_text(round(average)) if average else "",
        slippage_pct=slippage,
        book_part=found / lots if lots else 0.0,
        fee_quote=money_text(int(notional_e8 * fee_pct / 100.0)),
        stop_price=it.price_text(request.stop_ticks) if request.stop_ticks else "",
        target_price=it.price_text(request.target_ticks) if request.target_ticks else "",
        worst_loss_quote=money_text(loss_e8) if loss_e8 else "",
        code=said[0],
        detail=said[1],
        advice=said[2],
        needs_second=False,
        is_one_step=False,
        fingerprint=fingerprint(order, Shown(qty, shown_price, now_ns)),
        ts_ns=now_ns,
        ts_expires_ns=expires_ns,
        plan=plan_words(request.plan) if request.plan is not None else "",
        is_resting=is_resting,
        note=note,
    )

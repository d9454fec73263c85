"""Sends a sale that the gate has approved; what locks at the exchange what it sells makes way for it.

That is protection first. What a person has on sale at a limit makes way only where there is no other way, and only for
a sale at the market: a stop, a close, a kill.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.actions import Replace, Send
from engine.core.facts import Facts
from engine.core.resting import Part
from engine.core.risk import least_lots
from engine.core.sales import cuts, piece_of
from engine.core.types import ApprovedOrder, OrderRequest, Refusal, TimeInForce
from engine.core.views import order_view
from engine.wire import events

if TYPE_CHECKING:
    from engine.core.trading import Trading


def sell(
    trading: Trading, request: OrderRequest, whole: ApprovedOrder, facts: Facts, stamps: tuple[int, int]
) -> ApprovedOrder | Refusal:
    """Send a sale; what protects it is cancelled in the same request.

    Where that rests in several parts it may take as many orders, each through the gate; the first is returned.
    ``stamps`` are when it was worded and when it was approved.
    """
    resting, symbol = trading.resting, whole.symbol
    parts, free_lots = resting.parts(symbol), facts.sellable_lots - facts.offered_lots - resting.held_lots(symbol)
    if free_lots + sum(part.rest_lots for part in parts) < whole.qty_lots:
        parts += resting.leaving(symbol)  # if one of these is gone, the venue sells nothing in its place
        parts += _offers(trading, whole)
    cut = cuts(whole.qty_lots, free_lots, parts, least_lots(whole.price_ticks, facts.market))
    if len(cut) == 1:
        return _send(trading, whole, cut[0].part, stamps)
    requests = [piece_of(request, piece.lots, number) for number, piece in enumerate(cut)]
    for piece in requests[1:]:
        trading.last_hop.cause_in(piece.cause_id)
    results = [trading.gate.check(piece, facts) for piece in requests]
    sent = [
        trading.refuse(piece, result) if isinstance(result, Refusal) else _send(trading, result, at.part, stamps)
        for piece, result, at in zip(requests, results, cut, strict=True)
    ]
    return sent[0]


def _offers(trading: Trading, whole: ApprovedOrder) -> list[Part]:
    """Return the sales of people at a limit that make way for a sale at the market; for another one none does."""
    if whole.time_in_force is TimeInForce.GTC:
        return []
    orders = (order for order in trading.orders.working() if order.approved.symbol == whole.symbol)
    return [Part(None, order) for order in orders if order.is_offer and not trading.resting.is_leaving(order)]


def _tell_withdrawn(trading: Trading, offer: ApprovedOrder, sale: ApprovedOrder) -> None:
    words = f"The sale {offer.client_order_id} of {offer.symbol} at its limit makes way for another"
    trading.notice("info", "OFFER_WITHDRAWN", f"{words}: {sale.client_order_id} ({sale.origin}).")


def _send(trading: Trading, sale: ApprovedOrder, part: Part | None, stamps: tuple[int, int]) -> ApprovedOrder:
    order = trading.open(sale)
    if part is None:
        trading.do(Send(sale, *stamps))
    else:
        trading.resting.make_way(part, order)
        trading.do(Replace(sale, part.names[0], part.names[1:]))
        if part.stop is None and part.target is not None and part.target.is_offer:
            _tell_withdrawn(trading, part.target.approved, sale)
    it = trading.instrument(order)
    trading.publish(lambda: events.OrderChanged(ts_ns=sale.ts_ns, order=order_view(order, it)))
    return sale

"""Sends a sale that the gate has approved; protection at the exchange that locks what it sells makes way for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.actions import Replace, Send
from engine.core.facts import Facts
from engine.core.resting import Part
from engine.core.risk import least_lots
from engine.core.sales import cuts, piece_of
from engine.core.types import ApprovedOrder, OrderRequest, Refusal
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
    parts, free_lots = resting.parts(symbol), facts.sellable_lots - resting.held_lots(symbol)
    if free_lots + sum(part.rest_lots for part in parts) < whole.qty_lots:
        parts += resting.leaving(symbol)  # if one of these is gone, the venue sells nothing in its place
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


def _send(trading: Trading, sale: ApprovedOrder, part: Part | None, stamps: tuple[int, int]) -> ApprovedOrder:
    order = trading.open(sale)
    if part is None:
        trading.do(Send(sale, *stamps))
    else:
        trading.resting.make_way(part, order)
        trading.do(Replace(sale, part.names[0], part.names[1:]))
    it = trading.instrument(order)
    trading.publish(lambda: events.OrderChanged(ts_ns=sale.ts_ns, order=order_view(order, it)))
    return sale

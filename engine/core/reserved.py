"""What orders under way have reserved, so that it is not spent or sold a second time."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import NamedTuple

from engine.core.instrument import Instrument
from engine.core.orders import FIRST, Order, Orders
from engine.core.resting import Resting, sold_unheard_lots
from engine.core.types import BUY, Symbol


class Reserved(NamedTuple):
    """A symbol's buys, all buys, the symbol's lots that are being sold, and those offered at a limit."""

    own_e8: int
    all_e8: int
    selling_lots: int
    offered_lots: int


def reserved(
    symbol: Symbol,
    orders: Orders,
    resting: Resting,
    instrument: Callable[[Order], Instrument],
    circle: Container[str] = (),
) -> Reserved:
    """Count what unsettled orders have reserved, buys at their limit, in 1e-8 of the quote asset.

    Working, in flight and unknown orders count alike, and so does what filled without its report having come; of
    protection and offers this alone counts as being sold, because they make way. ``circle``: the symbols of which a
    circle that begins may hold either by the time it is heard of.
    """
    own_e8 = all_e8 = selling_lots = offered_lots = 0
    for order in orders.unsettled():
        approved = order.approved
        if order.is_of_circle:  # no position is behind it; of its legs only the first one spends money
            if approved.cause_id.endswith(FIRST):
                cost_e8 = instrument(order).notional_e8(approved.price_ticks, order.uncounted_lots)
                all_e8 += cost_e8
                own_e8 += cost_e8 if symbol in circle else 0
            continue
        if approved.side is BUY:
            cost_e8 = instrument(order).notional_e8(approved.price_ticks, order.uncounted_lots)
            all_e8 += cost_e8
            own_e8 += cost_e8 if approved.symbol == symbol else 0
        elif approved.symbol == symbol:
            is_offer = order.is_offer
            makes_way = is_offer or approved.client_order_id in resting
            selling_lots += sold_unheard_lots(order) if makes_way else order.uncounted_lots
            offered_lots += resting.offered_lots(order) if is_offer else 0
    return Reserved(own_e8, all_e8, selling_lots, offered_lots)

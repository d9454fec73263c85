"""What came of arbitrage's pairs, as the journals of both venues tell it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from engine.core.instrument import Instrument
from engine.core.orders import Order, Orders
from engine.core.pairs.pair import CAUSE, money_e8
from engine.core.record_codec import AnyRecord
from engine.core.records import Intended, Reported
from engine.core.types import BUY, Symbol

_FLAT: Final = 0.05
"""A pair is over where so little of it is left at the most: a crumb that no venue takes, valued at what it cost."""


class _Leg(NamedTuple):
    order: Order
    instrument: Instrument


def pair_results(journals: Iterable[tuple[Iterable[AnyRecord], dict[Symbol, Instrument]]]) -> dict[str, float]:
    """Return what each pair that is flat made in percent of what it bought for, by its id and by its orders' names.

    ``journals``: the records of each venue, with its instruments by symbol.
    """
    pairs: dict[str, list[_Leg]] = {}
    for records, instruments in journals:
        _fold(records, instruments, pairs)
    found: dict[str, float] = {}
    for pair_id, legs in pairs.items():
        net_pct = _net_pct(legs)
        if net_pct is not None:
            found |= dict.fromkeys([pair_id, *(leg.order.approved.client_order_id for leg in legs)], net_pct)
    return found


def _fold(records: Iterable[AnyRecord], instruments: dict[Symbol, Instrument], pairs: dict[str, list[_Leg]]) -> None:
    orders = Orders()
    for record in records:
        if isinstance(record, Reported):
            orders.on_report(record.report)
        elif isinstance(record, Intended):
            kind, _, rest = record.order.cause_id.partition(":")
            if kind == CAUSE and record.order.symbol in instruments:
                leg = _Leg(orders.open(record.order), instruments[record.order.symbol])
                pairs.setdefault(rest.partition(":")[0], []).append(leg)


def _net_pct(legs: list[_Leg]) -> float | None:
    """Return a pair's result; None where nothing was bought, or where it is not over."""
    paid_e8 = sum(order.cum_quote_e8 for order, _ in legs if order.approved.side is BUY)
    bought_e8 = sum(order.filled_lots * it.lot_e8 for order, it in legs if order.approved.side is BUY)
    left_e8 = sum(order.approved.side * order.filled_lots * it.lot_e8 for order, it in legs)
    if not bought_e8 or abs(left_e8) > _FLAT * bought_e8:
        return None
    made_e8 = sum(money_e8(order, it) for order, it in legs) + left_e8 * paid_e8 / bought_e8
    return 100.0 * made_e8 / paid_e8

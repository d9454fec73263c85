"""Between the core's words and the paper exchange's own: orders and levels in, reports and failures out."""

from __future__ import annotations

from typing import Final

from engine.core.instrument import Instrument
from engine.core.types import (
    ApprovedOrder,
    ApprovedProtection,
    ClientOrderId,
    ExecutionReport,
    Levels,
    OrderState,
    SendFailed,
    VenueOrderId,
)
from engine.venues.paper.book import Level
from engine.venues.paper.errors import Refused
from engine.venues.paper.lists import NewOrderList
from engine.venues.paper.orders import AT_MARKET, CONDITIONAL, STOPS, Fill, NewOrder, Order, Status
from engine.venues.paper.rules import SymbolRules

STATES: Final = {
    Status.PENDING_NEW: OrderState.WORKING,
    Status.NEW: OrderState.WORKING,
    Status.PARTIALLY_FILLED: OrderState.PARTIALLY_FILLED,
    Status.FILLED: OrderState.FILLED,
    Status.CANCELED: OrderState.CANCELED,
    Status.EXPIRED: OrderState.EXPIRED,
    Status.EXPIRED_IN_MATCH: OrderState.EXPIRED,
}


def rules_of(instrument: Instrument) -> SymbolRules:
    """Turn the core's instrument into the exchange's own rules."""
    tick, lot = instrument.tick_e8, instrument.lot_e8
    return SymbolRules(
        symbol=instrument.symbol,
        base_asset=instrument.base_asset,
        quote_asset=instrument.quote_asset,
        tick=tick,
        lot=lot,
        min_price=instrument.min_price_ticks * tick,
        max_price=instrument.max_price_ticks * tick,
        min_qty=instrument.min_qty_lots * lot,
        max_qty=instrument.max_qty_lots * lot,
        max_market_qty=instrument.max_qty_lots * lot,
        min_notional=instrument.min_notional_e8,
        max_notional=instrument.max_notional_e8 or 2**63,
        status="TRADING" if instrument.is_trading else "BREAK",
    )


def new_order(order: ApprovedOrder, instrument: Instrument) -> NewOrder:
    """Turn an approved order into the request that its bytes would make."""
    trigger_ticks = order.stop_ticks if order.order_type in STOPS else order.target_ticks
    return NewOrder(
        symbol=order.symbol,
        side=order.side,
        type=order.order_type,
        client_order_id=order.client_order_id,
        time_in_force=order.time_in_force,
        qty=order.qty_lots * instrument.lot_e8,
        price=0 if order.order_type in AT_MARKET else order.price_ticks * instrument.tick_e8,
        stop_price=trigger_ticks * instrument.tick_e8 if order.order_type in CONDITIONAL else 0,
    )


def levels_of(levels: Levels, instrument: Instrument) -> list[Level]:
    """Turn levels in ticks and lots into prices and quantities in 1e-8."""
    tick, lot = instrument.tick_e8, instrument.lot_e8
    return [(price * tick, qty * lot) for price, qty in levels.tolist()]


def failure_of(client_order_id: ClientOrderId, refused: Refused, at_ns: int) -> SendFailed:
    """Word a refusal."""
    return SendFailed(client_order_id, False, refused.code, refused.message, at_ns)


def new_pair(protection: ApprovedProtection, instrument: Instrument) -> NewOrderList:
    """Turn a stop and a target into the request that their bytes would make."""
    legs = tuple(new_order(leg, instrument) for leg in (protection.target, protection.stop))
    return NewOrderList(client_list_id=protection.list_id, working=None, legs=legs)


def report_of(order: Order, fill: Fill | None, instrument: Instrument, at_ns: int) -> ExecutionReport:
    """Word how an order stands, and a fill of it."""
    return ExecutionReport(
        symbol=instrument.symbol,
        client_order_id=ClientOrderId(order.client_order_id),
        venue_order_id=VenueOrderId(order.order_id),
        side=order.side,
        state=STATES[order.status],
        qty_lots=order.qty // instrument.lot_e8,
        cum_qty_lots=order.executed // instrument.lot_e8,
        cum_quote_e8=order.cum_quote,
        fill_id=fill.trade_id if fill else 0,
        last_qty_lots=fill.qty // instrument.lot_e8 if fill else 0,
        last_price_ticks=fill.price // instrument.tick_e8 if fill else 0,
        fee_e8=fill.fee if fill else 0,
        fee_asset=fill.fee_asset if fill else "",
        is_maker=bool(fill and fill.is_maker),
        reason=order.status.value if order.status in (Status.EXPIRED, Status.EXPIRED_IN_MATCH) else "",
        ts_exchange_ns=at_ns,
        ts_recv_ns=at_ns,
    )

"""How the core's state looks from outside: orders, trades, prices and proposals as the wire shows them."""

from __future__ import annotations

from engine.core.config import StrategyConfig
from engine.core.exits import time_stop_ns
from engine.core.instrument import Instrument, decimals_of, money_text, scaled_text
from engine.core.market import Market
from engine.core.orders import Order
from engine.core.portfolio import RoundTrip
from engine.core.proposals import Proposal
from engine.core.targets import step_ticks
from engine.core.types import OrderType, Side
from engine.wire import views
from engine.wire.views import SideName

_E8 = 100_000_000
_STOPS = frozenset({OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT})


def side_name(side: Side) -> SideName:
    """Write a side in lower case, as people read it."""
    return "buy" if side is Side.BUY else "sell"


def order_view(order: Order, instrument: Instrument) -> views.OrderView:
    """Show one order."""
    approved = order.approved
    average = order.cum_quote_e8 * _E8 // (order.cum_lots * instrument.lot_e8) if order.cum_lots else 0
    return views.OrderView(
        client_order_id=approved.client_order_id,
        symbol=approved.symbol,
        base_asset=instrument.base_asset,
        quote_asset=instrument.quote_asset,
        side=side_name(approved.side),
        order_type="MARKET" if approved.time_in_force == "IOC" else approved.order_type,
        qty=instrument.qty_text(approved.qty_lots),
        limit_price=instrument.price_text(approved.price_ticks),
        state=order.state,
        filled_qty=instrument.qty_text(order.cum_lots),
        avg_price=scaled_text(average, _decimals(instrument)) if average else "",
        filled_quote=money_text(order.cum_quote_e8),
        fee=f"{scaled_text(order.fee_e8, 8)} {order.fee_asset}" if order.fee_e8 else "",
        reduce_only=approved.reduce_only,
        origin=approved.origin,
        cause_id=approved.cause_id,
        trade_id=approved.trade_id,
        reason=order.reason,
        ts_created_ns=approved.ts_ns,
        ts_changed_ns=order.changed_ns,
        stop_price=instrument.price_text(approved.stop_ticks) if approved.order_type in _STOPS else "",
    )


def trade_view(trip: RoundTrip, bid_ticks: int, now_ns: int) -> views.TradeView:
    """Show one round trip as of now, its open rest valued at the bid."""
    instrument, pnl_e8 = trip.instrument, trip.pnl_e8(bid_ticks)
    return views.TradeView(
        trade_id=trip.trade_id,
        symbol=instrument.symbol,
        base_asset=instrument.base_asset,
        quote_asset=instrument.quote_asset,
        side="buy",
        is_open=trip.is_open,
        qty=instrument.qty_text(trip.lots),
        entry_price=_average(trip.entry_ticks(), instrument),
        exit_price=_average(trip.exit_ticks(), instrument),
        stop_price=instrument.price_text(trip.stop_ticks) if trip.stop_ticks else "",
        target_price=instrument.price_text(trip.target_ticks) if trip.target_ticks else "",
        pnl_quote=money_text(pnl_e8),
        pnl_pct=100.0 * pnl_e8 / trip.cost_e8 if trip.cost_e8 else 0.0,
        origin=trip.origin,
        exit_reason=trip.exit_reason,
        ts_opened_ns=trip.opened_ns,
        ts_closed_ns=trip.closed_ns,
        stop_kind=trip.stop_kind if trip.stop_ticks else "",
        steps=_steps(trip),
        time_left_s=max(ends_ns - now_ns, 0) / 1e9 if (ends_ns := time_stop_ns(trip)) and trip.is_open else None,
        realised_quote=money_text(trip.realised_e8()) if trip.sold_e8 else "",
    )


def price_view(market: Market, is_fresh: bool) -> views.PriceView:
    """Show the market of one symbol."""
    text = market.instrument.price_text
    change = 100.0 * (market.last_ticks / market.first_ticks - 1.0) if market.first_ticks else 0.0
    return views.PriceView(
        symbol=market.instrument.symbol,
        bid=text(market.bid_ticks),
        ask=text(market.ask_ticks),
        last=text(market.last_ticks),
        change_pct=change,
        ts_exchange_ns=market.ts_exchange_ns,
        is_fresh=is_fresh,
    )


def proposal_view(
    proposal: Proposal, config: StrategyConfig, instrument: Instrument, warning: str
) -> views.ProposalView:
    """Show one proposal, open or decided."""
    signal, text, lots = proposal.signal, instrument.price_text, proposal.lots
    risk_e8 = instrument.notional_e8(signal.price_ticks - signal.stop_ticks, lots) if signal.stop_ticks else 0
    return views.ProposalView(
        proposal_id=proposal.proposal_id,
        fingerprint=proposal.fingerprint,
        strategy=signal.strategy,
        kind=proposal.kind,
        symbol=signal.symbol,
        base_asset=instrument.base_asset,
        quote_asset=instrument.quote_asset,
        side=side_name(signal.side),
        confidence=proposal.confidence,
        ask=config.ask,
        act=config.act,
        price=text(signal.price_ticks),
        stop_price=text(signal.stop_ticks) if signal.stop_ticks else "",
        target_price=text(signal.target_ticks) if signal.target_ticks else "",
        qty=instrument.qty_text(lots),
        notional_quote=money_text(instrument.notional_e8(signal.price_ticks, lots)),
        risk_quote=money_text(risk_e8),
        reasons=signal.reasons,
        headline=proposal.title,
        source=proposal.source,
        url=proposal.url,
        warning=warning if proposal.is_open else "",
        state=proposal.state,
        decided_by=proposal.decided_by,
        client_order_id=proposal.client_order_id,
        outcome=proposal.outcome,
        ts_opened_ns=proposal.opened_ns,
        ts_expires_ns=proposal.expires_ns,
        story_id=signal.story_id,
        record_trades=proposal.record.trades,
        record_won=proposal.record.won,
        record_r=proposal.record.mean_r,
        goes=proposal.goes,
        worth=proposal.worth,
        opinion=proposal.opinion,
    )


def _steps(trip: RoundTrip) -> tuple[views.StepView, ...]:
    """Show the targets before the last one, and which of them have sold their part."""
    if trip.plan is None:
        return ()
    text, held, until_pct, shown = trip.instrument.price_text, trip.lots + trip.taken_lots, 0.0, []
    for step, ticks in zip(trip.plan.steps, step_ticks(trip), strict=True):
        until_pct += step.part_pct
        is_done = 0 < int(held * until_pct / 100.0) <= trip.taken_lots
        shown.append(views.StepView(text(ticks), step.part_pct, is_done))
    return tuple(shown)


def _average(ticks: float, instrument: Instrument) -> str:
    return scaled_text(round(ticks * instrument.tick_e8), _decimals(instrument)) if ticks else ""


def _decimals(instrument: Instrument) -> int:
    return decimals_of(instrument.tick_e8)

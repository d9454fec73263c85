"""Examples of what the engine shows: a paper account, Alice's order, the trade it opens, a headline's proposal."""

from __future__ import annotations

from typing import Any

from bot.local_slack.workspace import ADMIN as ALICE
from engine.wire.hand_views import ApprovalView, PreviewView
from engine.wire.safeguard_views import AlarmView
from engine.wire.views import BalanceView, OrderView, PositionsView, PriceView, ProposalView, StatusView, TradeView

NOW_NS = 1_723_075_200_000_000_000

IOTA = {"symbol": "IOTAUSDT", "base_asset": "IOTA"}
PRICE = PriceView("ETHUSDT", "2682.50", "2682.51", "2682.51", 0.31, NOW_NS, True)


def status(**changes: Any) -> StatusView:
    """A paper engine that is armed and well, but for the changes."""
    facts: dict[str, Any] = {
        "version": "0.1.0",
        "config_hash": "1a2b3c",
        "account": "paper",
        "venue": "paper",
        "is_armed": True,
        "halt_reason": "",
        "mode": "ask",
        "strategies": (),
        "prices": (PRICE,),
        "health": (),
        "equity_quote": "10000.00",
        "quote_asset": "USDT",
        "open_orders": 0,
        "open_positions": 0,
        "open_proposals": 0,
        "refusals": 0,
        "ts_started_ns": NOW_NS,
        "ts_now_ns": NOW_NS + 90_000_000_000,
    }
    return StatusView(**(facts | changes))


def alarm(**changes: Any) -> AlarmView:
    """An alarm that nobody has acknowledged, but for the changes."""
    facts: dict[str, Any] = {
        "alarm_id": f"NAKED_POSITION:{NOW_NS}",
        "code": "NAKED_POSITION",
        "texts": ("Nothing protects what is held of ETHUSDT <now>.",),
        "times": 1,
        "ts_raised_ns": NOW_NS,
        "ts_last_ns": NOW_NS + 90_000_000_000,
        "acknowledged_by": "",
        "ts_acknowledged_ns": 0,
    }
    return AlarmView(**(facts | changes))


def positions(*held: TradeView) -> PositionsView:
    """An account with these positions."""
    return PositionsView("USDT", "10000.00", "0.00", "1.20", held, (BalanceView("USDT", "9750.00", "0"),))


def order(**changes: Any) -> OrderView:
    """Alice's order to buy ETHUSDT, just sent, but for the changes."""
    facts: dict[str, Any] = {
        "client_order_id": "t-1",
        "symbol": "ETHUSDT",
        "base_asset": "ETH",
        "quote_asset": "USDT",
        "side": "buy",
        "order_type": "MARKET",
        "qty": "0.0932",
        "limit_price": "2736.16",
        "state": "in_flight",
        "filled_qty": "0",
        "avg_price": "",
        "filled_quote": "0",
        "fee": "",
        "reduce_only": False,
        "origin": f"slack:{ALICE}",
        "cause_id": "slack:1",
        "trade_id": "trade-1",
        "reason": "",
        "ts_created_ns": NOW_NS,
        "ts_changed_ns": NOW_NS,
    }
    return OrderView(**(facts | changes))


def filled(**changes: Any) -> OrderView:
    """The same order, filled."""
    fill = {"state": "filled", "filled_qty": "0.0932", "avg_price": "2682.51", "filled_quote": "250.0099"}
    return order(**(fill | {"fee": "0.25000990 USDT", "ts_changed_ns": NOW_NS + 1} | changes))


def trade(**changes: Any) -> TradeView:
    """The trade that the filled order opened, but for the changes."""
    facts: dict[str, Any] = {
        "trade_id": "trade-1",
        "symbol": "ETHUSDT",
        "base_asset": "ETH",
        "quote_asset": "USDT",
        "side": "buy",
        "is_open": True,
        "qty": "0.0932",
        "entry_price": "2682.51",
        "exit_price": "",
        "stop_price": "2628.86",
        "target_price": "2789.81",
        "pnl_quote": "-0.25",
        "pnl_pct": -0.1,
        "origin": f"slack:{ALICE}",
        "exit_reason": "",
        "ts_opened_ns": NOW_NS,
        "ts_closed_ns": 0,
    }
    return TradeView(**(facts | changes))


def preview(**changes: Any) -> PreviewView:
    """What Alice's order would be, one that the gate lets through, but for the changes."""
    facts: dict[str, Any] = {
        "symbol": "ETHUSDT",
        "base_asset": "ETH",
        "quote_asset": "USDT",
        "side": "buy",
        "qty": "0.0932",
        "price": "2682.51",
        "limit_price": "2736.16",
        "notional_quote": "250.00",
        "avg_price": "2682.84",
        "slippage_pct": 0.0123,
        "book_part": 1.0,
        "fee_quote": "0.25",
        "stop_price": "2628.86",
        "target_price": "2789.81",
        "worst_loss_quote": "10.49",
        "code": "OK",
        "detail": "",
        "advice": "",
        "needs_second": False,
        "is_one_step": False,
        "fingerprint": "feed00112233",
        "ts_ns": NOW_NS,
        "ts_expires_ns": NOW_NS + 30_000_000_000,
    }
    return PreviewView(**(facts | changes))


def approval(**changes: Any) -> ApprovalView:
    """Alice's order, which waits for a second person, but for the changes."""
    facts: dict[str, Any] = {
        "approval_id": "a-1",
        "fingerprint": "beef",
        "symbol": "ETHUSDT",
        "base_asset": "ETH",
        "quote_asset": "USDT",
        "side": "buy",
        "qty": "0.9320",
        "price": "2682.51",
        "notional_quote": "2500.00",
        "worst_loss_quote": "104.90",
        "asked_by": f"slack:{ALICE}",
        "proposal_id": "",
        "limit_quote": "1000",
        "state": "waiting",
        "decided_by": "",
        "outcome": "",
        "client_order_id": "",
        "ts_opened_ns": NOW_NS,
        "ts_expires_ns": NOW_NS + 120_000_000_000,
    }
    return ApprovalView(**(facts | changes))


def proposal(**changes: Any) -> ProposalView:
    """A headline's proposal to buy IOTAUSDT, open, but for the changes."""
    facts: dict[str, Any] = {
        "proposal_id": "p-1",
        "fingerprint": "f00d",
        "strategy": "headlines",
        "kind": "event",
        "symbol": "IOTAUSDT",
        "base_asset": "IOTA",
        "quote_asset": "USDT",
        "side": "buy",
        "confidence": 0.78,
        "ask": 0.5,
        "act": 0.9,
        "price": "1.0505",
        "stop_price": "1.0190",
        "target_price": "1.1555",
        "qty": "95.10",
        "notional_quote": "99.90",
        "risk_quote": "3.00",
        "reasons": ('partnership +0.70 ("marketplace with")', "known company +0.08 (Microsoft)"),
        "headline": "IOTA launches a data marketplace with Microsoft & others",
        "source": "story",
        "url": "https://example.com/iota",
        "warning": "",
        "state": "open",
        "decided_by": "",
        "client_order_id": "",
        "outcome": "",
        "ts_opened_ns": NOW_NS,
        "ts_expires_ns": NOW_NS + 60_000_000_000,
    }
    return ProposalView(**(facts | changes))

"""A fake engine behind the real line, and views to fill its replies and events with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from engine.control.server import ControlServer
from engine.wire.commands import AnyCommand, Decide, GetPositions, GetSnapshot, GetStatus
from engine.wire.replies import OrdersView, Reply, Snapshot
from engine.wire.views import (
    BalanceView,
    HealthView,
    OrderView,
    PositionsView,
    PriceView,
    ProposalView,
    StatusView,
    StrategyView,
    TradeView,
)

PRICE = PriceView("IOTAUSDT", "1.0348", "1.0350", "1.0349", 1.25, 1, True)
ORDER = OrderView(
    client_order_id="t-1", symbol="IOTAUSDT", base_asset="IOTA", quote_asset="USDT", side="buy", order_type="LIMIT",
    qty="241.5", limit_price="1.0557", state="filled", filled_qty="241.5", avg_price="1.0350", filled_quote="249.95",
    fee="0.25 USDT", reduce_only=False, origin="cli:ann", cause_id="c", trade_id="T1", reason="", ts_created_ns=1,
    ts_changed_ns=2,
)  # fmt: skip
TRADE = TradeView(
    trade_id="T1", symbol="IOTAUSDT", base_asset="IOTA", quote_asset="USDT", side="buy", is_open=True, qty="241.5",
    entry_price="1.0350", exit_price="", stop_price="1.0143", target_price="", pnl_quote="-0.27", pnl_pct=-0.11,
    origin="cli:ann", exit_reason="", ts_opened_ns=1, ts_closed_ns=0,
)  # fmt: skip
PROPOSAL = ProposalView(
    proposal_id="p-1", fingerprint="f-1", strategy="headlines", kind="event", symbol="IOTAUSDT", base_asset="IOTA",
    quote_asset="USDT", side="buy", confidence=0.72, ask=0.5, act=0.9, price="1.0505", stop_price="1.0190",
    target_price="", qty="238.0", notional_quote="250.02", risk_quote="7.50", reasons=("partnership +0.70",),
    headline="IOTA launches a marketplace", source="story", url="", warning="", state="open", decided_by="",
    client_order_id="", outcome="", ts_opened_ns=1_000_000_000, ts_expires_ns=61_000_000_000,
)  # fmt: skip
POSITIONS = PositionsView(
    quote_asset="USDT", equity_quote="99999.73", realised_quote="0.00", unrealised_quote="-0.27", positions=(TRADE,),
    balances=(BalanceView("USDT", "99749.80", "0.00"), BalanceView("IOTA", "241.5", "1.5")),
)  # fmt: skip
ORDERS = OrdersView(open=(), finished=(ORDER,))
STATUS = StatusView(
    version="0.1.0", config_hash="0123456789ab", account="paper", venue="paper", is_armed=False, halt_reason="",
    mode="ask", strategies=(StrategyView("sma_cross", "technical", (), "auto", "ask", 0.55, 0.85, 3, 1, 2, 0),),
    prices=(PRICE,), health=(HealthView("market", True, "fresh"), HealthView("account", False, "not reconciled")),
    equity_quote="100000.00", quote_asset="USDT", open_orders=0, open_positions=1, open_proposals=1, refusals=2,
    ts_started_ns=1, ts_now_ns=2,
)  # fmt: skip


class FakeEngine:
    """Answers every command with a reply that fits it, and remembers what it was asked."""

    def __init__(self) -> None:
        """Begin well, with nothing asked."""
        self.asked: list[AnyCommand] = []
        self.status = STATUS
        self.refusal = ""

    def on_command(self, command: AnyCommand) -> Reply:
        """Return the reply to one command."""
        if isinstance(command, GetSnapshot):
            snapshot = Snapshot(0, self.status, POSITIONS, ORDERS, (), (PRICE,))
            return Reply(command.id, True, "OK", "the snapshot", snapshot)
        self.asked.append(command)
        if self.refusal:
            return Reply(command.id, False, "C4_PRICE_COLLAR", self.refusal)
        if isinstance(command, GetStatus):
            return Reply(command.id, True, "OK", "status", self.status)
        if isinstance(command, GetPositions):
            return Reply(command.id, True, "OK", "positions", POSITIONS)
        return Reply(command.id, True, "OK", "Decided." if isinstance(command, Decide) else "Done.")


@asynccontextmanager
async def serving(home: Path, on_command: Callable[[AnyCommand], Reply]) -> AsyncIterator[ControlServer]:
    """Open the real line of an engine in this home."""
    server = ControlServer(home / "engine.sock", on_command)
    await server.start()
    try:
        yield server
    finally:
        await server.close()

"""What tests of protection at the exchange do, and what they look for among the actions."""

from __future__ import annotations

from collections.abc import Iterable

from core_builders import ALICE, ETH, Desk, config, report, sent

from engine.core.account import AccountSnapshot, Balance
from engine.core.actions import Action, Cancel, Protect
from engine.core.config import ExitsName
from engine.core.reconcile import SETTLE_NS
from engine.core.types import (
    ApprovedOrder,
    ApprovedProtection,
    OrderState,
    Side,
)
from engine.wire.commands import Close
from engine.wire.replies import Reply

X = OrderState
HELD = 4500
"""Lots that 900 USDT buy at 2000.00."""


def a_desk(exits: ExitsName = "exchange", **changed: object) -> Desk:
    return Desk(config(exits=exits), **changed).ready()  # type: ignore[arg-type]


def lists(actions: Iterable[Action]) -> list[ApprovedProtection]:
    return [action.protection for action in actions if isinstance(action, Protect)]


def cancels(actions: Iterable[Action]) -> list[str]:
    return [action.client_order_id for action in actions if isinstance(action, Cancel)]


def bought(desk: Desk, amount: str = "900") -> ApprovedProtection:
    """Buy by hand, and return the protection that follows the fill."""
    (protection,) = lists(desk.fill(sent(desk.buy(amount)[1])[0]))
    return protection


def protected(desk: Desk, amount: str = "900") -> ApprovedProtection:
    """Do the same, and let both orders rest."""
    protection = bought(desk, amount)
    for leg in protection.orders:
        desk.execute(leg, X.WORKING)
    return protection


def close(desk: Desk, percent: float = 100.0) -> tuple[Reply, list[Action]]:
    return desk.ask(Close(id=desk.new_id(), who=ALICE, symbol="eth", percent=percent))


def end(desk: Desk, protection: ApprovedProtection, state: OrderState = X.CANCELED) -> list[Action]:
    """Let both orders of a list end; return all that follows."""
    return [action for leg in protection.orders for action in desk.execute(leg, state)]


def account_lists(desk: Desk, *legs: ApprovedOrder) -> list[Action]:
    """Send the account with these open at the exchange."""
    desk.now_ns += SETTLE_NS + 1
    open_orders = tuple(
        report(leg.client_order_id, X.WORKING, side=Side.SELL, qty_lots=leg.qty_lots, ts_recv_ns=desk.now_ns)
        for leg in legs
    )
    rows = tuple(Balance(asset, value, 0) for asset, value in desk.balances.items())
    return desk.keep(desk.engine.on_account(AccountSnapshot(rows, open_orders, desk.now_ns)))


def without_target(desk: Desk, cause: str, lots: int, stop: int) -> list[Action]:
    """Buy with a stop and no target; return what follows from the fill."""
    trading = desk.engine.trading
    trading.last_hop.cause_in(cause)
    entry = trading.submit(trading.entry(ETH, cause, "cli:ann", lots, stop, 0))
    assert isinstance(entry, ApprovedOrder)
    desk.keep(trading.take())
    return desk.fill(entry)

"""What tests of orders do, and what they look for among the actions."""

from __future__ import annotations

from core_builders import (
    Desk,
    sent,
)

from engine.core.actions import Action, Cancel, Query
from engine.core.types import (
    ApprovedOrder,
    SendFailed,
)


def bought(desk: Desk, amount: str = "900") -> ApprovedOrder:
    """Buy by hand; return the order on its way."""
    reply, actions = desk.buy(amount)
    assert reply.ok, reply
    return sent(actions)[0]


def queries(actions: list[Action]) -> list[str]:
    return [action.client_order_id for action in actions if isinstance(action, Query)]


def cancels(actions: list[Action]) -> list[str]:
    return [action.client_order_id for action in actions if isinstance(action, Cancel)]


def fails(desk: Desk, order: ApprovedOrder, code: int = 0, *, ambiguous: bool = False) -> list[Action]:
    failure = SendFailed(order.client_order_id, ambiguous, code, "lost", desk.now_ns)
    return desk.keep(desk.engine.on_send_failed(failure))

"""How a comparison with the venue's account reads in a terminal."""

from __future__ import annotations

from engine.wire.figures import amount, number, plural, price
from engine.wire.reconciliation import ComparedView, ForeignOrderView, ReconciliationView

_SAYS = {
    "waiting": "placed by somebody else: reconcile adopt {id}, or reconcile ignore {id}",
    "adopted": "adopted by {by}: it is ours from now on",
    "ignored": "ignored by {by}",
    "gone": "it is not open any more",
}


def reconciliation_text(view: ReconciliationView) -> str:
    """Write what was compared, symbol by symbol, and what was found."""
    if not view.ts_compared_ns:
        return "the exchange has not answered yet"
    state = "reconciled" if view.is_reconciled else "NOT RECONCILED YET"
    if view.is_moving:
        state += "; an order is under way, so that balances are compared the next time"
    lines = [_compared(line) for line in view.symbols] or ["  nothing held and nothing open"]
    found = [f"  found: {words}" for words in view.findings]
    return "\n".join([state, *lines, *found, *(f"  {foreign_text(order)}" for order in view.foreign)])


def foreign_text(order: ForeignOrderView) -> str:
    """Write an order that somebody else placed, and what became of it or may be done."""
    limit = f" at {price(order.price)} {order.quote_asset}" if order.price else ""
    says = _SAYS[order.state].format(id=order.client_order_id, by=order.decided_by)
    return f"{order.side} {amount(order.qty, order.base_asset)}{limit} [{order.client_order_id}] {order.symbol}: {says}"


def _compared(line: ComparedView) -> str:
    counted = f"{number(line.position)} of a position, {number(line.aside)} besides"
    parts = [f"  {line.symbol}: the exchange holds {amount(line.held, line.base_asset)}; counted {counted}"]
    parts.append(f"{plural(line.open_orders, 'open order')} of ours, {line.foreign} of somebody else's")
    return "; ".join(parts) + (f"\n    NO ENTRIES {line.trouble}" if line.trouble else "")

"""How the latency ledger reads in a terminal: a table of stages in microseconds, and the last orders."""

from __future__ import annotations

from engine.wire.views import LatencyView, OrderStampsView, StageView

_HEAD = f"  {'until':<18}{'count':>9}{'p50':>10}{'p90':>10}{'p99':>10}{'most':>10}"


def latency_text(view: LatencyView) -> str:
    """Write every stage that orders have passed, what rehearsals measured, and the last orders one by one."""
    if not view.stages and not view.rehearsed:
        return "no order has left since the engine started"
    lines = ["orders, µs", _HEAD, *map(_stage, view.stages), *map(order_line, view.orders)]
    if view.rehearsed:
        lines += ["rehearsals, µs", _HEAD, *map(_stage, view.rehearsed)]
    return "\n".join(lines)


def order_line(order: OrderStampsView) -> str:
    """Write when one order passed its stages, in µs since what caused it was received."""
    stamps = ", ".join(f"{stage} {ns / 1e3:.1f}" for stage, ns in order.stamps_ns.items())
    return f"  {order.client_order_id} after a {order.event} event: {stamps}"


def _stage(stage: StageView) -> str:
    times = (stage.p50_ns, stage.p90_ns, stage.p99_ns, stage.max_ns)
    return f"  {stage.stage:<18}{stage.count:>9}" + "".join(f"{ns / 1e3:>10.1f}" for ns in times)

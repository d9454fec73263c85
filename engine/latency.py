"""The latency ledger: when each order passed its stages, in histograms of fixed size and one by one for the last ones.

The core has no clock, so it is marked from outside as it passes a stage; what is made of the marks is made after the
order's bytes left. Where nothing is ordered it costs one reading of the clock for each event.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from engine.clock import now_ns, ticks_ns
from engine.core.kernels.histogram import BUCKETS, count_duration, new_histogram, quantile
from engine.wire.views import LatencyView, OrderStampsView, StageView

_ON_OUR_WAY: Final = ("decoded", "decided", "gated", "journaled", "sent")
WHOLE: Final = "received_to_sent"
_ANSWERS: Final = ("acknowledged", "filled")
_LAST_ORDERS: Final = 20
"""Shown among all ..."""
_KEPT_ORDERS: Final = 500
"""... and remembered, for a question about one of them."""
_MOST_OPEN: Final = 1_000
"""Orders whose answers are waited for; older ones are not waited for any more."""


class Histogram:
    """Durations in ns, in the layout of ``kernels.histogram``: 9 KB, whatever comes."""

    def __init__(self) -> None:
        self._counts = new_histogram()

    @property
    def count(self) -> int:
        """How many were recorded."""
        return int(self._counts[BUCKETS])

    def record(self, ns: int) -> None:
        """Count one duration; one below 0, from a clock that was set back, counts as 0."""
        count_duration(self._counts, min(ns, 1 << 62))

    def view(self, stage: str) -> StageView:
        """Show what was counted."""
        p50, p90, p99 = (int(quantile(self._counts, share)) for share in (0.5, 0.9, 0.99))
        return StageView(stage, self.count, p50, p90, p99, int(self._counts[BUCKETS + 1]))


class _Order:
    """One order's stamps, in ns since its event was received, in the order of the stages."""

    __slots__ = ("answers", "client_order_id", "event", "on_our_way", "received", "ts_recv_ns")

    def __init__(
        self, client_order_id: str, event: str, ts_recv_ns: int, received: int, on_our_way: tuple[int, ...]
    ) -> None:
        self.client_order_id = client_order_id
        self.event = event
        self.ts_recv_ns = ts_recv_ns
        self.received = received
        """By ``ticks_ns``, as the others."""
        self.on_our_way = on_our_way
        self.answers: list[int] = []

    def view(self) -> OrderStampsView:
        """Show them."""
        stamps = dict(zip(_ON_OUR_WAY, self.on_our_way, strict=True)) | dict(zip(_ANSWERS, self.answers, strict=False))
        since = {stage: at - self.received for stage, at in stamps.items()}
        return OrderStampsView(self.client_order_id, self.event, self.ts_recv_ns, since)


class Ledger:
    """Takes the stamps of the orders of one event after the other; ``keep`` follows when everything else was done."""

    def __init__(self) -> None:
        self.has_sent = False
        """True while orders of the present event wait for ``keep``."""
        self.last_sent_ticks = 0
        """When the last order left, by ``ticks_ns``."""
        self.decoded = 0
        """When the present event was decoded and about to be decided on, by ``ticks_ns``."""
        self._sent: list[tuple[str, tuple[int, ...]]] = []
        self._stages = {stage: Histogram() for stage in (*_ON_OUR_WAY, WHOLE, *_ANSWERS)}
        self._open: dict[str, _Order] = {}
        self._last: dict[str, _Order] = {}

    def sent(self, client_order_id: str, decided: int, gated: int, journaled: int) -> None:
        """Take the stamps of an order whose bytes have just left. Over REST, where they leave later, nobody does."""
        self.last_sent_ticks = now = ticks_ns()
        self._sent.append((client_order_id, (self.decoded, decided, gated, journaled, now)))
        self.has_sent = True

    def keep(self, event: str, ts_recv_ns: int) -> None:
        """Count the orders of an event. ``ts_recv_ns`` is ``now_ns`` of its receipt: its age leads back to then."""
        received = ticks_ns() - (now_ns() - ts_recv_ns)
        for client_order_id, stamps in self._sent:
            order = _Order(client_order_id, event, ts_recv_ns, received, stamps)
            self._count(order)
            self._last[client_order_id] = order
            self._open[client_order_id] = order
        self._sent.clear()
        self.has_sent = False
        while len(self._open) > _MOST_OPEN:
            del self._open[next(iter(self._open))]
        while len(self._last) > _KEPT_ORDERS:
            del self._last[next(iter(self._last))]

    def answered(self, client_order_id: str, ts_recv_ns: int, *, is_filled: bool) -> None:
        """Take the venue's word about an order: its first is the acknowledgement, the last of a whole fill ends it."""
        order = self._open.get(client_order_id)
        if order is None:
            return
        at = ticks_ns() - (now_ns() - ts_recv_ns)
        for stage in _ANSWERS[len(order.answers) : 1 + is_filled]:
            order.answers.append(at)
            self._stages[stage].record(at - order.on_our_way[-1])
        if is_filled:
            del self._open[client_order_id]

    def stages(self) -> tuple[StageView, ...]:
        """Show every stage that an order has passed."""
        return tuple(histogram.view(stage) for stage, histogram in self._stages.items() if histogram.count)

    def view(self, rehearsed: tuple[StageView, ...] = ()) -> LatencyView:
        """Show the stages, the last orders, and what the rehearsals measured."""
        last = islice(reversed(self._last.values()), _LAST_ORDERS)
        return LatencyView(self.stages(), tuple(order.view() for order in last), rehearsed)

    def of(self, client_order_id: str) -> OrderStampsView | None:
        """Show one order's stamps; None where it is of an earlier run, or too old."""
        order = self._last.get(client_order_id)
        return order.view() if order is not None else None

    def _count(self, order: _Order) -> None:
        """Count an order's stages, each from the one before."""
        before = order.received
        for stage, at in zip(_ON_OUR_WAY, order.on_our_way, strict=True):
            self._stages[stage].record(at - before)
            before = at
        self._stages[WHOLE].record(before - order.received)

"""The latency ledger: when each order passed its stages, in histograms of fixed size and one by one for the last ones.

The core has no clock, so it is marked from outside as it passes a stage; what is made of the marks is made after the
order's bytes left. Where nothing is ordered it costs one reading of the clock for each event.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.clock import now_ns, ticks_ns
from engine.core.trading import Stage
from engine.wire.views import LatencyView, OrderStampsView, StageView

_ON_OUR_WAY: Final = ("decoded", "decided", "gated", "journaled", "sent")
WHOLE: Final = "received_to_sent"
STAGES: Final = (*_ON_OUR_WAY, WHOLE, "acknowledged", "filled")
_SUB_BITS: Final = 5
_SUB: Final = 1 << _SUB_BITS
"""Buckets in each power of two: a value is known to 3 %. Source of the layout: Gil Tene's HdrHistogram."""
_LARGEST_BITS: Final = 40
"""18 minutes in ns; what is longer counts as that."""
_LAST_ORDERS: Final = 20
_MOST_OPEN: Final = 1_000
"""Orders whose answers are waited for; older ones are not waited for any more."""


class Histogram:
    """Counts durations in log-linear buckets: int64, shape (1152,), whatever comes."""

    def __init__(self) -> None:
        self.count = self.max_ns = 0
        self._buckets: NDArray[np.int64] = np.zeros((_LARGEST_BITS - _SUB_BITS + 1) * _SUB, np.int64)

    def record(self, ns: int) -> None:
        """Count one duration; one below 0, from a clock that was set back, counts as 0."""
        ns = min(max(ns, 0), (1 << _LARGEST_BITS) - 1)
        shift = max(ns.bit_length() - _SUB_BITS - 1, 0)
        self._buckets[(shift << _SUB_BITS) + (ns >> shift)] += 1
        self.count += 1
        self.max_ns = max(self.max_ns, ns)

    def quantile(self, share: float) -> int:
        """Return the duration that a share (0 to 1) of all did not exceed, in ns, at most 3 % too long; 0 for none."""
        if not self.count:
            return 0
        rank = max(int(np.ceil(share * self.count)), 1)
        bucket = int(np.searchsorted(np.cumsum(self._buckets), rank))
        shift = max((bucket >> _SUB_BITS) - 1, 0)
        return min((bucket - (shift << _SUB_BITS) + 1 << shift) - 1, self.max_ns)

    def view(self, stage: str) -> StageView:
        """Show what was counted."""
        p50, p90, p99 = (self.quantile(share) for share in (0.5, 0.9, 0.99))
        return StageView(stage, self.count, p50, p90, p99, self.max_ns)


class _Order:
    """One order's stamps, in ns since its event was received."""

    __slots__ = ("client_order_id", "event", "received_ticks", "stamps", "ts_recv_ns")

    def __init__(self, client_order_id: str, event: str, ts_recv_ns: int, received_ticks: int) -> None:
        self.client_order_id = client_order_id
        self.event = event
        self.ts_recv_ns = ts_recv_ns
        self.received_ticks = received_ticks
        self.stamps: dict[str, int] = {}


class Ledger:
    """Takes the marks of one event after the other; ``keep`` follows when everything else was done."""

    def __init__(self) -> None:
        self.has_sent = False
        """True while orders of the present event wait for ``keep``."""
        self.last_sent_ticks = 0
        """When the last order left, by ``ticks_ns``."""
        self._decoded = self._decided = self._journaled = 0
        self._gated: dict[str, tuple[int, int]] = {}
        self._sent: list[tuple[str, int, int]] = []
        self._histograms = {stage: Histogram() for stage in STAGES}
        self._open: dict[str, _Order] = {}
        self._last: deque[_Order] = deque(maxlen=_LAST_ORDERS)

    def heard(self) -> None:
        """Mark that an event is decoded and about to be decided on."""
        self._decoded = ticks_ns()

    def mark(self, stage: Stage, client_order_id: str) -> None:
        """Mark a stage inside the core."""
        if stage == "decided":
            self._decided = ticks_ns()
        else:
            self._gated[client_order_id] = (self._decided, ticks_ns())

    def journaled(self) -> None:
        """Mark that an order's intent is written and its bytes are to be made."""
        self._journaled = ticks_ns()

    def sent(self, client_order_id: str) -> None:
        """Mark that an order's bytes left."""
        self.last_sent_ticks = ticks_ns()
        self._sent.append((client_order_id, self._journaled, self.last_sent_ticks))
        self.has_sent = True

    def keep(self, event: str, ts_recv_ns: int) -> None:
        """Count the orders of an event. ``ts_recv_ns`` is the wall clock's; the rest hangs on it by its age now."""
        received = ticks_ns() - (now_ns() - ts_recv_ns)
        for client_order_id, journaled, sent in self._sent:
            order = _Order(client_order_id, event, ts_recv_ns, received)
            self._count(order, (self._decoded, *self._gated[client_order_id], journaled, sent))
            self._last.append(order)
            self._open[client_order_id] = order
        self._gated.clear()
        self._sent.clear()
        self.has_sent = False
        while len(self._open) > _MOST_OPEN:
            del self._open[next(iter(self._open))]

    def answered(self, client_order_id: str, ts_recv_ns: int, *, is_filled: bool) -> None:
        """Take the venue's word about an order: its first is the acknowledgement."""
        order = self._open.get(client_order_id)
        if order is None:
            return
        since_received = ticks_ns() - (now_ns() - ts_recv_ns) - order.received_ticks
        reached = ("acknowledged", "filled") if is_filled else ("acknowledged",)
        for stage in reached:
            if stage not in order.stamps:
                order.stamps[stage] = since_received
                self._histograms[stage].record(since_received - order.stamps["sent"])

    def stages(self) -> tuple[StageView, ...]:
        """Show every stage that an order has passed."""
        return tuple(histogram.view(stage) for stage, histogram in self._histograms.items() if histogram.count)

    def view(self, rehearsed: tuple[StageView, ...] = ()) -> LatencyView:
        """Show the stages, the last orders, and what the rehearsals measured."""
        last = (OrderStampsView(o.client_order_id, o.event, o.ts_recv_ns, dict(o.stamps)) for o in self._last)
        return LatencyView(self.stages(), tuple(last)[::-1], rehearsed)

    def _count(self, order: _Order, ticks: tuple[int, ...]) -> None:
        """Count an order's stages, each from the one before."""
        before = order.received_ticks
        for stage, at in zip(_ON_OUR_WAY, ticks, strict=True):
            order.stamps[stage] = at - order.received_ticks
            self._histograms[stage].record(at - before)
            before = at
        self._histograms[WHOLE].record(before - order.received_ticks)

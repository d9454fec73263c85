"""The latency ledger: what its histograms know, which stamps an order carries, and that nothing is decided by them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rehearsal_bench import T0, RealSide, expired, real_side

from engine.cli.latency_text import latency_text
from engine.clock import ticks_ns
from engine.core.actions import Send
from engine.core.kernels.histogram import quantile
from engine.core.types import OrderState, Trade
from engine.core.warm import FIRST_TICKS, SCRATCH, scratch_engine
from engine.latency import WHOLE, Histogram, Ledger
from engine.wire.commands import GetLatency, Who
from engine.wire.views import LatencyView

ANN = Who("ann", "ann", "cli")
ON_OUR_WAY = ["decoded", "decided", "gated", "journaled", "sent"]


# ---------------------------------------------------------------- histograms


@given(st.lists(st.integers(0, 1 << 40), min_size=1, max_size=200), st.sampled_from([0.0, 0.5, 0.9, 0.99, 1.0]))
def test_a_quantile_is_at_most_3_percent_too_long_and_never_too_short(values: list[int], share: float) -> None:
    """Compared with the sorted list itself."""
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    exact = sorted(min(v, (1 << 40) - 1) for v in values)[max(int(np.ceil(share * len(values))), 1) - 1]
    assert exact <= quantile(histogram._counts, share) <= exact * (1 + 1 / 32)
    assert (histogram.count, histogram.view("x").max_ns) == (len(values), min(max(values), (1 << 40) - 1))


@pytest.mark.parametrize(("ns", "counted"), [(-5, 0), (0, 0), (63, 63), (64, 64), (1 << 80, (1 << 40) - 1)])
def test_what_no_clock_shows_is_counted_at_the_edge(ns: int, counted: int) -> None:
    """A negative duration counts as none, one of years as 18 minutes, and memory stays as it is."""
    histogram = Histogram()
    histogram.record(ns)
    view = histogram.view("x")
    assert (view.count, view.p50_ns, view.max_ns) == (1, counted, counted)


def test_an_empty_histogram_says_nothing() -> None:
    """No duration at all has quantiles of 0."""
    view = Histogram().view("sent")
    assert (view.count, view.p50_ns, view.p99_ns, view.max_ns) == (0, 0, 0, 0)


# ---------------------------------------------------------------- an order's stamps


def view_of(real: RealSide) -> LatencyView:
    """Ask as ``trader latency`` does."""
    result = real.live.on_command(GetLatency(id="l", who=ANN)).result
    assert isinstance(result, LatencyView)
    return result


async def test_an_order_carries_a_stamp_of_each_stage_in_order(tmp_path: Path) -> None:
    """Received, decoded, decided, gated, journaled, sent, and then what the venue says of it."""
    async with real_side(tmp_path) as real:
        real.tell(("trade", 1))
        view = view_of(real)
    (order,) = view.orders
    assert order.event == "trade"
    assert list(order.stamps_ns) == [*ON_OUR_WAY, "acknowledged"]
    on_our_way = [order.stamps_ns[stage] for stage in ON_OUR_WAY]
    assert on_our_way == sorted(on_our_way)
    counts = {stage.stage: stage.count for stage in view.stages}
    assert counts == dict.fromkeys([*ON_OUR_WAY, WHOLE, "acknowledged"], 1)


async def test_an_event_without_an_order_leaves_no_trace(tmp_path: Path) -> None:
    """Quotes and trades that nobody acts on are in no histogram."""
    async with real_side(tmp_path) as real:
        real.tell(("quote", 0))
        real.tell(("trade", -200))
        assert view_of(real) == LatencyView((), (), ())


async def test_an_order_over_rest_has_no_stamps(tmp_path: Path) -> None:
    """Its bytes leave later, when its request does: what took how long is not known in the callback."""
    async with real_side(tmp_path) as real:
        await real.orders._line.close()
        real.tell(("trade", 1))
        assert len(real.live.engine.trading.orders.finished(5)) == 1
        assert view_of(real) == LatencyView((), (), ())


async def test_a_fill_is_stamped_once_and_an_unknown_order_is_passed_over(tmp_path: Path) -> None:
    """The same report again changes nothing, nor does one about an order of somebody else."""
    async with real_side(tmp_path) as real:
        real.tell(("trade", 1))
        name = view_of(real).orders[0].client_order_id
        ledger = real.live.ledger
        for _ in range(2):
            ledger.answered(name, T0, is_filled=True)
        ledger.answered("somebody-else", T0, is_filled=True)
        counts = {stage.stage: stage.count for stage in view_of(real).stages}
    assert (counts["acknowledged"], counts["filled"]) == (1, 1)


async def test_only_the_last_orders_are_kept_one_by_one(tmp_path: Path) -> None:
    """The newest first, twenty of them; the histograms know of all."""
    async with real_side(tmp_path) as real:
        for ticks in range(1, 31):
            real.tell(("trade", ticks))
        view = view_of(real)
        sent = [report.approved.client_order_id for report in real.live.engine.trading.orders.finished(20)]
    assert [order.client_order_id for order in view.orders] == sent
    assert {stage.count for stage in view.stages} == {30}


def test_stamps_decide_nothing() -> None:
    """The core returns the same orders with somebody who keeps the time and without."""
    kept, plain = scratch_engine(T0), scratch_engine(T0)
    kept.trading.stamp = ticks_ns
    for i in range(1, 50):
        trade = Trade(SCRATCH.symbol, i, FIRST_TICKS + i % 7 + i, 5, i % 5 == 0, T0 + i * 10**6, T0 + i * 10**6)
        orders = [[a.order for a in engine.on_trade(trade) if isinstance(a, Send)] for engine in (kept, plain)]
        assert orders[0] == orders[1]
        for engine in (kept, plain):
            for order in orders[0]:
                report = expired(order.client_order_id, order.qty_lots, trade.ts_recv_ns)
                assert report.state is OrderState.EXPIRED
                engine.on_execution(report)


def test_a_late_clock_gives_no_negative_stage() -> None:
    """A receipt that lies in the future, by a clock that was set, counts as a stage of no length."""
    ledger = Ledger()
    ledger.decoded = decided = gated = journaled = ticks_ns()
    ledger.sent("tr-1", decided, gated, journaled)
    ledger.keep("trade", 1 << 62)
    assert {stage.stage: stage.p50_ns for stage in ledger.stages()}["decoded"] == 0


async def test_the_table_shows_microseconds(tmp_path: Path) -> None:
    """What ``trader latency`` prints: a line for each stage and each of the last orders."""
    assert latency_text(LatencyView((), (), ())) == "no order has left since the engine started"
    async with real_side(tmp_path) as real:
        real.tell(("trade", 1))
        lines = latency_text(view_of(real)).splitlines()
    assert [line.split()[0] for line in lines[2:9]] == [*ON_OUR_WAY, WHOLE, "acknowledged"]
    assert "after a trade event: decoded" in lines[9]

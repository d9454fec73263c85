"""The wiring itself: a loop that stood still is told of, and a loop that spins never sleeps."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from rehearsal_bench import T0, real_side

from engine import live as wiring
from engine.control.server import ControlServer
from engine.core.actions import Publish
from engine.process import spinning
from engine.wire.events import AnyEvent, Notice


class Line:
    """Stands where the bot's line is, and keeps what is published."""

    seq = 0
    watchers = 1

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []

    def publish(self, event: AnyEvent) -> int:
        self.events.append(event)
        return len(self.events)


@pytest.mark.parametrize(("late_s", "is_told"), [(0.2, False), (0.9, False), (5.0, True)])
async def test_a_loop_that_stood_still_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late_s: float, is_told: bool
) -> None:
    """F27: a timer more than a second late is a critical notice, and nothing is bought on what arrived meanwhile."""
    async with real_side(tmp_path) as real:
        line: Any = Line()
        real.live.control = line
        for now_ns in (T0, T0 + 100_000_000, T0 + 200_000_000 + int(late_s * 1e9)):
            monkeypatch.setattr(wiring, "now_ns", lambda now_ns=now_ns: now_ns)
            real.live.on_timer()
        told = [e for e in line.events if isinstance(e, Notice) and e.code == "LOOP_BLOCKED"]
        assert [(e.severity, "stood still for 5.1 s" in e.text) for e in told] == [("critical", True)] * is_told
        before = len(real.live.engine.trading.orders.finished(100))
        real.tell(("trade", 1))
        assert len(real.live.engine.trading.orders.finished(100)) == before + (not is_told)
        real.live.look_behind()
        real.tell(("trade", 2))
        assert len(real.live.engine.trading.orders.finished(100)) == before + 1 + (not is_told)


async def test_a_strategys_step_that_raises_halts_and_is_told(tmp_path: Path) -> None:
    async with real_side(tmp_path) as real:
        line: Any = Line()
        real.live.control = line
        real.live.on_step_failed(ZeroDivisionError("division by zero"))
        trading = real.live.engine.trading
        assert (trading.is_armed, trading.halt_reason) == (False, "ZeroDivisionError on a market")
        assert [(e.severity, e.code) for e in line.events if isinstance(e, Notice)] == [("critical", "FAULT")]


async def test_what_nobody_watches_for_is_counted_and_not_made(tmp_path: Path) -> None:
    """An event takes a number all the same: whoever watches later finds a gap and asks for a snapshot."""
    async with real_side(tmp_path) as real:
        control = ControlServer(tmp_path / "line.sock", real.live.on_command)
        real.live.control = control
        made: list[int] = []
        publish = Publish(lambda: made.append(1) or Notice(ts_ns=1, severity="info", code="TEST", text="x"))  # type: ignore[func-returns-value]
        real.live.perform([publish, publish])
        assert (made, control.seq) == ([], 2)
        line: Any = Line()
        real.live.control = line
        real.live.perform([publish])
        assert (made, len(line.events)) == ([1], 1)


async def test_a_spinning_loop_never_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it spins every look at the sockets is without a timeout; afterwards it may sleep again."""
    loop: Any = asyncio.get_running_loop()
    waits: list[float | None] = []
    select = loop._selector.select

    def watched(timeout: float | None = None) -> Any:
        waits.append(timeout)
        return select(timeout)

    monkeypatch.setattr(loop._selector, "select", watched)
    with spinning():
        await asyncio.wait({asyncio.ensure_future(asyncio.Event().wait())}, timeout=0.02)
        assert len(waits) > 10
        assert set(waits) == {0}
    waits.clear()
    await asyncio.wait({asyncio.ensure_future(asyncio.Event().wait())}, timeout=0.02)
    assert any(wait != 0 for wait in waits)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()

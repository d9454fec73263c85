"""F27: an engine that stood still: no entry rests on what waited in its sockets, and the watchdog has its say first."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path
from typing import Final

import pytest
from asking import until_armed
from fault_bench import ANN, new_id, quiet
from fault_bench import trading as engine_and_exchange
from moving_market import EAGER, Market, engine_process, entries, install
from paper_bench import rest_client
from waiting import until

from engine.clock import now_ns
from engine.store.heartbeat import Phase, read_pulse
from engine.store.watchdog_note import WatchdogNote, read_note, write_note
from engine.venues.paper.main import running_exchange
from engine.venues.paper.options import ExchangeOptions
from engine.wire import commands
from engine.wire.line import EngineLine, socket_path
from engine.wire.views import StatusView

WITHIN_S: Final = 30.0
STOPPED_S: Final = 2.5
RUSH: Final = 400


@pytest.fixture(name="market")
def a_market_moved_by_hand(monkeypatch: pytest.MonkeyPatch) -> Market:
    """The tape of the next exchange."""
    return install(monkeypatch)


async def ignored(line: EngineLine) -> int:
    """Return how many signals of the strategy were ignored."""
    status = (await line.ask(commands.GetStatus(id=new_id(), who=ANN))).result
    assert isinstance(status, StatusView)
    return next(strategy.ignored for strategy in status.strategies if strategy.name == "order_flow")


@pytest.mark.parametrize("watched", [False, True], ids=["alone", "watched"])
async def test_f27_a_stopped_engine_does_not_act_on_what_waited_in_its_sockets(
    tmp_path: Path, market: Market, watched: bool
) -> None:
    """SIGSTOP, a rush of the market, SIGCONT: nothing is bought on the rush, which is over; later rushes are followed.

    With a watchdog its note is read before entries go on, so that nothing is bought at all.
    """
    config = tmp_path / "eager.toml"
    config.write_text(EAGER, encoding="utf-8")
    options = ExchangeOptions(port=0, balances={"USDT": "100000"})
    async with (
        running_exchange(options) as urls,
        rest_client(urls),
        engine_process(tmp_path, urls, TRADER_CONFIG=str(config)) as engine,
        EngineLine(socket_path(tmp_path)) as line,
    ):
        await until_armed(line)
        market.tape.rush(50)
        await until(lambda: entries(tmp_path))  # so quick is it otherwise
        before = await ignored(line)
        engine.send_signal(signal.SIGSTOP)
        await asyncio.sleep(STOPPED_S)
        market.tape.rush(RUSH)
        if watched:
            leave_note(tmp_path)
        woken_ns = now_ns()
        engine.send_signal(signal.SIGCONT)
        async with asyncio.timeout(WITHIN_S):
            while await ignored(line) < before + RUSH // 4:
                await asyncio.sleep(0.02)
        assert entries(tmp_path, woken_ns) == 0
        if watched:
            await until(lambda: read_note(tmp_path) is None)
            halted = (await line.ask(commands.GetStatus(id=new_id(), who=ANN))).result
            assert isinstance(halted, StatusView)
            assert "the watchdog found the engine dead" in halted.halt_reason
        else:
            async with asyncio.timeout(WITHIN_S):
                while not entries(tmp_path, woken_ns):
                    market.tape.rush(50)
                    await asyncio.sleep(0.2)
        engine.terminate()
        assert await engine.wait() == 0


async def test_f27_a_blocked_loop_trips_and_bars_entries_until_it_has_caught_up(tmp_path: Path, market: Market) -> None:
    """The loop of the engine blocked for seconds: it is told, entries are barred, and then they are not."""
    async with engine_and_exchange(tmp_path, quiet()) as scene:
        await scene.until(lambda: (pulse := read_pulse(tmp_path)) is not None and pulse.phase is Phase.BEATING)
        bars = scene.trading.bars
        barred: list[str] = []
        caught_up, scene.live.has_caught_up = scene.live.has_caught_up, lambda: barred.append(bars.gap) or caught_up()  # type: ignore[func-returns-value]
        time.sleep(1.5)  # noqa: ASYNC251  this is what is tested
        await scene.until(lambda: scene.notices("LOOP_BLOCKED"))
        await scene.until(lambda: barred and not bars.gap)
        assert barred[0].startswith("the engine stood still for 1.")
        assert (await scene.buy()).ok


def leave_note(home: Path) -> None:
    """Leave what a watchdog leaves that has found the engine dead."""
    pulse = read_pulse(home)
    assert pulse is not None
    write_note(home, WatchdogNote(pulse.run_ns, pulse.beats, STOPPED_S, is_done=True))

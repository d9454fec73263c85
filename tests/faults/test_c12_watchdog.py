"""C12 and C11 through real processes: an engine that is stopped or killed, a signal, and the watchdog beside it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from asking import ask, until_armed
from fault_bench import ANN, new_id
from moving_market import Market, engine_process, install, watchdog_process
from paper_bench import RestClient, rest_client
from waiting import until

from engine.store.heartbeat import Phase, read_pulse
from engine.store.watchdog_note import WatchdogNote, read_note
from engine.venues.paper.main import Urls, running_exchange
from engine.venues.paper.options import ExchangeOptions
from engine.wire import commands
from engine.wire.line import EngineLine, socket_path
from engine.wire.views import StatusView

WITHIN_S = 60.0


@pytest.fixture(name="market")
def a_market_moved_by_hand(monkeypatch: pytest.MonkeyPatch) -> Market:
    """The tape of the next exchange."""
    return install(monkeypatch)


@asynccontextmanager
async def exchange() -> AsyncIterator[tuple[Urls, RestClient]]:
    """Run the exchange, with something to sell in the account."""
    options = ExchangeOptions(port=0, balances={"USDT": "100000", "ETH": "5"})
    async with running_exchange(options) as urls, rest_client(urls) as rest:
        yield urls, rest


async def place(rest: RestClient, name: str, side: str, price: str) -> None:
    """Place a resting order as the engine would have, had it not stopped."""
    order = {"symbol": "ETHUSDT", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.1"}
    status, answer = await rest.signed("POST", "order", side=side, price=price, newClientOrderId=name, **order)
    assert status == 200, answer


async def place_all(rest: RestClient) -> None:
    """Place two entries of ours, a sale of ours, and somebody else's buy."""
    for name, side, price in [
        ("tr-entry-1", "BUY", "1900.00"),
        ("tr-entry-2", "BUY", "1890.00"),
        ("tr-stop", "SELL", "2300.00"),
        ("mine", "BUY", "1800.00"),
    ]:
        await place(rest, name, side, price)


def names(market: Market) -> set[str]:
    """Return the names of what is open at the exchange."""
    return {order.request.client_order_id for order in market.exchange.open_orders()}


async def is_beating(home: Path) -> None:
    """Wait until an engine's heart beats."""

    def beats() -> bool:
        pulse = read_pulse(home)
        return pulse is not None and pulse.phase is Phase.BEATING

    await until(beats)


async def dealt_with(home: Path) -> WatchdogNote:
    """Wait until the watchdog's note says that the venue has confirmed, and return it."""

    def is_done() -> bool:
        note = read_note(home)
        return note is not None and note.is_done

    await until(is_done)
    note = read_note(home)
    assert note is not None
    return note


async def status(line: EngineLine) -> StatusView:
    """Return what ``trader status`` shows."""
    result = (await ask(line, commands.GetStatus(id=new_id(), who=ANN))).result
    assert isinstance(result, StatusView)
    return result


async def test_c12_a_stopped_engine_loses_its_entries_and_keeps_its_sales(tmp_path: Path, market: Market) -> None:
    """SIGSTOP leaves every socket and lock as it was; the watchdog is not fooled. Awake again, the engine halts."""
    async with (
        exchange() as (urls, rest),
        watchdog_process(tmp_path, urls),
        engine_process(tmp_path, urls) as engine,
        EngineLine(socket_path(tmp_path)) as line,
    ):
        await until_armed(line)
        await is_beating(tmp_path)
        assert read_note(tmp_path) is None
        engine.send_signal(signal.SIGSTOP)
        await place_all(rest)
        await until(lambda: names(market) == {"tr-stop", "mine"})
        note = await dealt_with(tmp_path)
        assert set(note.cancelled) == {"tr-entry-1", "tr-entry-2"}
        assert note.silent_s > 1.0
        engine.send_signal(signal.SIGCONT)
        await until(lambda: read_note(tmp_path) is None)
        now = await status(line)
        assert not now.is_armed
        assert now.halt_reason == note.words
        assert "cancelled 2 open entry orders; the venue has none left" in now.halt_reason


async def test_c12_the_exchange_fails_first(tmp_path: Path, market: Market) -> None:
    """It tries again until the exchange answers, and leaves the note at once all the same."""
    async with (
        exchange() as (urls, rest),
        watchdog_process(tmp_path, urls),
        engine_process(tmp_path, urls) as engine,
        EngineLine(socket_path(tmp_path)) as line,
    ):
        await until_armed(line)
        await is_beating(tmp_path)
        engine.send_signal(signal.SIGSTOP)
        await place_all(rest)
        fault = {"kind": "error", "times": 3, "status": 503}
        async with rest.session.post(f"{urls.rest}/_fault", json=fault) as answer:
            assert answer.status == 200
        await until(lambda: (note := read_note(tmp_path)) is not None and note.trouble)
        assert (await dealt_with(tmp_path)).trouble == ""
        assert names(market) == {"tr-stop", "mine"}


async def test_c12_it_does_not_fire_at_an_end_on_purpose_and_once_at_a_death(tmp_path: Path, market: Market) -> None:
    """After SIGTERM nothing happens; after SIGKILL the entries go, and the next run says why it is halted."""
    async with exchange() as (urls, rest), watchdog_process(tmp_path, urls):
        async with engine_process(tmp_path, urls) as engine:
            await is_beating(tmp_path)
            engine.terminate()
            assert await engine.wait() == 0
        pulse = read_pulse(tmp_path)
        assert pulse is not None
        assert pulse.phase is Phase.STOPPED
        async with engine_process(tmp_path, urls) as engine:
            await is_beating(tmp_path)
            assert read_note(tmp_path) is None
            engine.kill()
            await engine.wait()
            await place_all(rest)
            await dealt_with(tmp_path)
            assert names(market) == {"tr-stop", "mine"}
        async with engine_process(tmp_path, urls) as engine, EngineLine(socket_path(tmp_path)) as line:
            await is_beating(tmp_path)
            await until(lambda: read_note(tmp_path) is None)
            assert "the watchdog found the engine dead" in (await status(line)).halt_reason


async def test_c11_a_signal_kills_and_the_latch_outlives_a_kill_9(tmp_path: Path, market: Market) -> None:
    """SIGUSR1 does what the command does; the next run is killed still, until an admin resets it."""
    async with exchange() as (urls, _), EngineLine(socket_path(tmp_path)) as line:
        async with engine_process(tmp_path, urls) as engine:
            await until_armed(line)
            engine.send_signal(signal.SIGUSR1)
            async with asyncio.timeout(WITHIN_S):
                while (await status(line)).halt_reason != "killed by signal:SIGUSR1":
                    await asyncio.sleep(0.05)
            assert (await ask(line, commands.Resume(id=new_id(), who=ANN))).code == "C11_KILLED"
            engine.kill()
            await engine.wait()
        async with engine_process(tmp_path, urls) as engine:
            await is_beating(tmp_path)
            assert (await status(line)).halt_reason == "killed by signal:SIGUSR1"
            assert (await ask(line, commands.Resume(id=new_id(), who=ANN))).code == "C11_KILLED"
            assert (await ask(line, commands.ResetKill(id=new_id(), who=ANN, reason="it was a test"))).ok
            await until_armed(line)
            assert names(market) == set()

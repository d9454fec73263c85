"""A rehearsal goes the whole way of an order, and can neither leave, nor be recorded, nor touch what is real."""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
import types
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rehearsal_bench import SYMBOL, T0, Event, Left, RealSide, dump, real_side
from waiting import until

from engine.core.warm import SCRATCH, scratch_engine
from engine.latency import WHOLE
from engine.news.rules import Rule, Rules
from engine.rehearsal import Rehearsal, play, staged

RISING: list[Event] = [("trade", ticks) for ticks in range(1, 12)]
EVENTS = st.tuples(st.sampled_from(["trade", "quote"]), st.integers(-300, 300))


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long this machine stands still, the next one waits for the order of the last one: counts are exact."""
    monkeypatch.setattr("engine.rehearsal._PATIENCE_NS", 60_000_000_000)


@pytest.fixture(name="rehearsal")
async def staged_rehearsal(tmp_path: Path) -> AsyncIterator[Rehearsal]:
    """A rehearsal that signs, with nothing real around."""
    async with staged(tmp_path, can_logon=False) as rehearsal:
        yield rehearsal


def played(rehearsal: Rehearsal) -> int:
    """Return how many rehearsals went the whole way and back to the twin."""
    return {stage.stage: stage.count for stage in rehearsal.stages()}.get("round_trip", 0)


async def play_some(rehearsal: Rehearsal, count: int) -> None:
    """Play until so many more have reached the twin as orders."""
    wanted = played(rehearsal) + count

    def is_done() -> bool:
        if played(rehearsal) >= wanted:
            return True
        rehearsal.once()
        return False

    await until(is_done, every_s=0.0)


async def play_headlines(rehearsal: Rehearsal, count: int) -> None:
    """Play until so many more headlines have reached the twin as orders."""
    wanted = heard(rehearsal) + count

    def is_done() -> bool:
        rehearsal.once()
        return heard(rehearsal) >= wanted

    await until(is_done, every_s=0.0)


def heard(rehearsal: Rehearsal) -> int:
    """Return how many headlines went the whole way and back to the twin."""
    return {stage.stage: stage.count for stage in rehearsal.stages()}.get("headline_round_trip", 0)


# ---------------------------------------------------------------- it goes the whole way


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("can_logon", [False, True])
async def test_a_rehearsal_passes_every_stage_of_an_order(tmp_path: Path, can_logon: bool) -> None:
    """Decoded, decided, gated, journaled, sent and answered, with a signature and without one."""
    async with staged(tmp_path, can_logon=can_logon) as rehearsal:
        await play_some(rehearsal, 50)
        counts = {stage.stage: stage.count for stage in rehearsal.stages()}
    sent = counts["sent"]
    assert sent >= 50
    assert {counts[stage] for stage in ("decoded", "decided", "gated", "journaled", WHOLE)} == {sent}
    assert counts["acknowledged"] >= sent - 1
    assert counts["round_trip"] >= 50


@pytest.mark.usefixtures("patient")
async def test_every_trade_of_the_twin_becomes_an_order(rehearsal: Rehearsal) -> None:
    """Quotes follow the price in between, so that gate, signature and write are rehearsed each time."""
    await play_some(rehearsal, 2_100)
    assert rehearsal._twin.trades == played(rehearsal) == 2_100


@pytest.mark.usefixtures("patient")
async def test_a_headline_goes_the_same_way_whatever_the_rule_table_says(tmp_path: Path) -> None:
    """Every fifth rehearsal is one, through feed, memory of titles, rules, symbols, bands, gate and order line."""
    silent = Rules([Rule("noise", 0.3, ("market",))])
    async with staged(tmp_path, can_logon=True, rules=silent) as rehearsal:
        await play_headlines(rehearsal, 30)
        twin = rehearsal._twin
        assert twin.headlines - heard(rehearsal) in (0, 1)  # the last one may be under way
        assert 3 * twin.headlines < twin.trades
        kinds = {order.event for order in rehearsal._live.ledger.view().orders}
    assert kinds == {"market", "headline"}


@pytest.mark.usefixtures("patient")
async def test_rehearsals_do_not_pile_up(rehearsal: Rehearsal) -> None:
    """The next one waits while the last one is under way."""
    for _ in range(10):
        rehearsal.once()
    assert rehearsal._twin.trades == 1


async def test_health_says_how_old_the_last_one_is_and_how_long_they_take(rehearsal: Rehearsal) -> None:
    """Resting while it is off; well while orders come; not well where it is on and none came for a second."""
    assert rehearsal.health() == [("rehearsal", True, "resting while trading is halted")]
    rehearsal.switch(is_on=True)
    await play_some(rehearsal, 20)
    ((name, is_well, words),) = rehearsal.health()
    assert (name, is_well) == ("rehearsal", True)
    assert "half within" in words
    rehearsal._twin.last_order_ticks = rehearsal._on_since_ticks = 0
    assert rehearsal.health()[0][1] is False


async def test_it_is_played_while_trading_is_armed_and_only_then(rehearsal: Rehearsal, tmp_path: Path) -> None:
    """Halting ends it at once, and arming begins it anew."""
    async with real_side(tmp_path) as real:
        playing = asyncio.create_task(play(rehearsal, real.live, 0.001))
        await until(lambda: played(rehearsal) > 10)
        real.live.engine.trading.is_armed = False
        await until(lambda: not rehearsal.is_on)
        said = rehearsal._twin.trades
        await asyncio.wait({playing}, timeout=0.05)
        assert rehearsal._twin.trades == said
        real.live.engine.trading.is_armed = True
        await until(lambda: rehearsal._twin.trades > said)
        playing.cancel()


async def test_an_order_of_our_own_is_rehearsal_enough(rehearsal: Rehearsal, tmp_path: Path) -> None:
    """While real orders leave faster than rehearsals are due, none is played."""
    async with real_side(tmp_path) as real:
        playing = asyncio.create_task(play(rehearsal, real.live, 0.001))
        await until(lambda: rehearsal.is_on)
        real.live.ledger.last_sent_ticks = sys.maxsize
        said = rehearsal._twin.trades
        await asyncio.wait({playing}, timeout=0.05)
        assert rehearsal._twin.trades == said
        playing.cancel()


async def test_it_heals_when_its_line_breaks(rehearsal: Rehearsal) -> None:
    """A lost connection is opened anew, what was under way is asked about, and the rehearsal goes on."""
    await play_some(rehearsal, 10)
    orders = rehearsal._live.orders
    assert orders is not None
    rehearsal.once()
    line = orders._line.socket.current
    assert line is not None
    line.close()
    await until(lambda: not orders.is_ready, every_s=0.0)
    await until(lambda: orders.is_ready, every_s=0.0)
    await play_some(rehearsal, 10)


# ---------------------------------------------------------------- it can't touch what is real


async def run(events: Iterable[Event], rehearsals: Iterable[int], folder: Path) -> Left:
    """Let the real side hear the events, with so many rehearsals before each; return all that it left behind."""
    is_rehearsed = any(rehearsals)
    async with real_side(folder) as real:
        if not is_rehearsed:
            await hear(real, None, events, ())
        else:
            async with staged(folder, can_logon=False) as rehearsal:
                await hear(real, rehearsal, events, rehearsals)
        await real.until_received()
        state = dump(real.live.engine)
    return Left(real.venue.orders, (folder / "journal.bin").read_bytes(), (folder / "session.txt").read_bytes(), state)


async def hear(real: RealSide, rehearsal: Rehearsal | None, events: Iterable[Event], rehearsals: Iterable[int]) -> None:
    """Mix real events and rehearsals, some of which are still under way when the next event is heard."""
    if rehearsal is None:
        for event in events:
            real.tell(event)
        return
    await play_headlines(rehearsal, 1)
    for event, count in zip(events, rehearsals, strict=False):
        for _ in range(count):
            rehearsal.once()
            if count % 2:
                await asyncio.sleep(0)
        real.tell(event)
    await play_headlines(rehearsal, 1)


@settings(max_examples=40)
@given(st.lists(st.tuples(EVENTS, st.integers(0, 4)), max_size=40))
def test_whatever_is_rehearsed_the_real_engine_leaves_the_same_bytes_and_state(
    script: list[tuple[Event, int]],
) -> None:
    """Order bytes on the socket, journal, recording and every array and attribute are those of a run without it."""
    events = [*RISING, *(event for event, _ in script)]
    rehearsals = [1] * len(RISING) + [count for _, count in script]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        alone = asyncio.run(run(events, (), Path(one)))
        rehearsed = asyncio.run(run(events, rehearsals, Path(other)))
    assert len(alone.orders) >= 5
    assert rehearsed.orders == alone.orders
    assert rehearsed.journal == alone.journal
    assert rehearsed.session == alone.session
    assert rehearsed.state == alone.state


def test_the_comparison_sees_a_change_anywhere() -> None:
    """One number in an array, one attribute, one entry of a dict: the state is another one."""
    engine = scratch_engine(T0)
    market = engine.trading.markets[SYMBOL]
    seen = [dump(engine)]
    market.trades[5, 1] += 1
    seen.append(dump(engine))
    engine.trading.portfolio.cash_e8 += 1
    seen.append(dump(engine))
    engine.trading.remember_cause("another")
    seen.append(dump(engine))
    assert all(seen[i] != seen[i + 1] for i in range(3))


def reachable(start: object) -> dict[int, object]:
    """Collect every object that can be reached, but through code, classes, modules and the event loop."""
    modules = {id(vars(module)) for module in list(sys.modules.values())}
    skipped = (type, types.ModuleType, types.CodeType, types.BuiltinFunctionType, asyncio.AbstractEventLoop)
    found: dict[int, object] = {}
    waiting = [start]
    while waiting:
        thing = waiting.pop()
        if id(thing) in found or id(thing) in modules or isinstance(thing, skipped):
            continue
        found[id(thing)] = thing
        if isinstance(thing, msgspec.Struct):  # the collector itself does not look into those without ``gc``
            waiting += msgspec.structs.astuple(thing)
        else:
            waiting += gc.get_referents(thing)
    return found


def belongings(real: RealSide) -> list[Any]:
    """List what a rehearsal must never hold."""
    live, orders = real.live, real.orders
    trading = live.engine.trading
    markets = list(trading.markets.values())
    arrays = [array for it in markets for array in (it.numbers, it.minds, it.trades, it.candles, it.seen)]
    line = orders._line
    connection = line.socket.current
    assert connection is not None
    return [
        real, live, live.engine, trading, trading.orders, trading.portfolio, trading.proposals, live._pen._journal,
        live._recorder, live.ledger, orders, orders._encoder, orders._rest, orders._budget, line, line._signer,
        line.socket, connection, connection.transport, real.reader, *markets, *arrays,
    ]  # fmt: skip


async def test_nothing_real_can_be_reached_from_a_rehearsal(tmp_path: Path) -> None:
    """Neither engine, arrays, keys and files nor sockets hang on anything that a rehearsal holds."""
    async with real_side(tmp_path) as real, staged(tmp_path, can_logon=False) as rehearsal:
        for event in RISING:
            real.tell(event)
        await play_headlines(rehearsal, 5)
        real_things = belongings(real)
        found = reachable(rehearsal)
        assert {type(thing).__name__ for thing in real_things if id(thing) in found} == set()
        own = rehearsal._live
        assert {id(own), id(own.engine), id(own.engine.trading.markets), id(own.orders)} <= found.keys()
        assert id(own.engine.trading.markets[SCRATCH.symbol].minds) in found
        rehearsal._live.control = real.live  # type: ignore[assignment]  a planted way out
        assert id(real.live.engine.trading) in reachable(rehearsal)
        rehearsal._live.control = None


async def test_its_only_address_is_the_twins(rehearsal: Rehearsal) -> None:
    """Market, orders and REST of a rehearsal all lead to the same port of this machine's loopback."""
    twin = rehearsal._twin.market
    orders = rehearsal._live.orders
    assert twin is not None
    assert twin.transport is not None
    assert orders is not None
    host, port = twin.transport.underlying_transport.get_extra_info("sockname")
    assert host == "127.0.0.1"
    assert orders._line.socket._url == f"ws://127.0.0.1:{port}/ws-api/v3"
    assert orders._rest._base_url == f"http://127.0.0.1:{port}"

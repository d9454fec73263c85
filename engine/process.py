"""The engine's process: opens the rooms in order, arms nothing, and closes them again when it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import uvloop

from engine import __version__
from engine.clock import now_ns
from engine.control.http import HealthServer
from engine.control.relay import RelayedServer
from engine.control.server import ControlError, ControlServer
from engine.core.engine import Engine
from engine.core.pairs.circle import are_open
from engine.core.queries import Identity
from engine.core.record_codec import UnknownRecord, decode_record
from engine.core.strategies.triangle import crossing_of
from engine.core.tidings import Headline
from engine.core.trading import AccountKind
from engine.core.warm import warm_up
from engine.doors import Doors
from engine.drill_child import run_drills
from engine.fundamentals.room import FundamentalRoom
from engine.history import fetch_history
from engine.live import Live, beat
from engine.news.build import build_sources, trust_of
from engine.news.file import FileSource
from engine.news.hear import NewsRoom
from engine.news.opinion import OpinionUnreadable, SecondOpinion, read_opinion
from engine.news.rules_file import BUILT_IN, RulesError, read_rules
from engine.news.source import Source
from engine.news.stream import StreamSource
from engine.news.symbols import SymbolIndex
from engine.pairing import PairRoom, follow_circles
from engine.recall import recall
from engine.rehearsal import play, staged
from engine.settings import Settings
from engine.store.calibration_file import CalibrationUnreadable, read_calibration
from engine.store.heartbeat import Heart, HeartbeatError
from engine.store.inputs import Start, encode_input
from engine.store.journal import Journal, JournalError
from engine.store.recorder import Recorder, SessionUnwritable, Tagged
from engine.venue_link import connect, open_venue, reconcile
from engine.venues.binance.errors import NotTraded, VenueError
from engine.venues.binance.venue import BinanceVenue
from engine.wire.drill import DrillReport
from engine.wire.pairs import SECOND_FOLDER
from engine.wire.views import HealthView

_CANNOT_START: Final = (
    HeartbeatError,
    JournalError,
    ControlError,
    SessionUnwritable,
    UnknownRecord,
    VenueError,
    RulesError,
    OpinionUnreadable,
    CalibrationUnreadable,
)
_log = logging.getLogger(__name__)
_T = TypeVar("_T")


def run(settings: Settings) -> int:
    """Run the engine until SIGTERM or SIGINT; returns the exit code, 2 with a sentence when it can't start."""
    try:
        uvloop.run(_main(settings))
    except _CANNOT_START as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


async def _main(settings: Settings) -> None:
    """Run until told to stop, which may be while the venue is still being waited for."""
    loop, task, doors = asyncio.get_running_loop(), asyncio.current_task(), Doors(settings.home)
    loop.add_signal_handler(signal.SIGUSR1, doors.on_signal)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel if task else loop.stop)
    with contextlib.suppress(asyncio.CancelledError):
        async with running(settings, doors):
            # What is here now stays: 200,000 objects less to look at whenever the collector looks at all.
            gc.collect()
            gc.freeze()
            await loop.create_future()


@contextlib.asynccontextmanager
async def running(settings: Settings, doors: Doors | None = None) -> AsyncIterator[Live]:
    """Open journal, venue, line and news in this order, follow the market, and close all of it at the end.

    Raises HeartbeatError, JournalError, ControlError, SessionUnwritable where a room can't be opened; a venue that is
    not there yet is waited for.
    """
    async with contextlib.AsyncExitStack() as stack:
        heart = Heart(settings.home, now_ns())
        stack.enter_context(_stopped_on_purpose(heart))
        journal = stack.enter_context(Journal.open(settings.home / "journal.bin", sync_always=settings.sync_always))
        recorder = stack.enter_context(Recorder(settings.record)) if settings.record else None
        venue = await stack.enter_async_context(open_venue(settings, "exchange"))
        live = _restored(settings, venue, journal, recorder)
        live.on_beat = partial(_on_beat, live, doors or Doors(settings.home), heart)
        await _open_line(settings, live, stack)
        await _follow(settings, venue, live, stack)
        if (second := settings.of_second) is not None:
            heard = Tagged(recorder, SECOND_FOLDER) if recorder else None
            pairing = asyncio.create_task(_pair(second, live, heard))
            stack.push_async_callback(_ended, pairing)
        if settings.spin:
            stack.enter_context(spinning())
        stack.enter_context(_stopped_on_purpose(heart))  # again: closing, which takes a while, is on purpose already
        yield live


@contextlib.contextmanager
def _stopped_on_purpose(heart: Heart) -> Iterator[None]:
    """Say so when the block ends because it was told to; a run that fails has not ended on purpose."""
    try:
        yield
    except asyncio.CancelledError:
        heart.stop()
        raise
    heart.stop()


def _on_beat(live: Live, doors: Doors, heart: Heart) -> None:
    """Do what is due ten times a second besides deciding; the heart last, so that it stands for all of it."""
    doors.look(live.on_command)
    if live.engine.people.kill.is_waiting:
        live.wants_account.set()  # only the venue's own list of open orders ends a kill
    heart.beat()


def _restored(settings: Settings, venue: BinanceVenue, journal: Journal, recorder: Recorder | Tagged | None) -> Live:
    """Build the engine on what the journal of earlier runs says."""
    identity = Identity(__version__, settings.config_hash, settings.venue, now_ns())
    account: AccountKind = "live" if settings.is_live else "paper"
    measured = read_calibration(settings.home)
    engine = Engine(settings.trading, venue.instruments, account, identity, measured)
    if journal.torn is not None:
        _log.warning("the journal's last record was cut off by a crash: %s", journal.torn)
    live, ts_ns = Live(engine, journal, recorder), identity.ts_started_ns
    if recorder is None:
        live.perform(recall(engine, journal, ts_ns))
    else:  # a recording holds all that it begins with, and a replay folds it
        payloads = tuple(journal.records())
        instruments = tuple(venue.instruments.values())
        start = Start(settings.trading, instruments, account, identity, payloads, ts_ns, measured)
        recorder.record(ts_ns, "start", encode_input(start))
        live.perform(engine.restore(map(decode_record, payloads), ts_ns))
    warm_up()
    engine.trading.is_warm = True
    _log.info("engine %s, configuration %s, %s account", __version__, identity.config_hash, account)
    return live


async def _open_line(settings: Settings, live: Live, stack: contextlib.AsyncExitStack) -> None:
    """Let people in: the line on the Unix socket, and the health page."""
    control = ControlServer(settings.engine_socket, live.on_command)
    await control.start()
    stack.push_async_callback(control.close)
    live.control = control

    health = HealthServer(settings.http_port, live.engine.people.status)
    await health.start()
    stack.push_async_callback(health.close)


async def _follow(settings: Settings, venue: BinanceVenue, live: Live, stack: contextlib.AsyncExitStack) -> None:
    """Connect to market, orders and news; reconcile, and go on doing so."""
    await connect(venue, live)
    index = SymbolIndex(venue.instruments.values(), settings.trading.quote_asset)
    opinion = _second_opinion(settings, live)
    rules = read_rules(settings.rules_file or BUILT_IN)
    news = NewsRoom(
        _sources(settings),
        index,
        _hearing(live, opinion),
        now_ns,
        rules,
        trust_of(settings.news),
        frozenset(one.name for one in settings.news.sources),
    )
    rooms = [venue.health, news.health, live.health]
    jobs: list[Coroutine[Any, Any, None]] = [beat(live), reconcile(venue, live), news.run()]
    if opinion is not None:
        jobs.append(opinion.run())
    if settings.trading.fundamentals.metrics:
        numbers = FundamentalRoom(settings.trading, live.on_fair_value, now_ns)
        rooms.append(numbers.health)
        jobs.append(numbers.run())
    jobs.append(fetch_history(venue.account, live.engine.on_history, tuple(live.engine.trading.markets)))
    if circle := settings.trading.strategies.arbitrage.circle:
        try:
            crossing_of(circle, tuple(venue.instruments.values()), settings.trading.quote_asset)
        except ValueError as error:
            raise NotTraded(f"strategies.arbitrage.circle: {error}") from None
    if circle or are_open(live.engine.trading):
        jobs.append(follow_circles(live))
    if settings.rehearse_ms:
        stage = staged(settings.home, can_logon=settings.private_key is not None, rules=rules)
        rehearsal = await stack.enter_async_context(stage)
        live.rehearsed = rehearsal.stages
        rooms.append(rehearsal.health)
        jobs.append(play(rehearsal, live, settings.rehearse_ms / 1000))
    if not settings.is_live:
        wanted = asyncio.Event()
        live.engine.people.drills.begin = wanted.set
        jobs.append(run_drills(wanted, partial(_take_drill, live), settings.home.absolute()))
    for job in (*jobs, _health(rooms, live)):
        task = asyncio.create_task(job)
        stack.callback(task.cancel)


def _second_opinion(settings: Settings, live: Live) -> SecondOpinion | None:
    """Prepare the second opinion where a model lies in the home folder."""
    model = read_opinion(settings.home)
    return SecondOpinion(model, live.on_opinion, now_ns) if model else None


def _hearing(live: Live, opinion: SecondOpinion | None) -> Callable[[Headline], None]:
    """Return who hears headlines: the engine first, and only then whoever may have an opinion."""
    if opinion is None:
        return live.on_headline

    def hear(headline: Headline) -> None:
        live.on_headline(headline)
        opinion.hear(headline)

    return hear


async def _pair(settings: Settings, near: Live, recorder: Tagged | None) -> None:
    """Bring up a core of its own for the second venue, with its journal and its line, and trade pairs with it.

    The first venue does not wait for it, and goes on without it.
    """
    settings.home.mkdir(exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        journal = stack.enter_context(Journal.open(settings.home / "journal.bin", sync_always=settings.sync_always))
        venue = await stack.enter_async_context(open_venue(settings, "second exchange"))
        far = _restored(settings, venue, journal, recorder)
        control = RelayedServer(settings.engine_socket, far.on_command, SECOND_FOLDER, near.control)
        await control.start()
        stack.push_async_callback(control.close)
        far.control = control
        await connect(venue, far)
        room = PairRoom(near, far)
        far.on_beat = room.on_beat
        jobs = (beat(far), reconcile(venue, far), _health([venue.health, far.health], far), room.run())
        for task in [asyncio.create_task(job) for job in jobs[:-1]]:
            stack.callback(task.cancel)
        await jobs[-1]


async def _ended(task: asyncio.Task[None]) -> None:
    """End a task; what broke it is in the log."""
    task.cancel()
    (outcome,) = await asyncio.gather(task, return_exceptions=True)
    if isinstance(outcome, Exception):
        _log.error("the second venue's core ended: %s", outcome)


@contextlib.contextmanager
def spinning() -> Iterator[None]:
    """Keep the loop polling: an idle processor takes 35 to 40 µs to wake up."""
    loop, is_on = asyncio.get_running_loop(), True

    def again() -> None:
        if is_on:
            loop.call_soon(again)

    again()
    try:
        yield
    finally:
        is_on = False


def _take_drill(live: Live, report: DrillReport | None, why: str) -> None:
    live.perform(live.engine.on_drill_done(report, why))


async def _health(rooms: Sequence[Callable[[], Iterable[tuple[str, bool, str]]]], live: Live) -> None:
    """Tell the core once a second how the rooms around it are."""
    while True:
        live.engine.on_outside_health(tuple(HealthView(*part) for room in rooms for part in room()))
        await asyncio.sleep(1.0)


def _sources(settings: Settings) -> list[Source]:
    sources: list[Source] = []
    if settings.news_stream_url:
        sources.append(StreamSource("news-stream", settings.news_stream_url, now_ns))
    if settings.news_file:
        sources.append(FileSource("news-file", settings.news_file))
    secrets = {name: secret.reveal() for name, secret in settings.news_secrets}
    return [*sources, *build_sources(settings.news, secrets, Path.cwd(), now_ns)]

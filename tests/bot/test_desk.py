"""The desk: what the bot knows of the engine, and that the channel hears when the engine is gone."""

from __future__ import annotations

import asyncio

from local_desk import WITHIN_S, ScriptedEngine, short_home

from bot.desk import Desk
from bot.render.blocks import Message
from engine.wire.events import AnyEvent
from engine.wire.line import EngineLine, socket_path
from engine.wire.replies import Snapshot


class Heard:
    """Stands for the posts and keeps what they are handed."""

    def __init__(self) -> None:
        self.notes: asyncio.Queue[str] = asyncio.Queue()
        self.snapshots: asyncio.Queue[Snapshot] = asyncio.Queue()

    def post(self, note: Message) -> None:
        self.notes.put_nowait(note.text)

    def on_snapshot(self, snapshot: Snapshot) -> None:
        self.snapshots.put_nowait(snapshot)

    def unknown_ends(self, snapshot: Snapshot) -> set[str]:
        return set()

    def on_event(self, event: AnyEvent) -> None:
        raise AssertionError(f"no event was sent, and yet: {event}")


async def test_an_engine_that_is_gone_for_long_is_told_and_so_is_its_return() -> None:
    posts = Heard()
    with short_home() as home:
        async with EngineLine(socket_path(home), watch=True) as line, asyncio.timeout(WITHIN_S):
            desk = Desk(line, posts)  # type: ignore[arg-type]
            jobs = asyncio.gather(desk.follow(), desk.watch(gone_s=0.05, first_s=0.1))
            assert (await posts.notes.get()).startswith("The engine doesn't answer")
            assert not desk.is_paper
            async with ScriptedEngine().serving(socket_path(home)):
                assert await posts.notes.get() == "The engine answers again"
                await posts.snapshots.get()
                assert desk.is_paper
                assert desk.is_connected
            assert (await posts.notes.get()).startswith("The engine doesn't answer")
            jobs.cancel()
            await asyncio.gather(jobs, return_exceptions=True)


async def test_an_engine_that_takes_its_time_to_start_is_no_alarm() -> None:
    """A first start compiles its kernels: whoever has just started everything is not told that nobody watches."""
    posts = Heard()
    with short_home() as home:
        async with EngineLine(socket_path(home), watch=True) as line, asyncio.timeout(WITHIN_S):
            desk = Desk(line, posts)  # type: ignore[arg-type]
            jobs = asyncio.gather(desk.follow(), desk.watch(gone_s=0.0, first_s=WITHIN_S))
            await asyncio.sleep(0.1)
            async with ScriptedEngine().serving(socket_path(home)):
                await posts.snapshots.get()
                assert posts.notes.empty()
            jobs.cancel()
            await asyncio.gather(jobs, return_exceptions=True)

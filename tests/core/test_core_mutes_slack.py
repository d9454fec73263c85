"""One mute for all: said in Slack or at the command line, it is the engine's, and outlives the bot and the engine."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from core_builders import Desk
from local_desk import ALICE, CHANNEL, LocalSlack, embedded, local_slack, running_bot, short_home
from needs import ROOT
from waiting import until

from engine.control.server import ControlServer
from engine.core.actions import Publish
from engine.wire.commands import AnyCommand
from engine.wire.events import Notice
from engine.wire.line import socket_path
from engine.wire.replies import Reply


class Stage:
    """A core behind the real line, by the wall's clock, as a mute is counted in the bot."""

    def __init__(self, desk: Desk, home: Path) -> None:
        self.desk = desk
        self.server = ControlServer(socket_path(home), self.on_command)

    def on_command(self, command: AnyCommand) -> Reply:
        self.desk.now_ns = time.time_ns()
        reply, actions = self.desk.ask(command)
        self.tell(actions)
        return reply

    def tell(self, actions: list[Any]) -> None:
        for action in actions:
            if isinstance(action, Publish):
                self.server.publish(action.make())

    def warn(self, text: str) -> None:
        """Say something that is not critical."""
        self.server.publish(Notice(ts_ns=time.time_ns(), severity="warning", code="TEST", text=text))

    def ask_about(self, headline: str) -> None:
        """Publish a headline that people are asked about."""
        self.desk.now_ns = time.time_ns()
        self.tell(self.desk.price(2000.0))
        self.tell(self.desk.headline(0.7, headline))


@contextlib.asynccontextmanager
async def serving(desk: Desk, home: Path) -> AsyncIterator[Stage]:
    """Run an engine's line for the length of a block."""
    stage = Stage(desk, home)
    await stage.server.start()
    try:
        yield stage
    finally:
        await stage.server.close()


async def trader(home: Path, *words: str) -> Any:
    """Run the command line as a process, with ``--json``; return what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "engine.cli.main", *words, "--json"),
        env={"TRADER_HOME": str(home), "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    return json.loads(out)


async def muted(home: Path) -> list[str]:
    """Return what the command line says is muted."""
    return [mute["what"] for mute in (await trader(home, "mute", "list"))["result"]["mutes"]]


async def public(slack: LocalSlack) -> list[str]:
    """Return what all can read."""
    return [message["text"] for message in await slack.messages(CHANNEL) if "ephemeral_to" not in message]


async def test_what_either_door_mutes_both_show_and_either_ends() -> None:
    """At the command line it is told in the channel; a button's mute is listed and ended at the command line."""
    with short_home() as home:
        async with local_slack(home) as slack, serving(Desk().ready(), home) as stage:
            async with running_bot(embedded(slack.page, home)):
                await slack.sees_text("The engine is up")
                assert (await trader(home, "mute", "notices", "2h"))["ok"]
                await slack.sees_text("(the command line) muted notices here for 2 h")
                stage.warn("nobody hears this")
                stage.ask_about("one")
                alert = await slack.see(lambda m: m["text"].startswith("Buy ETHUSDT?"))
                await slack.click(ALICE, alert, "mute_alerts")
                await slack.sees_text(f"<@{ALICE}> muted headlines on ETHUSDT here for 60 min")
                assert await muted(home) == ["notices", "headlines on ETHUSDT"]
                await slack.command(ALICE, "/mute", "off notices")
                await slack.sees_text(f"<@{ALICE}> ended the mute of notices")
                assert await muted(home) == ["headlines on ETHUSDT"]
                assert (await trader(home, "mute", "off", "headlines", "on", "eth"))["ok"]
                await slack.sees_text("(the command line) ended the mute of headlines on ETHUSDT")
                stage.warn("all hear this")
                await slack.sees_text("all hear this")
            assert not any("nobody hears this" in text for text in await public(slack))


async def test_a_mute_outlives_the_bot_and_the_engine() -> None:
    """The bot is told again by the engine, the engine by its journal."""
    with short_home() as home:
        async with local_slack(home) as slack:
            desk = Desk().ready()
            async with serving(desk, home), running_bot(embedded(slack.page, home)):
                await slack.sees_text("The engine is up")
                await slack.command(ALICE, "/mute", "notices 1h")
                await slack.sees_text("muted notices here")
            again = desk.restarted()
            async with running_bot(embedded(slack.page, home)), serving(again, home) as stage:
                await slack.bot_is_there(2)
                await until(lambda: stage.server.watchers)
                await slack.command(ALICE, "/mute", "list")
                await slack.see(lambda m: m["text"] == "Muted here: 1" and f"by <@{ALICE}>" in str(m["blocks"]))
                stage.warn("nobody hears this")
                await slack.command(ALICE, "/mute", "off")
                await slack.sees_text("ended the mute of notices")
                stage.warn("all hear this")
                await slack.sees_text("all hear this")
            assert not any("nobody hears this" in text for text in await public(slack))

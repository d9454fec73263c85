"""One order through a real Slack that delivers everything twice: clicked and sized by two people at once."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from typing import Any

from core_builders import Desk, S, config, sent
from local_desk import ALICE, CAROL, WITHIN_S, LocalSlack, local_slack, running_bot, short_home
from rough_slack import RoughSlack, rough_slack

from bot import settings as bot_settings
from engine.control.server import ControlServer
from engine.core.actions import Publish
from engine.core.config import Limits, People, Person
from engine.core.types import ApprovedOrder
from engine.wire.commands import AnyCommand, Confirm
from engine.wire.line import socket_path
from engine.wire.replies import Reply

ADMINS = People(who={user: Person(role="admin") for user in (ALICE, CAROL, "U01ALICE")})


class Stage:
    """An engine whose market is moved by hand, behind the real line; remembers every order that left it."""

    def __init__(self, home: Any) -> None:
        self.desk = Desk(config(Limits(100.0, 100.0, 100.0), mode="ask", people=ADMINS, expires_s=600.0)).ready()
        self.orders: list[ApprovedOrder] = []
        self.deciders: set[str] = set()
        """Who has confirmed a size, or tried to."""
        self.server = ControlServer(socket_path(home), self.on_command)

    def on_command(self, command: AnyCommand) -> Reply:
        if isinstance(command, Confirm):
            self.deciders.add(command.who.user_id)
        reply, actions = self.desk.ask(command)
        self.tell(actions)
        return reply

    def tell(self, actions: list[Any]) -> None:
        """Do what the engine's live wiring does, but for the exchange."""
        self.orders += sent(actions)
        for action in actions:
            if isinstance(action, Publish):
                self.server.publish(action.make())

    def alert(self, name: str) -> None:
        """Publish a headline that people are asked about."""
        self.desk.now_ns += 2 * S
        self.tell(self.desk.price(2000.0))
        self.tell(self.desk.headline(0.7, name))


@contextlib.asynccontextmanager
async def stage() -> AsyncIterator[tuple[Stage, LocalSlack, RoughSlack]]:
    """Run the engine's line, a real Slack, and a bot that hears it through somebody who repeats."""
    with short_home() as home:
        made = Stage(home)
        await made.server.start()
        try:
            async with local_slack(home) as slack, rough_slack(slack.page) as rough:
                rough.repeats = True
                env = rough.env | {"TRADER_HOME": str(home), "SLACK_TRADERS": CAROL, "LOG_LEVEL": "WARNING"}
                async with running_bot(bot_settings.load(env, env_file=home / "no.env")):
                    await slack.sees_text("The engine is up")
                    await slack.bot_is_there()
                    yield made, slack, rough
        finally:
            await made.server.close()


async def test_two_people_who_click_at_once_and_twice_buy_once() -> None:
    async with stage() as (made, slack, rough):
        for seed in range(3):
            made.alert(f"round-{seed}")
            alert = await slack.see(lambda m: m["text"].startswith("Buy ETHUSDT?"))
            people = [ALICE, ALICE, CAROL, CAROL]
            random.Random(seed).shuffle(people)
            await asyncio.gather(*(slack.click(user, alert, "decide_buy") for user in people))
            await slack.see(lambda m, ts=alert["ts"]: m["ts"] == ts and m["text"].startswith("Buying by"))
            await answered(slack, len(people) * (seed + 1))
            assert len(made.orders) == seed + 1
        assert len(rough.repeated) >= 12


async def test_modals_that_two_submit_at_once_and_that_are_delivered_twice_buy_once() -> None:
    """Each opens the alert's modal, types another size, and submits: both submissions reach the bot at once, twice."""
    async with stage() as (made, slack, rough):
        rough.repeats, rough.holds = False, lambda envelope: "view_submission" in envelope and "size_give" in envelope
        made.alert("sized")
        alert = await slack.see(lambda m: m["text"].startswith("Buy ETHUSDT?"))
        for number, (user, size) in enumerate(((ALICE, "0.05 ETH"), (CAROL, "0.03 ETH")), 1):
            await slack.click(user, alert, "decide_size")
            await slack.has_modal(user, "size_ask")
            await slack.submit(user, size)
            await slack.has_modal(user, "size_give")
            await slack.submit(user)
            async with asyncio.timeout(WITHIN_S):
                while len(rough.held) < number:
                    await asyncio.sleep(0.01)
        await rough.release()
        await slack.see(lambda m: m["ts"] == alert["ts"] and m["text"].startswith("Buying by"))
        async with asyncio.timeout(WITHIN_S):
            while made.deciders != {ALICE, CAROL}:
                await asyncio.sleep(0.01)
        assert len(made.orders) == 1
        assert made.orders[0].cause_id.startswith("proposal:")


async def answered(slack: LocalSlack, count: int) -> None:
    """Wait until so many clicks were answered in private: what one was and what it came to."""

    async def look() -> bool | None:
        private = [message for message in await slack.messages() if "ephemeral_to" in message]
        return len(private) >= count or None

    await slack.until(look, f"fewer than {count} private answers")

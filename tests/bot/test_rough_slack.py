"""Through a Slack on a bad day: everything arrives, once, in the order of its thread, and the bot hears again."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from local_desk import (
    ALICE,
    LocalSlack,
    Messages,
    ScriptedEngine,
    embedded,
    local_slack,
    running_bot,
    short_home,
)
from rough_slack import Fault, RoughSlack, rough_slack
from sample_views import filled, order, positions, preview, proposal, status, trade
from test_bot_process import started

from engine.wire.commands import GetSnapshot, GetStatus, Preview
from engine.wire.events import Notice, OrderChanged, ProposalOpened, TradeChanged
from engine.wire.line import socket_path
from engine.wire.replies import OrdersView

FULL = os.environ.get("TRADER_FULL") == "1"
FAULTS: tuple[Fault, ...] = ("broken", "cut", "lost")
HEARS_AGAIN_S = 15.0


class RoughDesk(NamedTuple):
    slack: LocalSlack
    rough: RoughSlack
    engine: ScriptedEngine
    home: Path


@asynccontextmanager
async def rough_desk() -> AsyncIterator[RoughDesk]:
    """Run the real Slack, what stands in front of it, and a scripted engine; the bot comes later."""
    engine = ScriptedEngine()
    with short_home() as home:
        async with local_slack(home) as slack, rough_slack(slack.page) as rough, engine.serving(socket_path(home)):
            yield RoughDesk(slack, rough, engine, home)


def drawn(seed: int) -> Callable[[str], Fault]:
    """Return weather that is the same for the same seed: each call may fail, some are one too many."""
    chance = random.Random(seed)

    def weather(method: str) -> Fault:
        if method == "apps.connections.open" or chance.random() > (0.3 if FULL else 0.06):
            return ""
        return "limited" if chance.random() < 0.1 else chance.choice(FAULTS)

    return weather


def texts(messages: Messages, *parts: str) -> list[str]:
    return [message["text"] for message in messages if all(part in message["text"] for part in parts)]


def of_thread(messages: Messages, root: str) -> list[str]:
    return [message["text"] for message in messages if message.get("thread_ts") == root and message["ts"] != root]


async def test_a_hundred_alerts_at_once_all_arrive_in_order_in_their_threads_and_none_twice() -> None:
    """Half of them become trades whose threads are told three things, while calls fail in every way there is."""
    async with rough_desk() as desk, running_bot(embedded(desk.rough.page, desk.home)):
        await desk.slack.sees_text("The engine is up")
        desk.rough.weather = drawn(1)
        for number in range(100):
            await desk.engine.tell(ProposalOpened(ts_ns=0, proposal=proposal(proposal_id=f"p-{number}", headline="")))
        for number in range(50):
            view = trade(trade_id=f"trade-{number}", symbol=f"S{number}USDT", base_asset=f"S{number}")
            for step in ("first", "second", "third"):
                told = TradeChanged(ts_ns=0, what="protection", trade=view, text=f"{step} of {number}")
                await desk.engine.tell(told)
        await desk.engine.tell(Notice(ts_ns=0, severity="warning", code="LAST", text="that was all"))

        async def all_there() -> Messages | None:
            messages = await desk.slack.messages()
            replies = [m for m in messages if m.get("thread_ts", m["ts"]) != m["ts"]]
            said = "\n".join(m["text"] for m in replies)
            if len(texts(messages, "Buy IOTAUSDT?")) < 100 or said.count(" of ") < 150:
                return None
            return messages if texts(messages, "that was all") else None

        messages = await desk.slack.until(all_there, "not all arrived", within_s=110.0)
    names = Counter(block["text"] for m in messages for block in _small_print(m) if "`p-" in block["text"])
    assert (len(names), set(names.values())) == (100, {1})
    roots = [m for m in messages if "thread_ts" not in m or m["thread_ts"] == m["ts"]]
    for number in range(50):
        thread = [of_thread(messages, root["ts"]) for root in roots if f" S{number} " in root["text"]]
        assert len(thread) == 1, f"trade {number} has {len(thread)} messages"
        told_ = "\n".join(thread[0]).lower()
        assert [told_.count(f"{step} of {number}.") for step in ("first", "second", "third")] == [1, 1, 1]
        assert told_.index("first") < told_.index("second") < told_.index("third")
    assert desk.rough.impatient == []


def _small_print(message: dict[str, object]) -> list[dict[str, str]]:
    blocks = message.get("blocks", [])
    assert isinstance(blocks, list)
    return [element for block in blocks if block["type"] == "context" for element in block["elements"]]


async def test_what_slack_took_without_an_answer_is_not_posted_again() -> None:
    async with rough_desk() as desk, running_bot(embedded(desk.rough.page, desk.home)):
        await desk.slack.sees_text("The engine is up")
        lost = iter(("lost", "lost"))
        desk.rough.weather = lambda method: next(lost, "") if method == "chat.postMessage" else ""
        await desk.engine.tell(Notice(ts_ns=0, severity="warning", code="ONE", text="only once"))
        await desk.engine.tell(OrderChanged(ts_ns=0, order=filled()))
        await desk.engine.tell(Notice(ts_ns=0, severity="warning", code="TWO", text="and on"))
        await desk.slack.sees_text("and on")
        messages = await desk.slack.messages()
        assert len(texts(messages, "only once")) == 1
        assert next(lost, "over") == "over"


@pytest.mark.parametrize("how", ["swallows_upgrades", *(["is_away", "refuses_upgrades"] if FULL else [])])
async def test_the_bot_hears_again_within_fifteen_seconds_of_slacks_return(how: str) -> None:
    """An address that is refused, an upgrade that is never answered, and no Slack at all."""
    async with rough_desk() as desk, running_bot(embedded(desk.rough.page, desk.home)):
        await desk.slack.bot_is_there()
        desk.engine.answer(GetStatus, status())
        setattr(desk.rough, how, True)
        await desk.rough.hang_up()
        asked = desk.rough.calls["apps.connections.open"]
        async with asyncio.timeout(HEARS_AGAIN_S):
            while desk.rough.listeners or desk.rough.calls["apps.connections.open"] <= asked + 1:
                await asyncio.sleep(0.05)
        setattr(desk.rough, how, False)
        async with asyncio.timeout(HEARS_AGAIN_S):
            while not desk.rough.listeners:
                await asyncio.sleep(0.05)
            await desk.slack.command(ALICE, "/status")
            assert await desk.engine.has(GetStatus)


async def test_f20_envelopes_that_come_late_or_twice_are_one_command_each() -> None:
    async with rough_desk() as desk, running_bot(embedded(desk.rough.page, desk.home)):
        await desk.slack.bot_is_there()
        desk.engine.answer(GetStatus, status())
        desk.rough.repeats, desk.rough.drops = True, 1
        for _ in range(2):
            await desk.slack.command(ALICE, "/status")
        async with asyncio.timeout(HEARS_AGAIN_S):
            while sorted(desk.rough.acks.values()) != [1, 2]:
                await asyncio.sleep(0.05)
        assert len([command for command in desk.engine.executed if isinstance(command, GetStatus)]) == 2


async def test_a_click_that_is_delivered_twice_opens_one_modal() -> None:
    """Slack takes a trigger once: a second opening would be refused there, and called a failure here."""
    async with rough_desk() as desk, running_bot(embedded(desk.rough.page, desk.home)):
        await desk.slack.sees_text("The engine is up")
        await desk.engine.tell(ProposalOpened(ts_ns=1, proposal=proposal()))
        alert = await desk.slack.sees_text("Buy IOTAUSDT?")
        desk.engine.answer(Preview, preview(symbol="IOTAUSDT", base_asset="IOTA", qty="95.1"))
        desk.rough.repeats = True
        await desk.slack.click(ALICE, alert, "decide_size")
        await desk.slack.has_modal(ALICE, "size_ask")
        async with asyncio.timeout(HEARS_AGAIN_S):
            while 2 not in desk.rough.acks.values():
                await asyncio.sleep(0.05)
        desk.rough.repeats = False
        await desk.slack.command(ALICE, "/status")  # what came before it has been handled when this is answered
        await desk.engine.has(GetStatus)
        assert desk.rough.calls["views.open"] == 1
        assert not [text for text in texts(await desk.slack.messages()) if "Something broke" in text]


@pytest.mark.parametrize("seed", range(20 if FULL else 1))
async def test_killed_at_any_moment_the_bot_finds_its_messages_and_trades_again(seed: int) -> None:
    """kill -9 three times while it posts, edits and replies: each has one message, and no line is told twice."""
    chance = random.Random(seed)
    async with rough_desk() as desk:
        desk.rough.delay_s = 0.02
        for life in range(4):
            async with started(desk.home, TRADER_LOCAL_SLACK=desk.rough.page, LOG_LEVEL="ERROR") as bot:
                await desk.engine.has(GetSnapshot, life + 1)
                for number in range(3):
                    await _trade_of(desk.engine, f"{life}{number}")
                if life < 3:
                    await asyncio.sleep(chance.uniform(0.0, 0.6))
                    bot.kill()
                    await bot.communicate()
                else:
                    await desk.engine.tell(Notice(ts_ns=0, severity="warning", code="LAST", text="that was all"))
                    await desk.slack.sees_text("that was all", within_s=30.0)
        messages = await desk.slack.messages()
    told = "\n".join(message["text"].lower() for message in messages if "thread_ts" in message)
    for name in (f"{life}{number}" for life in range(4) for number in range(3)):
        roots = [m for m in messages if "thread_ts" not in m or m["thread_ts"] == m["ts"]]
        assert len(texts(roots, f"S{name} ")) == 1, f"{name} in {texts(roots)}"
        assert told.count(f"moved of {name}.") <= 1, "what nobody heard is in the root, and nothing is told twice"
    assert told.count("moved of 3") == 3


async def _trade_of(engine: ScriptedEngine, name: str) -> None:
    """Tell of an order that fills and the trade that it opens."""
    facts = {"symbol": f"S{name}USDT", "base_asset": f"S{name}", "trade_id": f"trade-{name}"}
    ours = {**facts, "client_order_id": f"t-{name}"}
    held = engine.positions.positions
    engine.positions = positions(*held, trade(**facts))
    engine.orders = OrdersView((), (*engine.orders.finished, filled(**ours)))
    await engine.tell(OrderChanged(ts_ns=0, order=order(**ours)))
    await engine.tell(OrderChanged(ts_ns=0, order=filled(**ours)))
    await engine.tell(TradeChanged(ts_ns=0, what="protection", trade=trade(**facts), text=f"moved of {name}"))

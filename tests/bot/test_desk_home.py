"""App Home in the real local Slack: per role, its controls, and that it follows what happens."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from local_desk import ALICE, BOB, CAROL, DRAWN_WITHIN_S, LocalSlack, ScriptedEngine, desk
from sample_home import EQUITY
from sample_messages import RISK
from sample_past import PNL
from sample_views import NOW_NS, positions, proposal, trade

from bot.render import home
from engine.wire.commands import Close, Decide, GetRisk, Halt, Kill, SetMode, TurnAway
from engine.wire.events import TradeChanged, TradingHalted
from engine.wire.questions import GetEquity, GetPnl
from engine.wire.replies import OrderPlaced


@contextlib.asynccontextmanager
async def home_desk() -> AsyncIterator[tuple[LocalSlack, ScriptedEngine]]:
    """A desk with a position and an open proposal."""
    engine = ScriptedEngine()
    engine.positions = positions(trade())
    engine.proposals = (proposal(ts_opened_ns=NOW_NS, ts_expires_ns=NOW_NS + 300_000_000_000),)
    engine.answer(GetEquity, EQUITY)
    engine.answer(GetPnl, PNL)
    engine.answer(GetRisk, RISK)
    async with desk(engine) as (slack, _):
        yield slack, engine


def controls(view: dict[str, Any]) -> set[str]:
    """Name everything that can be used on a page."""
    elements = [element for block in view["blocks"] for element in block.get("elements", []) if "action_id" in element]
    return {one["action_id"] for one in [*elements, *(b["accessory"] for b in view["blocks"] if "accessory" in b)]}


async def test_each_role_sees_what_it_may_do_and_no_more() -> None:
    async with home_desk() as (slack, _engine):
        viewer = await slack.home(BOB, "The desk")
        admin = await slack.home(ALICE, "The desk")
        nobody = await slack.home(CAROL, "ask an admin")
    assert controls(viewer) == set()
    assert controls(admin) == {home.MODE, home.HALT, home.KILL, home.FLATTEN, home.CLOSE, home.TAKE, home.DISMISS}
    assert controls(nobody) == set()
    assert "Equity since" in json.dumps(viewer)
    assert "left, expiring means no" in json.dumps(viewer)


async def test_its_controls_ask_the_engine_and_the_answer_stands_on_the_page() -> None:
    async with home_desk() as (slack, engine):
        engine.answer(Close, OrderPlaced(()), "Selling 0.0932 ETH.")
        engine.answer(SetMode, text="The mode is auto.")
        engine.answer(Kill, text="Killed.")
        engine.answer(Decide, text="alert gone", code="EXPIRED")
        await slack.home(ALICE, "The desk")
        await slack.use(ALICE, home.CLOSE, value="ETHUSDT")
        await slack.home(ALICE, "Selling 0.0932 ETH", opens=False)
        assert (await engine.has(Close)).symbol == "ETHUSDT"
        await slack.use(ALICE, home.MODE, selected_option={"value": "auto"})
        assert (await engine.has(SetMode)).mode == "auto"
        await slack.use(ALICE, home.TAKE, value="buy|p-1|f00d")
        await slack.home(ALICE, "Nothing was done.* alert gone", opens=False)
        assert (await engine.has(Decide)).choice == "buy"
        await slack.use(ALICE, home.KILL, value="all")
        assert not (await engine.has(Kill)).flatten


async def test_a_click_that_a_role_may_not_make_is_refused_though_no_button_was_shown() -> None:
    async with home_desk() as (slack, engine):
        await slack.home(BOB, "The desk")
        await slack.use(BOB, home.KILL, value="all")
        await slack.home(BOB, "admins only", opens=False)
        assert (await engine.has(TurnAway)).asked == home.KILL
        assert not any(isinstance(command, Kill) for command in engine.heard)


@pytest.mark.parametrize(("typed", "is_sold"), [("flatten", False), ("FLATTEN", True)])
async def test_everything_is_sold_only_when_the_word_was_typed(typed: str, is_sold: bool) -> None:
    async with home_desk() as (slack, engine):
        engine.answer(Kill, text="Killed.")
        await slack.home(ALICE, "The desk")
        await slack.use(ALICE, home.FLATTEN, value="all")
        await slack.has_modal(ALICE, home.FLATTENED)
        await slack.submit(ALICE, typed, block=home.BLOCK, field=home.INPUT)
        if is_sold:
            assert (await engine.has(Kill)).flatten
        else:
            await slack.use(ALICE, home.HALT, value="home")
            await engine.has(Halt)
            assert not any(isinstance(command, Kill) for command in engine.heard)


async def test_it_follows_what_happens_while_somebody_looks() -> None:
    async with home_desk() as (slack, engine):
        assert await slack.home(BOB, "Holding 0.0932 ETH")
        engine.positions = positions()
        await engine.tell(TradeChanged(ts_ns=NOW_NS, what="closed", trade=trade(is_open=False), text="closed"))
        assert await slack.home(BOB, "nothing is held", opens=False)
        engine.status = type(engine.status)(**{**_fields(engine.status), "is_armed": False, "halt_reason": "lunch"})
        await engine.tell(TradingHalted(ts_ns=NOW_NS, by="cli:ann", reason="lunch"))
        assert await slack.home(BOB, "lunch", opens=False)


async def test_the_curve_is_a_picture_as_soon_as_it_is_drawn_and_its_numbers_stay_text() -> None:
    async with home_desk() as (slack, _engine):
        page = await slack.home(BOB, '"image"', within_s=DRAWN_WITHIN_S)
        curve = next(block for block in page["blocks"] if block["type"] == "image")
        assert "largest drawdown" in curve["alt_text"]
        assert "Equity since" in json.dumps(page)
        async with aiohttp.ClientSession() as session, session.get(curve["image_url"]) as response:
            assert (await response.read()).startswith(b"\x89PNG")
        assert not any(message.get("files") for message in await slack.messages())


def _fields(view: Any) -> dict[str, Any]:
    return {name: getattr(view, name) for name in view.__struct_fields__}

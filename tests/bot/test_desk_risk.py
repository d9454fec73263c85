"""`/risk` and `/lock` from the real local Slack: who may see, who may change, and what reaches the engine."""

from __future__ import annotations

from local_desk import ALICE, BOB, CHANNEL, desk
from sample_messages import RISK

from engine.wire.commands import GetRisk, LockSymbol, ResetBreakers, SetLimit, TurnAway, Who


async def test_a_viewer_sees_the_limits_and_changes_none() -> None:
    async with desk() as (slack, engine):
        engine.answer(GetRisk, RISK)
        await slack.command(BOB, "/risk")
        shown = await slack.sees_text("3 limits, 1 changed while running, 2 bars on entries")
        assert shown["ephemeral_to"] == BOB
        assert "C9_DAILY_LOSS" in shown["blocks"][1]["text"]["text"]
        for words in ("set max_order_pct 5 loosen because x", "unset max_order_pct because x", "reset x", "--reset x"):
            await slack.command(BOB, "/risk", words)
        await slack.see(lambda message: "admins only" in message["text"])
        await slack.command(BOB, "/lock", "eth 1h")
        await slack.sees_text("traders only")
        assert {type(command) for command in engine.executed if command.who.user_id == BOB} == {GetRisk, TurnAway}


async def test_an_admin_sets_takes_back_and_resets() -> None:
    async with desk() as (slack, engine):
        for kind in (SetLimit, ResetBreakers):
            engine.answer(kind, text=f"{kind.__name__} was done.")
        await slack.command(ALICE, "/risk", "set max_order_pct 0.5% --symbol eth because of the weekend")
        asked = await engine.has(SetLimit)
        assert (asked.name, asked.value, asked.symbol, asked.reason) == ("max_order_pct", 0.5, "eth", "of the weekend")
        assert asked.who == Who(ALICE, "alice", "slack", CHANNEL)
        await slack.sees_text("SetLimit was done.")
        await slack.command(ALICE, "/risk", "unset max_order_pct symbol eth because it is over")
        assert (await engine.has(SetLimit, 2)).value is None
        await slack.command(ALICE, "/risk", "reset seen and understood")
        assert (await engine.has(ResetBreakers)).reason == "seen and understood"


async def test_what_is_missing_is_said_with_the_right_words() -> None:
    async with desk() as (slack, engine):
        await slack.command(ALICE, "/risk", "set max_order_pct 5")
        answer = await slack.sees_text("Say why, after the word because")
        assert answer["ephemeral_to"] == ALICE
        assert not any(isinstance(command, SetLimit) for command in engine.heard)


async def test_a_symbol_is_locked_for_a_while() -> None:
    async with desk() as (slack, engine):
        engine.answer(LockSymbol, text="ETHUSDT has no entries for 60 min.")
        await slack.command(ALICE, "/lock", "ETH for 1h because of the unlock")
        asked = await engine.has(LockSymbol)
        assert (asked.symbol, asked.seconds, asked.reason) == ("ETH", 3600.0, "of the unlock")
        await slack.sees_text("ETHUSDT has no entries for 60 min.")

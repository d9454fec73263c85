"""The kill switch from the real local Slack: asked before it is thrown, for admins only, and reported to all."""

from __future__ import annotations

from local_desk import ALICE, BOB, CHANNEL, desk
from sample_messages import KILLED, LEFT

from engine.wire.commands import Kill, ResetKill, TurnAway, Who
from engine.wire.events import KillReported
from engine.wire.safeguard_views import KillView


async def test_a_kill_is_asked_for_in_private_thrown_by_its_button_and_reported_to_all() -> None:
    async with desk() as (slack, engine):
        begun = KillView(f"slack:{ALICE}", "killed", True, False, (LEFT,))
        engine.answer(Kill, begun, text="Trading is killed. Cancelling 3 open orders.")
        await slack.command(ALICE, "/kill", "flatten eth")
        asked = await slack.sees_text("Kill trading?", "every open entry order of eth", "sells what is held of eth")
        assert asked["ephemeral_to"] == ALICE
        assert not any(isinstance(command, Kill) for command in engine.heard)
        await slack.click(ALICE, asked, "kill_now")
        thrown = await engine.has(Kill)
        assert (thrown.flatten, thrown.symbol, thrown.who) == (True, "eth", Who(ALICE, "alice", "slack", CHANNEL))
        answer = await slack.sees_text("Trading is killed.", "Cancelling 3 open orders")
        assert answer["ephemeral_to"] == ALICE
        await engine.tell(KillReported(ts_ns=1, kill=begun))
        late = await slack.sees_text(f"Kill by <@{ALICE}>: not confirmed yet")
        done = KillView(f"slack:{ALICE}", "killed", True, True, (KILLED,))
        await engine.tell(KillReported(ts_ns=2, kill=done))
        told = await slack.sees_text(f"Kill by <@{ALICE}>: confirmed by the exchange")
        assert "ephemeral_to" not in late
        assert "ephemeral_to" not in told
        assert "sold 0.0932 ETH for 249.70 USDT" in told["blocks"][0]["text"]["text"]


async def test_only_an_admin_kills_and_resets() -> None:
    async with desk() as (slack, engine):
        engine.answer(ResetKill, text="The kill switch is reset.")
        for text in ("", "reset never mind"):
            await slack.command(BOB, "/kill", text)
        await slack.sees_text("admins only", "nothing was done")
        await slack.command(ALICE, "/kill", "reset it was a drill")
        assert (await engine.has(ResetKill)).reason == "it was a drill"
        await slack.sees_text("The kill switch is reset.")
        assert not any(
            isinstance(c, Kill) or (c.who.user_id == BOB and not isinstance(c, TurnAway)) for c in engine.heard
        )


async def test_a_word_that_is_no_symbol_is_doubted_beside_the_button_and_never_in_its_way() -> None:
    async with desk() as (slack, engine):
        await engine.watched()
        for text, is_doubted in (("flaten", True), ("eth/usdt", False), ("", False)):
            await slack.command(ALICE, "/kill", text)
            asked = await slack.sees_text("Kill trading?", f"of {text}," if text else "entry order, and")
            assert ("is not traded here" in str(asked["blocks"])) is is_doubted
            assert "kill_now" in str(asked["blocks"])


async def test_words_that_no_kill_has_are_answered_with_the_right_ones() -> None:
    async with desk() as (slack, engine):
        await slack.command(ALICE, "/kill", "eth btc")
        answer = await slack.sees_text("Say what to kill: `/kill [flatten] [SYMBOL]")
        assert answer["ephemeral_to"] == ALICE
        assert not any(isinstance(command, Kill) for command in engine.heard)

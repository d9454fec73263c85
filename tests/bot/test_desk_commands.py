"""Commands typed in the real local Slack, through the real bot, to an engine that speaks the real wire."""

from __future__ import annotations

import pytest
from local_desk import ALICE, BOB, CAROL, CHANNEL, ScriptedEngine, desk
from sample_views import filled, order, positions, status, trade

from bot.listeners import COMMANDS
from engine.wire.commands import (
    AnyCommand,
    Buy,
    Close,
    GetOrders,
    GetPositions,
    GetStatus,
    Halt,
    Resume,
    Sell,
    SetMode,
    Who,
)
from engine.wire.events import ModeChanged, OrderChanged, TradeChanged, TradingArmed, TradingHalted
from engine.wire.helps import HELPS
from engine.wire.replies import OrderPlaced, OrdersView


async def test_a_buy_is_shown_edited_with_its_fill_and_answered_in_its_thread() -> None:
    """`/buy` becomes one public message, edited by the fill, with the fill and the exit in its thread."""
    async with desk() as (slack, engine):
        engine.answer(Buy, OrderPlaced((order(),)))
        await slack.command(ALICE, "/buy", "ETHUSDT 250 2% 5%")
        asked = await engine.has(Buy)
        assert (asked.symbol, asked.amount.value, asked.stop_pct, asked.target_pct) == ("ETHUSDT", "250", 2.0, 5.0)
        assert asked.who == Who(ALICE, "alice", "slack", CHANNEL)
        sent = await slack.sees_text("buys ETH for 250 USDT", "sent")
        assert "ephemeral_to" not in sent
        await engine.tell(OrderChanged(ts_ns=1, order=filled()))
        await engine.tell(TradeChanged(ts_ns=2, what="opened", trade=trade(), text="Opened."))
        done = await slack.sees_text("buys ETH for 250 USDT", "filled 0.0932 ETH at 2,682.51", "Holding")
        assert done["ts"] == sent["ts"]
        reply = await slack.sees_text("Bought 0.0932 ETH at 2,682.51")
        assert reply["thread_ts"] == sent["ts"]
        out = trade(
            is_open=False, qty="0", exit_price="2700.00", pnl_quote="1.13", pnl_pct=0.45, exit_reason="stop_loss"
        )
        await engine.tell(TradeChanged(ts_ns=3, what="closed", trade=out, text="Sold 0.0932 at 2,700.00."))
        closed = await slack.sees_text("Closed ETH by the stop-loss at 2,700.00: +1.13 USDT", "buys ETH")
        assert closed["ts"] == sent["ts"]
        last = await slack.see(lambda m: m["text"].startswith("Closed ETH by the stop-loss"))
        assert last["thread_ts"] == sent["ts"]


async def test_a_question_is_answered_in_private() -> None:
    """To the one who asked, whatever Slack's default for answers is."""
    async with desk() as (slack, engine):
        engine.answer(GetPositions, positions(trade()))
        engine.answer(GetStatus, engine.status)
        engine.answer(GetOrders, OrdersView((order(),), (filled(client_order_id="t-2"),)))
        for command, said in [
            ("/positions", "1 open position, equity 10,000.00 USDT"),
            ("/status", "paper account on the paper exchange: armed, mode ask"),
            ("/orders", "1 open order, 1 finished one"),
        ]:
            await slack.command(ALICE, command)
            answer = await slack.sees_text(said)
            assert answer["ephemeral_to"] == ALICE


async def test_what_all_are_told_is_not_said_to_the_one_who_asked_as_well() -> None:
    """The note in the channel is the answer; in a direct message, where nobody sees it, there is one."""
    async with desk() as (slack, engine):
        engine.answer(SetMode, text="The mode of everything is auto.")
        engine.answer(Halt, text="Halted.")
        engine.answer(Resume, text="Armed.")
        for command, text in [("/auto", "auto"), ("/halt", "time for lunch"), ("/resume", "LIVE")]:
            await slack.command(ALICE, command, text)
        await engine.has(Resume)
        await slack.command(ALICE, "/halt", "at once", channel="D01ALICE")

        async def answered() -> bool | None:
            return any(message["text"].endswith("Halted.") for message in await slack.messages("D01ALICE")) or None

        await slack.until(answered, "no answer in the direct message")
        assert not any("ephemeral_to" in message for message in await slack.messages())
        reasons = [command.reason for command in engine.heard if isinstance(command, Halt)]
        assert reasons == ["time for lunch", "at once"]
        assert (await engine.has(Resume)).confirm == "LIVE"
        assert (await engine.has(SetMode)).mode == "auto"


async def test_a_close_and_a_sell_have_messages_of_their_own() -> None:
    async with desk() as (slack, engine):
        sold = filled(side="sell", client_order_id="t-5", reduce_only=True)
        engine.answer(Sell, OrderPlaced((sold,)))
        engine.answer(Close, OrderPlaced((filled(side="sell", client_order_id="t-6", reduce_only=True),)))
        await slack.command(ALICE, "/sell", "eth 50%")
        await slack.sees_text("sells 50 % of the ETH that is held", "filled")
        await slack.command(ALICE, "/close", "all 25%")
        await slack.sees_text(f"<@{ALICE}> sells 0.0932 ETH", "filled")
        assert (await engine.has(Close)).percent == 25.0


async def test_the_gates_refusal_is_private_with_its_code() -> None:
    async with desk() as (slack, engine):
        engine.answer(Buy, code="C2_ORDER_SIZE", text="250 is over 1 % of equity. Buy 100 or less.")
        await slack.command(ALICE, "/buy", "ETHUSDT 250")
        refusal = await slack.sees_text("Nothing was done", "Buy 100 or less", "C2_ORDER_SIZE")
        assert refusal["ephemeral_to"] == ALICE


@pytest.mark.parametrize(
    ("command", "text", "says"),
    [
        ("/buy", "ETHUSDT lots", "not a number"),
        ("/buy", "ETHUSDT -5", "not more than zero"),
        ("/buy", "", "Say what and how much"),
        ("/sell", "ETHUSDT nan", "not a number"),
        ("/close", "eth 500%", "out of range"),
        ("/auto", "yes please", "Say which mode"),
        ("/fly", "", "I don't know that command"),
    ],
)
async def test_words_that_cannot_be_meant_get_a_private_sentence(command: str, text: str, says: str) -> None:
    async with desk() as (slack, engine):
        heard = len(engine.heard)
        await slack.command(ALICE, command, text)
        answer = await slack.sees_text(says)
        assert answer["ephemeral_to"] == ALICE
        assert len(engine.heard) == heard
        assert sum("ephemeral_to" in message for message in await slack.messages()) == 1


async def test_words_after_a_command_that_takes_none_are_refused_at_once() -> None:
    """Somebody meant something by them; the engine hears nothing."""
    async with desk() as (slack, engine):
        heard = len(engine.heard)
        plain = [command for command in COMMANDS if command != "/help" and not HELPS[command.removeprefix("/")].words]
        for command in (*plain, "/resume"):
            await slack.command(ALICE, command, f"now for {command}")
            answer = await slack.sees_text(f"'now for {command}' is not understood")
            assert answer["ephemeral_to"] == ALICE
        assert len(engine.heard) == heard


async def test_a_viewer_may_look_and_not_trade_and_a_stranger_may_nothing() -> None:
    """Refused in private, kindly, and saying who can grant it; the engine hears nothing of it."""
    async with desk() as (slack, engine):
        engine.answer(GetStatus, engine.status)
        await slack.command(BOB, "/status")
        await slack.sees_text("paper account on the paper exchange")
        for user, command in [(BOB, "/buy"), (BOB, "/halt"), (BOB, "/resume"), (CAROL, "/status"), (CAROL, "/auto")]:
            await slack.command(user, command, "ETHUSDT 250")
            refusal = await slack.see(lambda message, user=user: message.get("ephemeral_to") == user)
            assert "nothing was done" in refusal["text"] or "paper account" in refusal["text"]
        await slack.sees_text("traders only", f"<@{ALICE}>")
        await slack.sees_text("viewers only")
        acting: list[AnyCommand] = [c for c in engine.heard if isinstance(c, Buy | Halt | Resume | SetMode)]
        assert acting == []


async def test_nobody_may_trade_from_another_channel() -> None:
    async with desk() as (slack, engine):
        await slack.command(ALICE, "/buy", "ETHUSDT 250", channel="C99OTHER")

        async def elsewhere() -> bool | None:
            return any("only in <#C01TRADE>" in message["text"] for message in await slack.messages("C99OTHER")) or None

        await slack.until(elsewhere, "no refusal")
        assert not any(isinstance(command, Buy) for command in engine.heard)


async def test_the_throwaway_slack_never_trades_a_live_account() -> None:
    """Its users prove nothing, so on a live account nobody has a role."""
    engine = ScriptedEngine()
    engine.status = status(account="live")
    async with desk(engine) as (slack, _):
        await slack.command(ALICE, "/buy", "ETHUSDT 250")
        await slack.sees_text("nobody may trade a live account from it")
        assert not any(isinstance(command, Buy) for command in engine.heard)


async def test_what_changes_for_all_is_told_to_all() -> None:
    async with desk() as (slack, engine):
        await engine.tell(TradingHalted(ts_ns=1, by=f"slack:{ALICE}", reason="lunch & <rest>"))
        await engine.tell(TradingArmed(ts_ns=2, by="cli:ann"))
        await engine.tell(ModeChanged(ts_ns=3, mode="auto", strategy="sma_cross", previous="ask", by=f"slack:{ALICE}"))
        halted = await slack.sees_text(f"Trading is halted by <@{ALICE}>: lunch &amp; &lt;rest&gt;")
        assert "ephemeral_to" not in halted
        await slack.sees_text("Trading is armed by ann (the command line)")
        await slack.sees_text("set the mode of sma_cross from ask to auto")


async def test_while_the_engine_is_away_a_sentence_says_so() -> None:
    async with desk() as (slack, engine):
        await engine.stop()
        await slack.command(ALICE, "/buy", "ETHUSDT 250")
        answer = await slack.sees_text("The engine isn't running", "trader run")
        assert answer["ephemeral_to"] == ALICE

"""Every question and its command, by each role, in the real local Slack; help, slips, and the buttons that ask back."""

from __future__ import annotations

from local_desk import ALICE, BOB, CAROL, LocalSlack, desk
from sample_past import BALANCES, HEADLINES, LATENCY, MEANT, PNL, STRATEGIES, TRADES, WATCH, WHY
from sample_views import filled

from engine.wire import questions as ask
from engine.wire.answers import WatchesView
from engine.wire.commands import AnyCommand, Buy, CancelOrder, Close, GetLatency, TurnAway
from engine.wire.events import PriceReached
from engine.wire.replies import OrderPlaced, Result

ASKED: list[tuple[str, str, type[AnyCommand], Result | None, str]] = [
    ("/balance", "", ask.GetBalance, BALANCES, "Equity 10,000.00 USDT, 9,500.00 USDT free for orders"),
    ("/pnl", "week", ask.GetPnl, PNL, "The last 7 days: realised +10.00 USDT"),
    ("/trades", "20 eth", ask.GetTrades, TRADES, "31 trades, 1 of these open"),
    ("/strategies", "", ask.GetStrategies, STRATEGIES, "1 strategy, global mode ask"),
    ("/why", "tr-3f2a", ask.GetWhy, WHY, "order tr-3f2a: buy 0.0932 ETH"),
    ("/latency", "", GetLatency, LATENCY, "3 orders: received to sent takes 41.0 µs"),
    ("/news", "5", ask.GetNews, HEADLINES, "1 headline, newest first"),
    ("/watch", "list", ask.GetWatches, WatchesView((WATCH,)), "1 price watched"),
]


async def test_each_question_is_answered_to_a_viewer_in_private_and_to_a_stranger_not_at_all() -> None:
    """The answer is a pure function of the engine's view; who has no role hears why, and nothing is asked."""
    async with desk() as (slack, engine):
        for command, text, kind, result, said in ASKED:
            engine.answer(kind, result, text="")
            await slack.command(BOB, command, text)
            answer = await slack.sees_text(said)
            assert answer["ephemeral_to"] == BOB
            await slack.command(CAROL, command, text)
        assert all("viewers only" in text for text in await _refusals(slack, CAROL, len(ASKED)))
        assert {type(command) for command in engine.executed if command.who.user_id == CAROL} == {TurnAway}
        assert {type(command) for command in engine.executed if command.who.user_id == BOB} == {a[2] for a in ASKED}


async def _refusals(slack: LocalSlack, user: str, wanted: int) -> list[str]:
    """Wait until somebody got so many private answers, and return them."""

    async def look() -> list[str] | None:
        texts = [message["text"] for message in await slack.messages() if message.get("ephemeral_to") == user]
        return texts if len(texts) >= wanted else None

    return list(await slack.until(look, f"{user} was not answered so often"))


async def test_a_viewer_watches_a_price_but_sets_and_cancels_nothing() -> None:
    async with desk() as (slack, engine):
        engine.answer(ask.Watch, WatchesView((WATCH,)), text="ETHUSDT is watched.")
        engine.answer(ask.SetParameter, text="ask of sma_cross is 0.5 now.")
        engine.answer(CancelOrder, text="Asked the exchange to cancel 2 orders.")
        await slack.command(BOB, "/watch", "eth above 2700")
        await slack.sees_text("ETHUSDT is watched.")
        await slack.command(BOB, "/strategies", "set sma_cross ask 0.5")
        await slack.sees_text("admins only")
        await slack.command(BOB, "/cancel", "eth")
        await slack.sees_text("traders only")
        await slack.command(ALICE, "/strategies", "set sma_cross ask 0.5")
        await slack.sees_text("ask of sma_cross is 0.5 now.")
        await slack.command(ALICE, "/cancel", "eth")
        await slack.sees_text("Asked the exchange to cancel 2 orders")
        assert (await engine.has(CancelOrder)).client_order_id == "eth"
        assert (await engine.has(ask.SetParameter)).value == "0.5"
        done = [
            command for command in engine.executed if isinstance(command, ask.Watch | ask.SetParameter | CancelOrder)
        ]
        assert [command.who.user_id for command in done] == [BOB, ALICE, ALICE]


async def test_a_price_that_was_reached_is_told_to_all_with_the_name_of_who_asked() -> None:
    async with desk() as (slack, engine):
        await engine.tell(PriceReached(ts_ns=1, watch=WATCH, price="2701.20"))
        told = await slack.sees_text(f"<@{ALICE}>: *ETHUSDT* above 2,700.00 was reached, at 2,701.20.")
        assert "ephemeral_to" not in told


async def test_help_is_there_for_every_command_and_nothing_is_done_by_asking_for_it() -> None:
    """Viewers read what they may not do, too."""
    async with desk() as (slack, engine):
        heard = len(engine.heard)
        await slack.command(BOB, "/help")
        await slack.sees_text("Commands: /buy, /sell")
        for command, said in [
            ("/kill", "/kill: Halts"),
            ("/buy", "/buy: Buys a symbol"),
            ("/strategies", "/strategies: "),
        ]:
            await slack.command(BOB, command, "help")
            answer = await slack.sees_text(said)
            assert answer["ephemeral_to"] == BOB
        await slack.command(BOB, "/help", "/colse")
        await slack.sees_text("Did you mean `/close`?")
        await slack.command(ALICE, "/trdaes")
        await slack.sees_text("Did you mean `/trades`?")
        assert len(engine.heard) == heard


async def test_a_word_that_fits_several_is_asked_back_with_buttons_that_carry_on() -> None:
    """A click is the same command with the word replaced: with the role of that command, and an id of its own."""
    async with desk() as (slack, engine):
        sold = filled(side="sell", reduce_only=True)
        engine.answer(Close, code="BAD_SYMBOL", text="'et' is not traded here.", result=MEANT)
        await slack.command(ALICE, "/close", "et 50%")
        asked = await slack.sees_text("'et' is not traded here")
        assert asked["ephemeral_to"] == ALICE
        engine.answer(Close, OrderPlaced((sold,)))
        await slack.click(BOB, asked, "go_on:0")
        await slack.sees_text("traders only")
        await slack.click(ALICE, asked, "go_on:0")
        await slack.sees_text("sells 0.0932 ETH")
        closes = [command for command in engine.executed if isinstance(command, Close)]
        assert [(close.symbol, close.percent) for close in closes] == [("et", 50.0), ("ETHUSDT", 50.0)]
        assert closes[0].id != closes[1].id


async def test_a_slip_gets_the_right_form_in_private() -> None:
    async with desk() as (slack, engine):
        for text, said in [("250 eth", "Did you mean: buy eth 250?"), ("eth 0,1eth", "Did you mean 0.1eth?")]:
            await slack.command(ALICE, "/buy", text)
            answer = await slack.sees_text(said)
            assert answer["ephemeral_to"] == ALICE
        assert not any(isinstance(command, Buy) for command in engine.heard)

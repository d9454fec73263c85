"""Which message the engine's events become: one for each cause, edited in place, with its trade in the thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from local_desk import ALICE, CHANNEL
from msgspec.structs import replace
from sample_views import PRICE, filled, order, positions, proposal, status, trade
from slack_sdk.errors import SlackApiError

from bot import memory
from bot.memory import Card, Memory
from bot.outbox import Outbox
from bot.posts import Posts
from engine.wire.events import (
    AnyEvent,
    NewsHeard,
    OrderChanged,
    PricesMoved,
    ProposalClosed,
    ProposalOpened,
    SignalActed,
    TradeChanged,
)
from engine.wire.replies import OrdersView, ProposalTaken, Snapshot
from engine.wire.views import OrderView, TradeView

WITHIN_S = 30.0


class FakeSlack:
    """A channel in memory that keeps what is posted and refuses to edit what isn't there, as Slack does."""

    def __init__(self) -> None:
        self.messages: dict[str, dict[str, Any]] = {}
        self.edits = 0

    async def chat_postMessage(self, **message: Any) -> dict[str, Any]:
        ts = f"1700000000.{len(self.messages):06d}"
        self.messages[ts] = message
        return {"ok": True, "ts": ts}

    async def chat_update(self, *, ts: str, **message: Any) -> dict[str, Any]:
        if ts not in self.messages:
            raise SlackApiError("gone", {"ok": False, "error": "message_not_found"})
        self.edits += 1
        self.messages[ts] |= message
        return {"ok": True, "ts": ts}

    @property
    def roots(self) -> list[str]:
        return [message["text"] for message in self.messages.values() if "thread_ts" not in message]

    @property
    def replies(self) -> list[str]:
        return [message["text"] for message in self.messages.values() if "thread_ts" in message]


class Channel:
    """Posts on a fake Slack, with an outbox that waits for nothing."""

    def __init__(self, home: Path, slack: FakeSlack | None = None) -> None:
        self.slack = slack or FakeSlack()
        self.file = home / "bot-state.json"
        self.outbox = Outbox(gap_s=0.0)
        self.posts = Posts(self.slack, self.outbox, CHANNEL, self.file)  # type: ignore[arg-type]

    async def hears(self, *events: AnyEvent | Snapshot) -> None:
        """Hear these at once, and wait until all of it is sent."""
        for event in events:
            if isinstance(event, Snapshot):
                self.posts.on_snapshot(event)
            else:
                self.posts.on_event(event)
        await self.sent()

    async def sent(self) -> None:
        async with asyncio.timeout(WITHIN_S):
            await self.outbox.drained()


@asynccontextmanager
async def channel(home: Path, slack: FakeSlack | None = None) -> AsyncIterator[Channel]:
    opened = Channel(home, slack)
    task = asyncio.create_task(opened.outbox.run())
    try:
        yield opened
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def snapshot(*held: TradeView, orders: tuple[OrderView, ...] = (), started_ns: int = 1) -> Snapshot:
    return Snapshot(9, status(ts_started_ns=started_ns), positions(*held), OrdersView((), orders), (), (PRICE,))


def changed(view: OrderView) -> OrderChanged:
    return OrderChanged(ts_ns=0, order=view)


def told(what: Any, view: TradeView, text: str) -> TradeChanged:
    return TradeChanged(ts_ns=0, what=what, trade=view, text=text)


async def test_a_fill_that_overtakes_the_reply_is_not_taken_back(tmp_path: Path) -> None:
    """Event first, then the reply with the older view: the message says filled, and knows what was asked."""
    async with channel(tmp_path) as desk:
        await desk.hears(changed(filled()))
        desk.posts.on_order(order(), "ETH for 250 USDT")
        await desk.sent()
        assert len(desk.slack.roots) == 1
        assert "buys ETH for 250 USDT: filled 0.0932 ETH" in desk.slack.roots[0]
        assert len(desk.slack.replies) == 1


async def test_the_same_event_twice_changes_nothing(tmp_path: Path) -> None:
    async with channel(tmp_path) as desk:
        await desk.hears(changed(filled()))
        await desk.hears(changed(filled()))
        assert (len(desk.slack.roots), len(desk.slack.replies)) == (1, 1)


async def test_a_trades_thread_hangs_below_the_order_that_opened_it(tmp_path: Path) -> None:
    """One message in the channel for the order and the trade it became; stop moves and exits in its thread."""
    async with channel(tmp_path) as desk:
        await desk.hears(changed(order()), changed(filled()))
        await desk.hears(told("opened", trade(), "Opened."), told("protection", trade(), "Stop moved to 2,660.00."))
        await desk.hears(
            told("closed", trade(is_open=False, exit_price="2700", pnl_quote="1.1", exit_reason="cli:ann"), "x")
        )
        assert len(desk.slack.roots) == 1
        assert "Closed ETH" in desk.slack.roots[0]
        assert desk.slack.replies[0].startswith("Bought 0.0932 ETH at")
        assert desk.slack.replies[1].startswith("Stop moved to 2,660.00. Holding 0.0932 ETH")
        assert desk.slack.replies[2].startswith("Closed ETH")


async def test_a_stop_or_target_that_was_reached_is_told_to_all(tmp_path: Path) -> None:
    """What a person closed has a message of its own already."""
    for reason, roots in (("stop_loss", 2), (f"slack:{ALICE}", 1)):
        async with channel(tmp_path / reason) as desk:
            await desk.hears(changed(filled()), told("opened", trade(), "Opened."))
            out = trade(is_open=False, exit_price="2628.86", pnl_quote="-5.1", exit_reason=reason)
            await desk.hears(told("closed", out, "sold 0.0932 ETH"))
            assert len(desk.slack.roots) == roots
            assert desk.slack.roots[-1].endswith(": −5.10 USDT (−0.10 %).")


async def test_replies_that_wait_together_are_sent_as_one(tmp_path: Path) -> None:
    async with channel(tmp_path) as desk:
        await desk.hears(changed(order()))
        fills = [
            order(state="partially_filled", filled_qty=f"0.0{n}", avg_price="2682", filled_quote="1") for n in (1, 2)
        ]
        await desk.hears(*map(changed, fills))
        assert len(desk.slack.replies) == 1
        assert len(desk.slack.replies[0].splitlines()) == 2


async def test_a_trade_that_comes_before_its_order_gets_no_second_message(tmp_path: Path) -> None:
    async with channel(tmp_path) as desk:
        await desk.hears(told("opened", trade(), "Opened."), changed(filled()))
        assert len(desk.slack.roots) == 1


async def test_a_second_buy_has_its_own_message_and_the_trade_stays_where_it_began(tmp_path: Path) -> None:
    async with channel(tmp_path) as desk:
        await desk.hears(changed(filled()), told("opened", trade(), "Opened."))
        await desk.hears(changed(filled(client_order_id="t-2")), told("filled", trade(qty="0.1864"), "Grew."))
        first, second = desk.slack.roots
        assert "Holding 0.1864" in first
        assert "Holding" not in second


async def test_orders_of_strategies_and_exits_have_no_message_of_their_own(tmp_path: Path) -> None:
    async with channel(tmp_path) as desk:
        exit_order = order(origin="exit:stop_loss", client_order_id="t-8", reduce_only=True)
        await desk.hears(changed(order(origin="strategy:sma_cross", client_order_id="t-7")), changed(exit_order))
        assert desk.slack.roots == []
        acted = proposal(state="acted", client_order_id="t-7")
        fill = filled(origin="strategy:sma_cross", client_order_id="t-7")
        await desk.hears(SignalActed(ts_ns=0, proposal=acted, order=fill), changed(fill))
        assert len(desk.slack.roots) == 1


def headline(**changes: Any) -> NewsHeard:
    facts = {"source": "x", "news_id": "1", "title": "t", "url": "", "verdict": "ignored", "confidence": 0.0}
    return NewsHeard(ts_ns=0, **(facts | {"symbols": ("ETHUSDT",)} | changes))


async def test_prices_and_headlines_about_nothing_we_trade_stay_out_of_the_channel(tmp_path: Path) -> None:
    async with channel(tmp_path) as desk:
        await desk.hears(PricesMoved(ts_ns=0, prices=(PRICE,)), headline(symbols=()))
        assert desk.slack.roots == []


async def test_a_headline_that_led_to_nothing_is_shown_once(tmp_path: Path) -> None:
    """An engine that was restarted may hear it again, and a bot that was restarted too."""
    slack = FakeSlack()
    for _ in range(2):
        async with channel(tmp_path, slack) as desk:
            await desk.hears(headline(), headline())
    assert slack.roots == ["News: t (ignored)"]


async def test_a_headline_with_an_alert_has_no_second_message(tmp_path: Path) -> None:
    async with channel(tmp_path) as desk:
        alert = proposal(source="x", headline="t")
        await desk.hears(ProposalOpened(ts_ns=0, proposal=alert), headline(verdict="asked"))
        assert len(desk.slack.roots) == 1
        await desk.hears(headline(news_id="2", title="another"))
        assert len(desk.slack.roots) == 2


async def test_what_others_buy_into_a_trade_is_told_in_its_thread(tmp_path: Path) -> None:
    """Not what the order that began it buys: that is told as the order's."""
    async with channel(tmp_path) as desk:
        partly = order(state="partially_filled", filled_qty="0.05", avg_price="2682.51", filled_quote="134.12")
        await desk.hears(changed(order()), told("opened", trade(qty="0.05"), "bought 0.05 ETH"), changed(partly))
        await desk.hears(told("filled", trade(), "bought 0.0432 ETH"), changed(filled()))
        await desk.hears(told("filled", trade(qty="0.1864"), "bought 0.0932 ETH at 2,690.00"))
        assert [line.splitlines()[0].split(" at ")[0] for line in desk.slack.replies] == [
            "Bought 0.05 ETH",
            "Bought 0.0932 ETH",
            "Bought 0.0932 ETH",
        ]
        assert desk.slack.replies[2].startswith("Bought 0.0932 ETH at 2,690.00. Holding 0.1864 ETH from")


async def test_what_a_click_changed_is_shown_on_its_alert(tmp_path: Path) -> None:
    """Whichever comes first, the reply or the event; the older view of the two is not shown again."""
    sent = proposal(state="bought", decided_by=f"slack:{ALICE}", client_order_id="t-1", outcome="on its way")
    taken = ProposalTaken(sent, ("price +1.55 %",), order(cause_id="proposal:p-1"))
    filled_order = changed(filled(cause_id="proposal:p-1"))
    closed = ProposalClosed(ts_ns=0, proposal=sent)
    for number, steps in enumerate([(taken, closed, filled_order), (closed, filled_order, taken)]):
        async with channel(tmp_path / str(number)) as desk:
            await desk.hears(ProposalOpened(ts_ns=0, proposal=proposal()))
            for step in steps:
                if isinstance(step, ProposalTaken):
                    desk.posts.on_taken(step)
                else:
                    desk.posts.on_event(step)
            await desk.sent()
            assert len(desk.slack.roots) == 1
            assert desk.slack.roots[0].startswith(f"Bought by <@{ALICE}>: IOTAUSDT, filled 0.0932 ETH")
            assert "At the click: price +1.55 %" in str(desk.slack.messages)


async def test_a_restarted_bot_edits_what_it_posted(tmp_path: Path) -> None:
    slack = FakeSlack()
    async with channel(tmp_path, slack) as desk:
        await desk.hears(snapshot(), changed(order()))
    async with channel(tmp_path, slack) as desk:
        await desk.hears(snapshot(trade(), orders=(filled(),)))
        assert len(slack.roots) == 2
        assert "Holding 0.0932" in slack.roots[1]
        assert slack.replies[0].startswith("Bought 0.0932 ETH at")


async def test_alerts_of_an_earlier_run_are_found_again_and_those_that_are_over_are_not_posted(tmp_path: Path) -> None:
    """The engine remembers them over its restart: what is open is shown, what was posted is brought up to date."""
    posted, missed, over = (proposal(proposal_id=name, ts_opened_ns=1) for name in ("p-1", "p-2", "p-3"))
    ended = {"state": "dismissed", "outcome": "dismissed by Bob"}
    after = (replace(posted, **ended), missed, replace(over, **ended))
    async with channel(tmp_path) as desk:
        await desk.hears(ProposalOpened(ts_ns=0, proposal=posted))
        await desk.hears(replace(snapshot(started_ns=2), proposals=after))
        alerts = [text for text in desk.slack.roots if "engine" not in text]
        assert len(alerts) == 2
        assert desk.slack.edits == 1
        cards = {name: desk.posts._memory.card_of_proposal(name) for name in ("p-1", "p-2", "p-3")}
        assert [card and card.proposal and card.proposal.state for card in cards.values()] == [
            "dismissed",
            "open",
            None,
        ]


async def test_a_trade_that_ended_while_nobody_watched_is_shown_as_closed(tmp_path: Path) -> None:
    async with channel(tmp_path) as desk:
        await desk.hears(changed(filled()), told("opened", trade(), "Opened."), snapshot())
        assert "Closed ETH" in desk.slack.roots[0]


async def test_a_position_without_a_message_gets_one(tmp_path: Path) -> None:
    async with channel(tmp_path) as desk:
        await desk.hears(snapshot(trade()))
        assert desk.slack.roots[1].startswith("Trade ETHUSDT. Holding")


async def test_each_start_of_an_engine_is_greeted_once(tmp_path: Path) -> None:
    async with channel(tmp_path) as desk:
        await desk.hears(snapshot(), snapshot(), snapshot(started_ns=2))
        assert sum(text.startswith("The engine is up") for text in desk.slack.roots) == 2


async def test_where_all_messages_are_gone_what_is_live_is_posted_anew(tmp_path: Path) -> None:
    """A throwaway Slack forgets everything when it is started again; what is over is not repeated in it."""
    async with channel(tmp_path) as desk:
        await desk.hears(ProposalOpened(ts_ns=0, proposal=proposal()), changed(order(state="rejected")))
    async with channel(tmp_path) as desk:
        await desk.hears(ProposalOpened(ts_ns=0, proposal=proposal(warning="halted")))
        await desk.hears(changed(order(state="rejected", reason="no money")))
        assert len(desk.slack.roots) == 1
        assert desk.slack.roots[0].startswith("Buy IOTAUSDT?")


def test_a_memory_of_another_channel_is_no_memory(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "bot-state.json"
    memory.save(file, Memory("C1", 5, cards=[Card("trade:1", ts="1.0", trade=trade())]))
    assert memory.load(file, "C1").cards[0].trade == trade()
    assert memory.load(file, "C2") == Memory("C2")
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("content", [b"", b"{", b'{"channel":1}', b"\xff\xfe"])
def test_a_memory_that_cannot_be_read_is_an_empty_one(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bot-state.json"
    file.write_bytes(content)
    assert memory.load(file, "C1") == Memory("C1")


def test_the_oldest_finished_cards_are_forgotten_and_never_a_live_one() -> None:
    kept = Memory("C1")
    live = kept.add(Card("live", proposal=proposal()))
    for number in range(400):
        kept.add(Card(f"order:{number}", order=filled(client_order_id=str(number))))
    assert len(kept.cards) == 300
    assert kept.cards[0] is live
    assert kept.cards[-1].key == "order:399"


def test_a_card_that_shows_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="shows nothing"):
        Card("empty").render()


def test_a_person_is_named_in_the_message_of_an_order() -> None:
    assert Card("order:1", order=order()).render().text.startswith(f"<@{ALICE}> buys")

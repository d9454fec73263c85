"""The engine as a story: an event, the actions that are expected, the next event. Arming, signals, bands and modes."""

from __future__ import annotations

import msgspec
import pytest
from alert_story import ACTED, ASKED, asked, click
from core_builders import (
    ALICE,
    BOB,
    BTC,
    ETH,
    Desk,
    S,
    codes,
    config,
    sent,
    told,
    written,
)

from engine.core.actions import Publish, Send, Write
from engine.core.config import Limits, OrderFlow
from engine.core.records import Decided, Intended, ModeSet, Proposed
from engine.core.types import Mode, OrderType, Side
from engine.wire import events
from engine.wire.commands import Close, GetSnapshot, GetStatus, Halt, Resume, SetMode
from engine.wire.replies import Reply
from engine.wire.views import StatusView, StrategyView


def set_mode(desk: Desk, mode: str, strategy: str | None = None) -> Reply:
    return desk.ask(SetMode(id=desk.new_id(), who=ALICE, mode=mode, strategy=strategy))[0]  # type: ignore[arg-type]


def status(desk: Desk) -> StatusView:
    result = desk.ask(GetStatus(id=desk.new_id(), who=ALICE))[0].result
    assert isinstance(result, StatusView)
    return result


def of_headlines(seen: StatusView) -> StrategyView:
    return next(strategy for strategy in seen.strategies if strategy.name == "headlines")


# ---------------------------------------------------------------- arming


def test_trading_starts_halted_and_is_armed_only_when_everything_is_ready() -> None:
    desk = Desk(symbols=(ETH, BTC))
    assert not status(desk).is_armed
    reply = desk.resume()
    assert (reply.ok, reply.code) == (False, "NOT_READY")
    assert all(word in reply.text for word in ("not compiled yet", "out of sync: ETHUSDT, BTCUSDT", "not reconciled"))
    desk.engine.trading.is_warm = True
    desk.price(2000.0)
    desk.account()
    assert "out of sync: BTCUSDT" in desk.resume().text
    desk.price(2000.0, BTC)
    reply, actions = desk.ask(Resume(id="r", who=ALICE))
    assert reply.ok
    assert told(actions, events.TradingArmed)[0].by == "slack:U01ALICE"
    assert status(desk).is_armed


def test_a_live_account_is_armed_with_the_word_live_only() -> None:
    desk = Desk(config(), account="live")
    desk.price(2000.0)
    desk.account()
    desk.engine.trading.is_warm = True
    assert desk.resume().code == "C1_LIVE_NOT_CONFIRMED"
    assert desk.buy()[0].code == "C1_LIVE_NOT_CONFIRMED"
    assert desk.ask(Resume(id="yes", who=ALICE, confirm="LIVE"))[0].ok
    assert desk.buy()[0].ok


def test_an_unknown_order_is_in_the_way_of_arming() -> None:
    desk = Desk().ready()
    desk.buy()
    desk.wait(2.1)
    desk.ask(Halt(id="h", who=ALICE))
    assert "1 with an unknown outcome" in desk.resume().text


def test_halt_says_who_and_why_and_entries_stop_while_closing_works() -> None:
    desk = Desk().ready().holding()
    _, actions = desk.ask(Halt(id="h", who=BOB, reason="lunch"))
    halted = told(actions, events.TradingHalted)[0]
    assert (halted.by, halted.reason) == ("slack:U02BOB", "lunch")
    reply, actions = desk.buy()
    assert (reply.code, sent(actions)) == ("HALTED", [])
    assert "lunch" in reply.text
    reply, actions = desk.ask(Close(id="c", who=BOB, symbol="eth"))
    assert reply.ok
    assert [order.side for order in sent(actions)] == [Side.SELL]


# ---------------------------------------------------------------- a signal, through the bands


def test_a_trade_that_signals_becomes_an_order_written_before_it_is_sent_and_told_last() -> None:
    """Walk a: from a frame to an order, in one call."""
    flow = OrderFlow(min_trades=5, ask=0.1, act=0.2)
    desk = Desk(config(flow=flow)).ready()
    actions: list = []  # type: ignore[type-arg]
    for i in range(10):
        desk.now_ns += S // 10
        desk.quote(2000.0 + i * 0.1 - 0.01, 2000.0 + i * 0.1)
        if sent(actions := desk.trade(2000.0 + i * 0.1, lots=500)):
            break
    kinds = [type(action) for action in actions]
    assert kinds[0] is Send
    assert set(kinds[1:]) == {Publish, Write}
    order = sent(actions)[0]
    assert [type(record) for record in written(actions)] == [Intended, Proposed, Decided]
    assert (order.side, order.origin, order.symbol) == (Side.BUY, "strategy:order_flow", ETH)
    acted = told(actions, events.SignalActed)[0]
    assert (acted.proposal.state, acted.proposal.client_order_id) == ("acted", order.client_order_id)
    assert acted.proposal.reasons[0].startswith("buyers are the aggressors")
    assert acted.order is not None
    assert status(desk).strategies[1].acted == 1


def test_a_trade_that_says_nothing_leads_to_nothing() -> None:
    desk = Desk().ready()
    assert desk.trade() == []
    assert desk.quote() == []


@pytest.mark.parametrize(
    ("score", "verdict", "orders"),
    [(0.3, "ignored", 0), (0.49, "ignored", 0), (0.5, "asked", 0), (0.89, "asked", 0), (0.9, "acted", 1)],
)
def test_three_bands_ignore_ask_and_act(score: float, verdict: str, orders: int) -> None:
    desk = Desk().ready()
    actions = desk.headline(score)
    heard = told(actions, events.NewsHeard)[0]
    assert heard.verdict.startswith(verdict)
    assert len(sent(actions)) == orders
    assert len(told(actions, events.ProposalOpened)) == (verdict == "asked")
    seen = of_headlines(status(desk))
    assert (seen.signals, seen.ignored, seen.asked, seen.acted) == (
        1,
        verdict == "ignored",
        verdict == "asked",
        verdict == "acted",
    )


def test_a_question_shows_what_would_be_bought_and_what_could_be_lost() -> None:
    desk = Desk().ready()
    proposal = asked(desk)
    assert (proposal.side, proposal.price, proposal.stop_price, proposal.target_price) == (
        "buy",
        "2000.00",
        "1940.00",
        "2200.00",
    )
    assert (proposal.qty, proposal.notional_quote, proposal.risk_quote) == ("0.4901", "980.20", "29.41")
    assert (proposal.headline, proposal.source, proposal.kind) == ("Big news", "test", "event")
    assert (proposal.warning, proposal.state) == ("", "open")
    assert proposal.ts_expires_ns - proposal.ts_opened_ns == 60 * S


def test_a_question_that_is_open_is_not_asked_twice_but_a_surer_signal_acts_and_closes_it() -> None:
    desk = Desk().ready()
    first = asked(desk)
    assert "the same question is open" in told(desk.headline(ASKED), events.NewsHeard)[0].verdict
    actions = desk.headline(ACTED)
    assert len(sent(actions)) == 1
    closed = told(actions, events.ProposalClosed)
    assert [(event.proposal.proposal_id, event.proposal.state) for event in closed] == [(first.proposal_id, "expired")]
    assert "overtaken" in closed[0].proposal.outcome
    assert [event.proposal.state for event in told(actions, events.SignalActed)] == ["acted"]
    assert click(desk, first)[0].code == "EXPIRED"


def test_a_question_stays_open_when_the_surer_signal_was_refused() -> None:
    desk = Desk().ready()
    first = asked(desk)
    desk.price(2500.0)
    desk.quote(2499.0, 2600.0)
    actions = desk.headline(ACTED)
    assert told(actions, events.SignalActed)[0].proposal.state == "refused"
    assert "C4_PRICE_COLLAR" in told(actions, events.NewsHeard)[0].verdict
    assert [proposal.proposal_id for proposal in desk.engine.trading.proposals.open()] == [first.proposal_id]


def test_the_same_signal_twice_is_one_signal() -> None:
    desk = Desk().ready()
    assert len(sent(desk.headline(ACTED, "n"))) == 1
    actions = desk.headline(ACTED, "n")
    assert (sent(actions), told(actions, events.SignalActed)) == ([], [])
    assert told(actions, events.NewsHeard)[0].verdict.startswith("ignored: C23_REPEAT")


def test_bad_news_about_what_nobody_holds_is_ignored_and_about_what_is_held_sells_it() -> None:
    desk = Desk().ready()
    assert "nothing is held" in told(desk.headline(-ACTED), events.NewsHeard)[0].verdict
    desk.holding()
    actions = desk.headline(-ACTED)
    assert [(order.side, order.qty_lots) for order in sent(actions)] == [(Side.SELL, 4500)]


def test_a_sell_signal_while_the_sale_is_under_way_is_ignored_instead_of_refused() -> None:
    desk = Desk().ready().holding()
    desk.headline(-ACTED)
    actions = desk.headline(-ACTED)
    assert (sent(actions), told(actions, events.SignalActed)) == ([], [])
    assert "being sold already" in told(actions, events.NewsHeard)[0].verdict
    assert "being sold already" in told(desk.headline(-ASKED), events.NewsHeard)[0].verdict


def test_a_signal_without_room_is_not_asked_about() -> None:
    desk = Desk(cash="150").ready()
    actions = desk.headline(ASKED)
    assert "leave no room" in told(actions, events.NewsHeard)[0].verdict
    assert told(actions, events.ProposalOpened) == []


def test_a_halted_engine_asks_instead_of_acting_and_warns_on_the_alert() -> None:
    desk = Desk().ready()
    desk.ask(Halt(id="h", who=ALICE, reason="lunch"))
    actions = desk.headline(ACTED)
    assert sent(actions) == []
    assert "lunch" in told(actions, events.ProposalOpened)[0].proposal.warning


def test_news_without_a_score_a_symbol_or_freshness_is_heard_and_told_why_nothing_came_of_it() -> None:
    desk = Desk().ready()
    verdicts = [
        told(desk.headline(0.0), events.NewsHeard)[0].verdict,
        told(desk.headline(ACTED, symbols=()), events.NewsHeard)[0].verdict,
        told(desk.headline(ACTED, symbols=(BTC,)), events.NewsHeard)[0].verdict,
    ]
    assert [verdict.partition(": ")[2] for verdict in verdicts] == [
        "listing: no rule fired that says good or bad",
        "C23_SYMBOL: it names nothing that is traded here",
        "its symbols are not followed or have no price yet",
    ]


# ---------------------------------------------------------------- modes


@pytest.mark.parametrize(
    ("everything", "own", "outcome"),
    [
        ("off", "auto", "ignored"),
        ("ask", "auto", "asked"),
        ("auto", "auto", "acted"),
        ("auto", "ask", "asked"),
        ("auto", "off", "ignored"),
        ("ask", "off", "ignored"),
        ("off", "off", "ignored"),
    ],
)
def test_the_stricter_of_both_modes_counts(everything: str, own: str, outcome: str) -> None:
    desk = Desk().ready()
    assert set_mode(desk, everything).ok
    assert set_mode(desk, own, "headlines").ok
    assert told(desk.headline(ACTED), events.NewsHeard)[0].verdict.startswith(outcome)
    seen = status(desk)
    assert (seen.mode, of_headlines(seen).mode) == (everything, own)


def test_setting_a_mode_is_written_and_told_with_who_did_it() -> None:
    desk = Desk().ready()
    reply, actions = desk.ask(SetMode(id="m", who=BOB, mode="ask", strategy=None))
    assert "is ask now (it was auto)" in reply.text
    assert written(actions)[1] == ModeSet("", "ask", "slack:U02BOB", desk.now_ns)
    changed = told(actions, events.ModeChanged)[0]
    assert (changed.mode, changed.previous, changed.by, changed.strategy) == ("ask", "auto", "slack:U02BOB", "")
    assert "still caps it" in set_mode(desk, "auto", "headlines").text


def test_an_unknown_strategy_is_answered_with_those_that_exist() -> None:
    reply = set_mode(Desk(), "auto", "astrology")
    assert reply.code == "NOT_FOUND"
    assert "sma_cross, order_flow, momentum" in reply.text
    assert "headlines" in reply.text


def test_three_alike_within_a_minute_turn_the_strategy_off() -> None:
    """C6: the third is not sent."""
    desk = Desk(config(Limits(max_order_pct=0.1))).ready()
    assert [len(sent(desk.headline(ACTED))) for _ in range(2)] == [1, 1]
    actions = desk.headline(ACTED)
    assert sent(actions) == []
    assert codes(actions) == ["C6_REPEATS"]
    assert told(actions, events.ModeChanged)[0].by == "C6_REPEATS"
    assert told(actions, events.SignalActed)[0].proposal.state == "refused"
    assert desk.engine.trading.modes.own["headlines"] is Mode.OFF
    assert "the mode is off" in told(desk.headline(ACTED), events.NewsHeard)[0].verdict


def test_three_alike_over_more_than_a_minute_are_no_repeats() -> None:
    desk = Desk(config(Limits(max_order_pct=0.1))).ready()
    for _ in range(4):
        assert len(sent(desk.headline(ACTED))) == 1
        desk.now_ns += 31 * S
        desk.price(2000.0)


# ---------------------------------------------------------------- determinism


def test_the_same_events_lead_to_the_same_actions() -> None:
    """Walk d: what a replay rests on."""
    outcomes = []
    for _ in range(2):
        desk, actions = Desk(config(flow=OrderFlow(min_trades=5, ask=0.1, act=0.9))).ready(), []
        for i in range(60):
            desk.now_ns += S // 5
            price = 2000.0 + (i % 11) * 0.7
            actions += desk.quote(price - 0.01, price)
            actions += desk.trade(price, lots=100 + i, sold=i % 4 == 0)
            actions += desk.headline(0.4 + (i % 7) / 10) if i % 9 == 0 else []
            for order in sent(actions[-6:]):
                actions += desk.fill(order)
            actions += desk.wait(0.05)
        snapshot = desk.ask(GetSnapshot(id="s", who=ALICE))[0]
        made = [action.make() if isinstance(action, Publish) else action for action in actions]
        outcomes.append(([repr(action) for action in made], msgspec.json.encode(snapshot), len(sent(actions))))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][2] > 0


def test_every_order_of_ours_is_a_limit_order_that_says_market_to_people() -> None:
    desk = Desk().ready()
    _, actions = desk.buy()
    shown = told(actions, events.OrderChanged)[0].order
    assert (sent(actions)[0].order_type, shown.order_type, shown.limit_price) == (
        OrderType.LIMIT,
        "MARKET",
        "2040.00",
    )

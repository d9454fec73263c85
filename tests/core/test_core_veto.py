"""The veto window: a large automatic entry waits, goes when nobody objects, and is priced and gated when it goes."""

from __future__ import annotations

import pytest
from core_builders import ALICE, BOB, ETH, Desk, S, config, sent, told

from engine.core.config import People
from engine.core.tidings import Headline, NewsItem
from engine.wire.commands import Decide, Halt, SetMode
from engine.wire.events import NewsHeard, ProposalClosed, ProposalOpened, SignalActed
from engine.wire.replies import Reply
from engine.wire.views import ProposalView

WINDOW = People(veto_quote=100.0, veto_s=20.0)


def held(desk: Desk) -> ProposalView:
    """Publish a headline that is sure enough to act on; it waits."""
    actions = desk.headline(0.95)
    assert sent(actions) == []
    (opened,) = told(actions, ProposalOpened)
    assert opened.proposal.goes
    return opened.proposal


def desk_with(people: People = WINDOW) -> Desk:
    return Desk(config(mode="auto", act=0.6, people=people)).ready()


def veto(desk: Desk, proposal: ProposalView) -> Reply:
    click = Decide(
        id=desk.new_id(),
        who=BOB,
        proposal_id=proposal.proposal_id,
        choice="dismiss",
        fingerprint=proposal.fingerprint,
    )
    return desk.ask(click)[0]


def test_without_a_window_and_below_it_an_entry_goes_at_once() -> None:
    assert len(sent(desk_with(People()).headline(0.95))) == 1
    assert len(sent(desk_with(People(veto_quote=1_000_000.0)).headline(0.95))) == 1


def test_what_nobody_vetoes_goes_when_the_window_is_over_at_the_price_of_then() -> None:
    desk = desk_with()
    proposal = held(desk)
    assert sent(desk.wait(19.9)) == []
    desk.price(2010.0)
    actions = desk.wait(0.2)
    (order,) = sent(actions)
    assert (order.origin, order.ref_ticks) == ("strategy:headlines", 201_000)
    (acted,) = told(actions, SignalActed)
    assert (acted.proposal.proposal_id, acted.proposal.state) == (proposal.proposal_id, "acted")
    assert sent(desk.wait(30)) == []


def test_any_trader_can_veto_it() -> None:
    desk = desk_with()
    proposal = held(desk)
    assert veto(desk, proposal).ok
    assert sent(desk.wait(30)) == []
    assert veto(desk, proposal).code == "ALREADY_DECIDED"
    assert desk.engine.trading.proposals.get(proposal.proposal_id).outcome == "vetoed by Bob"  # type: ignore[union-attr]


def test_it_does_not_go_when_trading_was_halted_the_mode_changed_or_the_price_is_gone() -> None:
    for spoil in (
        lambda desk: desk.ask(Halt(id="h", who=BOB)),
        lambda desk: desk.ask(SetMode(id="m", who=ALICE, mode="ask")),
    ):
        desk = desk_with()
        held(desk)
        spoil(desk)
        desk.now_ns += 20 * S
        desk.price(2000.0)
        actions = desk.wait(0.1)
        assert sent(actions) == []
        assert told(actions, ProposalClosed)[0].proposal.state == "expired"
    desk = desk_with()
    held(desk)
    desk.now_ns += 20 * S
    desk.price(2100.0)
    actions = desk.wait(0.1)
    assert sent(actions) == []
    assert told(actions, SignalActed)[0].proposal.outcome.startswith("C4_PRICE_COLLAR")


def test_only_one_of_a_kind_waits_and_a_restart_lets_none_go() -> None:
    desk = desk_with()
    held(desk)
    assert told(desk.headline(0.95), ProposalOpened) == []
    again = desk.restarted().ready()
    assert sent(again.wait(30)) == []


def test_a_click_may_buy_it_before() -> None:
    desk = desk_with()
    proposal = held(desk)
    click = Decide(id="now", who=BOB, proposal_id=proposal.proposal_id, choice="buy", fingerprint=proposal.fingerprint)
    assert len(sent(desk.ask(click)[1])) == 1
    assert sent(desk.wait(30)) == []


def heard(desk: Desk, label: str, score: float, source: str = "wire") -> str:
    """Tell a headline; return what came of it."""
    item = NewsItem(source, desk.new_id(), "Big news", "", desk.now_ns, desk.now_ns)
    headline = Headline(item, label, score, (ETH,), ("a rule",), 1.0)
    actions = desk.keep(desk.engine.on_headline(headline))
    (told_of,) = told(actions, NewsHeard)
    return ",".join([told_of.verdict, *(order.side.name for order in sent(actions))])


@pytest.mark.parametrize("is_restarted", [False, True])
def test_what_nobody_vetoed_is_bought_on_its_story_as_what_needed_no_window(*, is_restarted: bool) -> None:
    """So others' word buys no second time, and a denial is worth as much as the story was."""
    desk = Desk(config(mode="auto", act=0.6, story_h=48.0, people=WINDOW)).ready()
    assert heard(desk, "listing", 0.95) == "waits for a veto"
    desk.wait(19.9)
    desk.price(2000.0)
    (order,) = sent(desk.wait(0.2))
    desk.fill(order)
    if is_restarted:
        desk = desk.restarted().ready()
    assert heard(desk, "listing", 0.95, source="second").endswith("was bought already")
    assert heard(desk, "denial", -0.59).endswith(",SELL")


def test_what_was_vetoed_was_not_bought_on_its_story() -> None:
    """Others' word leads to an entry that waits anew."""
    desk = Desk(config(mode="auto", act=0.6, story_h=48.0, people=WINDOW)).ready()
    assert heard(desk, "listing", 0.95) == "waits for a veto"
    (proposal,) = desk.engine.trading.proposals.open()
    proposal.state = "dismissed"
    assert heard(desk, "listing", 0.95, source="second") == "waits for a veto"

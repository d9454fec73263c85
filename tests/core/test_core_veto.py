"""The veto window: a large automatic entry waits, goes when nobody objects, and is priced and gated when it goes."""

from __future__ import annotations

from core_builders import ALICE, BOB, Desk, S, config, sent, told

from engine.core.config import People
from engine.wire.commands import Decide, Halt, SetMode
from engine.wire.events import ProposalClosed, ProposalOpened, SignalActed
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

"""An entry whose request never reached the venue: sent once more where a signal caused it, and told where not."""

from __future__ import annotations

import pytest
from core_builders import ALICE, ETH, Desk, S, codes, config, sent, told, written

from engine.core.actions import Action
from engine.core.instrument import E8
from engine.core.records import Decided, Failed, Intended
from engine.core.tidings import Headline, NewsItem
from engine.core.types import ApprovedOrder, Mode, SendFailed
from engine.wire import events
from engine.wire.commands import Close, Decide, Halt, SetMode

ACTED, ASKED = 0.95, 0.6
KNOWN_S = 6.5
"""After so long "no such order" is conclusive."""


def lose(desk: Desk, order: ApprovedOrder, after_s: float = KNOWN_S, price: float = 2000.0) -> list[Action]:
    """Let the market go on, and then the venue say that it has no such order."""
    desk.now_ns += int(after_s * S)
    desk.price(price)
    name = order.client_order_id
    return desk.keep(desk.engine.on_send_failed(SendFailed(name, False, -2013, "lost", desk.now_ns, desk.now_ns)))


def notices(actions: list[Action]) -> list[str]:
    return [notice.text for notice in told(actions, events.Notice) if notice.code == "ORDER_LOST"]


def acted(desk: Desk) -> ApprovedOrder:
    """Let the engine act on a headline by itself."""
    return sent(desk.headline(ACTED))[0]


def test_a_lost_entry_of_a_signal_is_sent_once_more_at_the_present_price() -> None:
    desk = Desk().ready()
    lost = acted(desk)
    actions = lose(desk, lost, price=2010.0)
    (again,) = sent(actions)
    assert again.client_order_id != lost.client_order_id
    assert again.cause_id == lost.cause_id + ":again"
    assert (again.ref_ticks, again.origin, again.qty_lots <= lost.qty_lots) == (201_000, lost.origin, True)
    assert again.stop_ticks == 201_000 - 201_000 * (200_000 - lost.stop_ticks) // 200_000
    assert again.ts_ns == desk.now_ns
    assert [type(record) for record in written(actions)] == [Failed, Intended, Decided]
    assert "sent once more" in notices(actions)[0]


def test_the_alert_follows_the_second_try_to_its_fill() -> None:
    desk = Desk().ready()
    (again,) = sent(lose(desk, acted(desk)))
    shown = told(desk.fill(again), events.SignalActed)[0]
    assert shown.order is not None
    assert (shown.order.client_order_id, shown.order.state) == (again.client_order_id, "filled")
    assert shown.proposal.outcome.startswith("auto: bought ")


def test_there_is_no_third_try() -> None:
    desk = Desk().ready()
    (again,) = sent(lose(desk, acted(desk)))
    actions = lose(desk, again)
    assert sent(actions) == []
    assert "second try already" in notices(actions)[0]


def test_a_click_is_sent_once_more_too() -> None:
    desk = Desk().ready()
    proposal = told(desk.headline(ASKED), events.ProposalOpened)[0].proposal
    click = Decide(id="c", who=ALICE, proposal_id=proposal.proposal_id, choice="buy", fingerprint=proposal.fingerprint)
    (lost,) = sent(desk.ask(click)[1])
    (again,) = sent(lose(desk, lost))
    assert (again.cause_id, again.origin) == (f"proposal:{proposal.proposal_id}:again", "slack:U01ALICE")


def test_a_typed_command_is_not_repeated_but_told() -> None:
    desk = Desk().ready()
    (lost,) = sent(desk.buy()[1])
    actions = lose(desk, lost)
    assert sent(actions) == []
    assert "Type it again" in notices(actions)[0]


def test_a_lost_sale_is_told_and_left_to_the_exits() -> None:
    desk = Desk().ready().holding()
    (lost,) = sent(desk.ask(Close(id="c", who=ALICE, symbol="eth", percent=100.0))[1])
    actions = lose(desk, lost)
    assert sent(actions) == []
    assert "can still be closed" in notices(actions)[0]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (Halt(id="h", who=ALICE), "HALTED"),
        (SetMode(id="m", who=ALICE, mode="ask"), "may not act by itself"),
        (SetMode(id="m", who=ALICE, mode="off", strategy="headlines"), "may not act by itself"),
    ],
)
def test_what_people_stopped_meanwhile_is_not_sent_again(command: Halt | SetMode, words: str) -> None:
    desk = Desk().ready()
    lost = acted(desk)
    desk.ask(command)
    actions = lose(desk, lost)
    assert sent(actions) == []
    assert words in notices(actions)[0]


@pytest.mark.parametrize(("after_s", "price", "words"), [(16.1, 2000.0, "too old"), (6.5, 2041.0, "C4_PRICE_COLLAR")])
def test_what_is_old_or_far_from_its_price_is_not_sent_again(after_s: float, price: float, words: str) -> None:
    desk = Desk().ready()
    actions = lose(desk, acted(desk), after_s, price)
    assert sent(actions) == []
    assert words in notices(actions)[0]


def test_the_second_try_passes_the_whole_gate() -> None:
    """What the limits leave no room for by now is refused with the limit's name, and nothing is reserved for it."""
    desk = Desk().ready()
    lost = acted(desk)
    desk.engine.trading.portfolio.cash_e8 = 100 * E8
    actions = lose(desk, lost)
    assert sent(actions) == []
    assert "C2_ORDER_SIZE" in notices(actions)[0]
    assert desk.engine.trading.orders.unsettled() == []


def test_a_lost_order_that_is_not_known_to_be_lost_yet_is_not_sent_again() -> None:
    desk = Desk().ready()
    actions = lose(desk, acted(desk), after_s=5.9)
    assert (sent(actions), codes(actions)) == ([], ["ORDER_UNKNOWN"])


def test_a_refusal_of_the_venue_is_no_loss() -> None:
    desk = Desk().ready()
    lost = acted(desk)
    actions = desk.engine.on_send_failed(SendFailed(lost.client_order_id, False, -2010, "no money", desk.now_ns))
    assert (sent(actions), notices(actions)) == ([], [])


def test_after_a_restart_nothing_is_sent_again() -> None:
    """Trading starts halted, so the gate refuses; and the second try of an earlier run counts as one."""
    desk = Desk().ready()
    lost = acted(desk)
    again = desk.restarted()
    again.price(2000.0)
    actions = lose(again, lost)
    assert sent(actions) == []
    assert "HALTED" in notices(actions)[0]


def test_the_repeats_of_a_strategy_count_a_second_try_as_the_same() -> None:
    """C6: three alike halt a strategy; a cause that was sent twice is one."""
    desk = Desk().ready()
    lose(desk, acted(desk))
    desk.now_ns += S
    desk.price(2000.0)
    assert len(sent(desk.headline(ACTED))) == 1
    assert desk.engine.trading.modes.effective("headlines") is Mode.AUTO
    assert desk.engine.trading.facts(ETH).orders_last_s == 1


@pytest.mark.parametrize("is_clicked", [False, True])
def test_an_entry_whose_story_was_denied_meanwhile_is_not_sent_again(*, is_clicked: bool) -> None:
    desk = Desk(config(story_h=48.0)).ready()
    if is_clicked:
        proposal = told(desk.headline(ASKED), events.ProposalOpened)[0].proposal
        name, seen = proposal.proposal_id, proposal.fingerprint
        (lost,) = sent(desk.ask(Decide(id="c", who=ALICE, proposal_id=name, choice="buy", fingerprint=seen))[1])
    else:
        lost = acted(desk)
    item = NewsItem("test", "denial", "It is not so", "", desk.now_ns, desk.now_ns)
    denial = Headline(item, "denial", -0.7, (ETH,), ("denial",))
    assert told(desk.keep(desk.engine.on_headline(denial)), events.StoryChanged)[0].story.state == "denied"
    actions = lose(desk, lost)
    assert sent(actions) == []
    assert "was denied" in notices(actions)[0]

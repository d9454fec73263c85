"""Orders by hand: previews that change nothing, confirmations bound to what was shown, amounts, and a second person."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from core_builders import ALICE, BOB, Desk, S, config, quote_amount, sent, told, written

from engine.core.config import People, Person
from engine.core.engine import Engine
from engine.core.market import BookSide
from engine.core.preview import walk
from engine.core.records import Asked, Declined, Refused
from engine.core.types import Side
from engine.wire.commands import (
    Amount,
    Approve,
    Buy,
    Confirm,
    Decide,
    GetPositions,
    GetSnapshot,
    GetStatus,
    Halt,
    Preview,
    Sell,
    SetMode,
    SetQuiet,
    Shown,
    TurnAway,
    Who,
)
from engine.wire.events import ApprovalChanged, ProposalOpened
from engine.wire.hand_views import ApprovalView, PreviewView
from engine.wire.replies import OrderPlaced, Reply

CAROL = Who("U03CAROL", "Carol", "slack")
ANN = Who("ann", "ann", "cli")


def buy(amount: str = "200", who: Who = ALICE, name: str = "order-1", **changed: Any) -> Buy:
    return Buy(id=name, who=who, symbol="eth", amount=quote_amount(amount), **changed)


def preview(desk: Desk, order: Buy | Sell | Decide) -> PreviewView:
    reply, actions = desk.ask(Preview(id=desk.new_id(), who=order.who, order=order))
    assert actions == [], "a question leads to nothing"
    assert isinstance(reply.result, PreviewView), reply
    return reply.result


def confirm(desk: Desk, order: Buy | Sell | Decide, view: PreviewView, who: Who | None = None) -> tuple[Reply, list]:
    shown = Shown(view.qty, view.price, view.ts_ns)
    command = Confirm(id=desk.new_id(), who=who or order.who, order=order, shown=shown, fingerprint=view.fingerprint)
    return desk.ask(command)


def state_of(engine: Engine) -> Any:
    """Everything that people can see of an engine."""
    who = ALICE
    return [engine.people.answer(kind(id="q", who=who)) for kind in (GetSnapshot, GetPositions, GetStatus)], {
        "refusals": engine.trading.refusals,
        "causes_in": engine.trading.last_hop.causes_in,
        "ordered": engine.trading.was_ordered("command:order-1"),
        "sent": list(engine.trading._sent_ns),
        "orders": len(engine.trading.orders.working()),
    }


def test_a_preview_says_size_cost_risk_and_what_the_gate_will_say() -> None:
    """200 USDT at 2000: 0.1 ETH, a fee of 0.1 %, and the collar above less the stop below, and fees."""
    desk = Desk().ready()
    view = preview(desk, buy())
    assert (view.side, view.qty, view.price, view.notional_quote) == ("buy", "0.1000", "2000.00", "200.00")
    assert (view.limit_price, view.stop_price, view.target_price) == ("2040.00", "1960.00", "2080.00")
    assert (view.avg_price, view.slippage_pct, view.book_part) == ("2000.00", 0.0, 1.0)
    assert (view.fee_quote, view.worst_loss_quote, view.code) == ("0.20", "8.40", "OK")
    assert not view.needs_second
    assert not view.is_one_step


@pytest.mark.parametrize(("amount", "code"), [("200", "OK"), ("5000", "C2_ORDER_SIZE")])
def test_a_preview_changes_nothing(amount: str, code: str) -> None:
    """Whatever the gate says: no record, no count, no cause, and the gate says the same to the order itself."""
    desk = Desk().ready()
    before = state_of(desk.engine)
    written_before = len(desk.journal)
    assert preview(desk, buy(amount)).code == code
    assert state_of(desk.engine) == before
    assert len(desk.journal) == written_before
    assert desk.ask(buy(amount))[0].code == code


def test_a_refusal_is_previewed_with_its_numbers() -> None:
    desk = Desk().ready()
    refused = preview(desk, buy("5000"))
    said = desk.ask(buy("5000"))[0]
    assert said.text == f"{refused.code}: {refused.detail}. {refused.advice}"


def test_the_slippage_is_walked_through_the_book() -> None:
    """Three levels: the first two whole, half of the third; what lies beyond the limit is not there."""
    side = BookSide(-1)
    side.apply(np.array([[100, 10], [101, 10], [104, 40]], np.int64))
    assert walk(side, 40, 200, True) == ((1000 + 1010 + 20 * 104) / 40, 40)
    assert walk(side, 40, 101, True) == (100.5, 20)
    assert walk(BookSide(1), 40, 1, False) == (0.0, 0)


def test_a_confirmation_orders_what_was_shown_once() -> None:
    desk = Desk().ready()
    view = preview(desk, buy())
    desk.now_ns += 4 * S
    desk.price(2002.0)
    reply, actions = confirm(desk, buy(), view)
    assert [order.qty_lots for order in sent(actions)] == [999]
    assert "Preview 4 s old; price +0.10 %; size cut 0.1 %; still inside the gate" in reply.text
    again, nothing = confirm(desk, buy(), view)
    assert (again.code, sent(nothing)) == ("ALREADY_DECIDED", [])


def test_a_confirmation_never_orders_more_than_was_shown() -> None:
    desk = Desk().ready()
    view = preview(desk, buy())
    desk.price(1980.0)
    assert [order.qty_lots for order in sent(confirm(desk, buy(), view)[1])] == [1000]


@pytest.mark.parametrize(
    ("changed", "who", "code"),
    [
        ({"fingerprint": "0" * 12}, None, "CHANGED"),
        ({"qty": "0.2000"}, None, "CHANGED"),
        ({}, BOB, "NOT_YOURS"),
    ],
)
def test_only_the_one_who_asked_may_confirm_and_only_what_was_shown(changed: Any, who: Who | None, code: str) -> None:
    desk = Desk().ready()
    view = msgspec.structs.replace(preview(desk, buy()), **changed)
    reply, actions = confirm(desk, buy(), view, who)
    assert (reply.code, sent(actions)) == (code, [])


def test_a_preview_can_be_confirmed_for_half_a_minute() -> None:
    desk = Desk().ready()
    view = preview(desk, buy())
    desk.now_ns += 30 * S
    desk.price(2000.0)
    assert confirm(desk, buy(), view)[0].code == "EXPIRED"


def test_a_confirmation_is_refused_when_the_price_is_gone_or_trading_was_halted_since() -> None:
    desk = Desk().ready()
    view = preview(desk, buy())
    desk.price(2100.0)
    assert confirm(desk, buy(), view)[0].code == "C4_PRICE_COLLAR"
    desk.price(2000.0)
    desk.ask(Halt(id="h", who=BOB))
    assert confirm(desk, buy(), view)[0].code == "HALTED"


def test_a_sale_is_previewed_and_confirmed_too() -> None:
    """Whole, and never more than was shown, whatever was bought since."""
    desk = Desk().ready().holding("200")
    order = Sell(id="s", who=ALICE, symbol="ETHUSDT", amount=Amount("all", ""))
    view = preview(desk, order)
    assert (view.side, view.qty, view.worst_loss_quote, view.code) == ("sell", "0.1000", "", "OK")
    reply, actions = confirm(desk, order, view)
    assert reply.ok, reply
    assert [(o.side, o.qty_lots) for o in sent(actions)] == [(Side.SELL, 1000)]


def test_a_small_order_is_one_step() -> None:
    desk = Desk(config(people=People(one_step_quote=300.0))).ready()
    assert preview(desk, buy("200")).is_one_step
    assert not preview(desk, buy("299")).is_one_step, "it counts at its worst price"


def test_the_preview_of_an_order_that_was_given_already_is_what_became_of_it() -> None:
    """Slack may deliver a command twice, and the second delivery asks for its preview after the first has ordered."""
    desk = Desk(config(people=People(one_step_quote=300.0))).ready()
    order = buy("200")
    assert preview(desk, order).is_one_step
    given, _ = desk.ask(order)
    again, actions = desk.ask(Preview(id="order-1:preview", who=order.who, order=order))
    assert given.ok
    assert actions == []
    assert again == msgspec.structs.replace(given, command_id="order-1:preview")
    assert isinstance(again.result, OrderPlaced)


def test_another_size_of_an_alert_is_previewed_and_bound_to_the_alert() -> None:
    desk = Desk(config(mode="ask")).ready()
    proposal = told(desk.headline(0.7), ProposalOpened)[0].proposal
    click = Decide(
        id="c", who=ALICE, proposal_id=proposal.proposal_id, choice="buy", fingerprint=proposal.fingerprint,
        amount=Amount("base", "0.05"),
    )  # fmt: skip
    view = preview(desk, click)
    assert (view.qty, view.stop_price != "", view.code) == ("0.0500", True, "OK")
    reply, actions = confirm(desk, click, view)
    assert [(o.qty_lots, o.cause_id) for o in sent(actions)] == [(500, f"proposal:{proposal.proposal_id}")]
    assert reply.ok
    assert confirm(desk, click, view)[0].code == "ALREADY_DECIDED"


def rows(**who: Person) -> People:
    return People(who=who)


@pytest.mark.parametrize(
    ("people", "who", "code"),
    [
        (rows(U02BOB=Person(role="viewer")), BOB, "NOT_ALLOWED"),
        (rows(U02BOB=Person(channels=("C1",))), Who("U02BOB", "Bob", "slack", "C2"), "NOT_HERE"),
        (rows(U02BOB=Person(channels=("C1",))), Who("U02BOB", "Bob", "slack", "C1"), "OK"),
        (rows(U02BOB=Person(channels=("C1",))), Who("U02BOB", "Bob", "slack", "D77"), "OK"),
        (rows(U02BOB=Person(order_quote=203.0)), BOB, "PERSON_ORDER"),
        (rows(U02BOB=Person(order_quote=204.0)), BOB, "OK"),
        (rows(ann=Person(role="viewer")), ANN, "NOT_ALLOWED"),
        (rows(), ANN, "OK"),
    ],
)
def test_a_row_says_who_may_do_what_where_and_how_much(people: People, who: Who, code: str) -> None:
    """Preview and order agree; the refusal is in the journal with who and what."""
    desk = Desk(config(people=people)).ready()
    order = buy("200", who)
    said = desk.ask(Preview(id="p", who=who, order=order))[0]
    assert (said.result.code if isinstance(said.result, PreviewView) else said.code) == code
    reply, actions = desk.ask(order)
    assert reply.code == code
    assert bool(sent(actions)) is (code == "OK")
    assert isinstance(written(actions)[0], Asked)


def test_a_days_amount_counts_over_a_restart_and_ends_with_the_day() -> None:
    desk = Desk(config(people=rows(U02BOB=Person(day_quote=500.0)))).ready()
    for name in ("1", "2"):
        desk.now_ns += S
        order = sent(desk.ask(buy("200", BOB, name))[1])[0]
        desk.fill(order)
    assert desk.ask(buy("200", BOB, "3"))[0].code == "PERSON_DAY"
    again = desk.restarted().ready()
    assert again.ask(buy("200", BOB, "4"))[0].code == "PERSON_DAY"
    assert again.ask(Sell(id="5", who=BOB, symbol="eth", amount=Amount("percent", "50")))[0].ok, "out one may always"
    again.now_ns += 86_400 * S
    again.price(2000.0)
    assert again.ask(buy("200", BOB, "6"))[0].ok


def test_on_a_live_account_a_stranger_from_slack_may_look_and_stop_only() -> None:
    desk = Desk(config(people=rows(U02BOB=Person())), account="live")
    assert desk.ask(buy("200", CAROL))[0].code == "NOT_ALLOWED"
    assert desk.ask(GetStatus(id="1", who=CAROL))[0].ok
    assert desk.ask(Halt(id="2", who=CAROL))[0].ok
    assert desk.ask(SetMode(id="3", who=BOB, mode="off"))[0].code == "NOT_ALLOWED", "a trader sets no mode"


def test_what_somebody_wants_to_hear_no_more_is_written_down_whatever_their_role() -> None:
    desk = Desk(config(people=rows(U02BOB=Person(role="viewer")))).ready()
    reply, actions = desk.ask(SetQuiet(id="q", who=BOB, what="orders", seconds=None))
    assert reply.ok
    (asked,) = [record for record in written(actions) if isinstance(record, Asked)]
    assert (asked.user_id, asked.text) == ("U02BOB", "set_quiet what=orders")


def test_who_was_turned_away_at_a_door_is_in_the_journal() -> None:
    desk = Desk()
    _, actions = desk.ask(TurnAway(id="t", who=CAROL, asked="/buy", why="traders only"))
    kinds = [type(record) for record in written(actions)]
    assert kinds == [Asked, Declined]
    assert "/buy" in written(actions)[0].text  # type: ignore[union-attr]


TWO = People(
    two_person_quote=300.0,
    who={"U01ALICE": Person(role="admin"), "ann": Person(same_as="U01ALICE"), "U02BOB": Person()},
)


def waiting(desk: Desk, amount: str = "400") -> ApprovalView:
    reply, actions = desk.ask(buy(amount))
    assert (reply.code, sent(actions)) == ("WAITS", [])
    assert isinstance(reply.result, ApprovalView)
    return reply.result


def approve(desk: Desk, view: ApprovalView, who: Who, is_yes: bool = True) -> tuple[Reply, list]:
    return desk.ask(
        Approve(id=desk.new_id(), who=who, approval_id=view.approval_id, fingerprint=view.fingerprint, is_yes=is_yes)
    )


def test_a_large_order_waits_for_a_second_person_who_is_not_the_first() -> None:
    """Nor the first by another door, where the row says so; then it goes, once, in the first one's name."""
    desk = Desk(config(people=TWO)).ready()
    assert preview(desk, buy("400")).needs_second
    view = waiting(desk)
    assert approve(desk, view, ALICE)[0].code == "NOT_SECOND"
    assert approve(desk, view, ANN)[0].code == "NOT_SECOND"
    reply, actions = approve(desk, view, BOB)
    assert isinstance(reply.result, OrderPlaced)
    assert [(o.origin, o.qty_lots) for o in sent(actions)] == [("slack:U01ALICE", 2000)]
    (changed,) = told(actions, ApprovalChanged)
    assert (changed.approval.state, changed.approval.decided_by) == ("approved", "slack:U02BOB")
    assert changed.approval.client_order_id == sent(actions)[0].client_order_id
    assert approve(desk, view, BOB)[0].code == "ALREADY_DECIDED"


def test_a_small_order_goes_by_itself_and_a_sale_always_does() -> None:
    desk = Desk(config(people=TWO)).ready().holding("290")
    assert desk.ask(Sell(id="1", who=ALICE, symbol="eth", amount=Amount("all", "")))[0].code == "OK"


def test_a_second_person_may_decline_and_nobody_in_time_means_no() -> None:
    desk = Desk(config(people=TWO)).ready()
    view = waiting(desk)
    assert approve(desk, view, BOB, is_yes=False)[0].ok
    assert approve(desk, view, BOB)[0].code == "ALREADY_DECIDED"
    desk = Desk(config(people=TWO)).ready()
    late = waiting(desk)
    (changed,) = told(desk.wait(120), ApprovalChanged)
    assert changed.approval.state == "expired"
    assert approve(desk, late, BOB)[0].code == "EXPIRED"


def test_an_approval_is_checked_again_and_a_refused_one_may_be_tried_again() -> None:
    desk = Desk(config(people=TWO)).ready()
    view = waiting(desk)
    desk.ask(Halt(id="h", who=BOB))
    refused, actions = approve(desk, view, BOB)
    assert (refused.code, sent(actions)) == ("HALTED", [])
    assert any(isinstance(record, Refused) for record in written(actions))
    desk.engine.trading.arm("test")
    desk.price(2000.0)
    assert approve(desk, view, BOB)[0].ok


def test_what_waits_is_bound_to_what_was_shown() -> None:
    desk = Desk(config(people=TWO)).ready()
    view = msgspec.structs.replace(waiting(desk), fingerprint="0" * 12)
    assert approve(desk, view, BOB)[0].code == "CHANGED"


def test_a_click_on_an_alert_waits_too_and_the_alert_stands_meanwhile() -> None:
    """Dismissed by somebody, the order that waits is overtaken."""
    desk = Desk(config(mode="ask", people=TWO)).ready()
    proposal = told(desk.headline(0.7), ProposalOpened)[0].proposal
    click = Decide(id="c", who=ALICE, proposal_id=proposal.proposal_id, choice="buy", fingerprint=proposal.fingerprint)
    reply, _ = desk.ask(click)
    assert reply.code == "WAITS"
    view = reply.result
    assert isinstance(view, ApprovalView)
    again = desk.ask(msgspec.structs.replace(click, id="d"))[0].result
    assert isinstance(again, ApprovalView)
    assert again.approval_id == view.approval_id
    assert desk.ask(msgspec.structs.replace(click, id="e", who=BOB, choice="dismiss"))[0].ok
    (changed,) = told(desk.wait(0.2), ApprovalChanged)
    assert changed.approval.state == "overtaken"
    assert approve(desk, view, BOB)[0].code == "EXPIRED"

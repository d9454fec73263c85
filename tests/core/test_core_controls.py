"""Every control that bars an entry, through the three doors: a strategy's signal, a typed command, a click on an alert.

What lies just inside passes, what lies just outside is refused with its code and the numbers that decided, and each
refusal is in the journal.
"""

from __future__ import annotations

import pytest
from control_rows import DOORS, ROWS, Door, Row, Step, desk_of, rules
from core_builders import ALICE, Desk, sent, told, written

from engine.core.actions import Action
from engine.core.records import Refused
from engine.wire.commands import Amount, Buy, Close, Decide
from engine.wire.events import ProposalOpened


def through(door: Door, row: Row, step: Step) -> tuple[Desk, list[Action], str]:
    """Bring a step about, then want 0.1 ETH by a door; return what it led to, and the code of the answer."""
    desk = desk_of(row)
    (shown,) = [event.proposal for event in told(desk.headline(0.6, "shown"), ProposalOpened)]
    step(desk)
    if door == "signal":
        actions = desk.headline(0.95, "door")
        return desk, actions, ""
    amount = Amount("base", "0.1")
    if door == "command":
        reply, actions = desk.ask(Buy(id="door", who=ALICE, symbol="eth", amount=amount))
    else:
        click = Decide(
            id="door",
            who=ALICE,
            proposal_id=shown.proposal_id,
            choice="buy",
            fingerprint=shown.fingerprint,
            amount=amount,
        )
        reply, actions = desk.ask(click)
    return desk, actions, reply.code


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_an_entry_passes_just_inside_and_is_refused_just_outside_by_every_door(row: Row, door: Door) -> None:
    """The same gate for a strategy, a slash command and a button: same code, same numbers, nothing sent."""
    _, actions, code = through(door, row, row.inside)
    assert [order.qty_lots for order in sent(actions)] == [1000], code
    assert code in ("OK", "")
    _, actions, code = through(door, row, row.outside)
    assert sent(actions) == []
    refused = [record.refusal for record in written(actions) if isinstance(record, Refused)]
    if door == "signal" and row.asked:
        assert refused == []
        return
    assert [refusal.code for refusal in refused] == [row.code]
    assert refused[0].detail.startswith(row.detail)
    assert refused[0].detail
    assert code in (row.code, "")


@pytest.mark.parametrize(("price", "code"), [("2000.00", "OK"), ("2000.01", "C8_PRICE")])
def test_a_limit_is_held_against_the_venues_prices(price: str, code: str) -> None:
    """Only a typed buy names one: the others leave at the collar, which is brought into the venue's range."""
    desk = desk_of(ROWS[1])
    rules(max_price_ticks=200_000)(desk)
    buy = Buy(id="door", who=ALICE, symbol="eth", amount=Amount("base", "0.1"), limit_price=price)
    reply, actions = desk.ask(buy)
    assert (reply.code, len(sent(actions))) == (code, 1 if code == "OK" else 0)


def test_what_bars_entries_bars_no_exit() -> None:
    """What is held can be sold, but where the venue takes nothing, nothing bids, or this very sale has left already."""
    exits_too = {"C7_SILENCE", "C8_NOT_TRADING", "C6_REPEAT"}
    flat = {"C9_LOSS_STREAK", "C9_COOL_DOWN"}
    """To come there, everything was sold."""
    rows = [row for row in ROWS if row.code not in exits_too | flat and "bid=0.00" not in row.detail]
    for row in [row for row in rows if row.account == "paper"]:
        desk = desk_of(row)
        desk.holding("300")
        desk.wait(1.5)
        desk.price(2000.0)
        row.outside(desk)
        reply, actions = desk.ask(Close(id="door", who=ALICE, symbol="eth"))
        assert (reply.code, len(sent(actions))) == ("OK", 1), row.code

"""C14: what is not ours on the account bars its symbol, until it adds up or somebody says a word; over restarts too."""

from __future__ import annotations

from typing import Any

import pytest
from core_builders import ALICE, ETH, Desk, S, codes, report, sent, told, written

from engine.core.account import AccountSnapshot, Balance
from engine.core.actions import Action, AskAccount, Cancel
from engine.core.instrument import E8
from engine.core.records import Adopted, Balanced, Ignored, Unbalanced
from engine.core.types import OrderState, Side
from engine.wire import events
from engine.wire.commands import AcceptBalance, Close, DecideForeign, Kill, Reconcile
from engine.wire.replies import Reply

WORKING = OrderState.WORKING


def account(desk: Desk, *orders: Any, after_s: float = 3.0, **balances: int) -> list[Action]:
    """Send the account so much later, with somebody else's orders in it."""
    desk.now_ns += int(after_s * S)
    desk.quote()
    rows = tuple(Balance(asset, value, 0) for asset, value in (desk.balances | balances).items())
    return desk.keep(desk.engine.on_account(AccountSnapshot(rows, orders, desk.now_ns)))


def foreign(name: str = "web-1", side: Side = Side.BUY, lots: int = 1_000) -> Any:
    """Make an open order of somebody else's at 1900.00."""
    return report(name, WORKING, side=side, qty_lots=lots, price_ticks=190_000)


def decide(desk: Desk, choice: Any, name: str = "web-1") -> tuple[Reply, list[Action]]:
    """Adopt or ignore."""
    return desk.ask(DecideForeign(id=desk.new_id(), who=ALICE, client_order_id=name, choice=choice))


def accept(desk: Desk) -> Reply:
    """Accept the balance."""
    return desk.ask(AcceptBalance(id=desk.new_id(), who=ALICE, symbol="eth"))[0]


def states(actions: list[Action]) -> list[str]:
    """Return what was told of foreign orders."""
    return [event.order.state for event in told(actions, events.ForeignOrderChanged)]


def test_a_foreign_order_bars_entries_of_its_symbol_and_not_the_exits() -> None:
    desk = Desk().ready().holding()
    assert states(account(desk, foreign())) == ["waiting"]
    assert desk.buy()[0].code == "C14_FOREIGN_ORDER"
    assert states(account(desk, foreign())) == []
    assert states(account(desk)) == ["gone"]
    assert desk.buy()[0].ok


def test_an_adopted_buy_counts_is_shown_and_is_cancelled_by_a_kill() -> None:
    desk = Desk().ready()
    account(desk, foreign())
    reply, actions = decide(desk, "adopt")
    assert reply.ok
    assert states(actions) == ["adopted"]
    trading = desk.engine.trading
    assert trading.facts(ETH).symbol_exposure_e8 == 190 * E8
    assert [order.approved.client_order_id for order in trading.orders.working()] == ["web-1"]
    assert desk.buy()[0].ok
    assert account(desk, foreign()) is not None
    killed = desk.ask(Kill(id="k", who=ALICE))[1]
    assert "web-1" in [action.client_order_id for action in killed if isinstance(action, Cancel)]


def test_what_an_adopted_buy_fills_is_a_position_with_a_stop() -> None:
    desk = Desk().ready()
    account(desk, foreign())
    adopted = next(record for record in written(decide(desk, "adopt")[1]) if isinstance(record, Adopted))
    desk.fill(adopted.order, 1900.0)
    trip = desk.engine.trading.portfolio.open[ETH]
    assert (trip.lots, trip.stop_ticks, trip.origin) == (1_000, 186_200, "slack:U01ALICE")
    assert account(desk) == []
    assert desk.restarted().engine.trading.portfolio.open[ETH].lots == 1_000


def test_an_adopted_order_that_rests_does_not_keep_the_account_from_being_compared() -> None:
    desk = Desk().ready()
    account(desk, foreign())
    decide(desk, "adopt")
    again = desk.restarted()
    account(again, foreign())
    assert again.engine.trading.is_reconciled
    assert [o.approved.client_order_id for o in again.engine.trading.orders.working()] == ["web-1"]


def test_what_is_ignored_is_remembered_over_a_restart() -> None:
    desk = Desk().ready()
    account(desk, foreign())
    reply, actions = decide(desk, "ignore")
    assert (reply.ok, states(actions)) == (True, ["ignored"])
    assert [type(r) for r in written(actions) if isinstance(r, Ignored)] == [Ignored]
    again = desk.restarted()
    assert states(account(again, foreign())) == []
    assert again.engine.trading.bars.of(ETH, again.now_ns) == ("", "")


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (foreign(side=Side.SELL), "REDUCE_ONLY"),
        (report("web-1", WORKING, side=Side.BUY), "BAD_REQUEST"),
    ],
)
def test_what_can_not_be_ours_is_not_adopted(order: Any, code: str) -> None:
    """A sale of what we do not hold, and an order without a limit."""
    desk = Desk().ready()
    account(desk, order)
    assert decide(desk, "adopt")[0].code == code
    assert decide(desk, "ignore")[0].ok
    assert decide(desk, "ignore")[0].code == "NOT_FOUND"


def test_coins_that_appear_bar_the_symbol_when_they_are_seen_twice() -> None:
    """The first time a report may be on its way: the account is asked for again soon."""
    desk = Desk().ready()
    first = account(desk, ETH=E8)
    assert first == [AskAccount(is_urgent=False)]
    second = account(desk, ETH=E8)
    assert codes(second) == ["C14_BALANCE"]
    assert [r for r in written(second) if isinstance(r, Unbalanced)] == [Unbalanced(ETH, 0, E8, False, desk.now_ns)]
    assert desk.buy()[0].code == "C14_BALANCE"
    assert account(desk, ETH=E8) == []
    again = desk.restarted()
    assert again.engine.trading.bars.of(ETH, again.now_ns)[0] == "C14_BALANCE"
    assert [r.by for r in written(account(again)) if isinstance(r, Balanced)] == [""]
    assert again.engine.trading.bars.of(ETH, again.now_ns) == ("", "")


def test_an_admin_accepts_what_is_there_and_it_is_counted_from_then_on() -> None:
    desk = Desk().ready()
    assert accept(desk).code == "NOT_FOUND"
    for _ in range(2):
        account(desk, ETH=E8)
    assert accept(desk).ok
    assert desk.buy()[0].ok
    assert desk.restarted().engine.trading.portfolio.aside_e8["ETH"] == E8


def test_a_position_that_is_gone_bars_its_symbol_until_somebody_accepts_that() -> None:
    """It adds up right away, because the position follows the venue; that alone is no reason to go on."""
    desk = Desk().ready().holding()
    assert codes(account(desk, ETH=0)) == ["C14_BALANCE"]
    assert account(desk, ETH=0) == []
    assert desk.buy()[0].code == "C14_BALANCE"
    assert accept(desk).ok
    assert desk.engine.trading.bars.of(ETH, desk.now_ns) == ("", "")


def test_dust_and_fees_in_another_coin_add_up() -> None:
    """A fee in the base asset leaves less than a lot when the position is closed; it stays counted."""
    desk = Desk().ready()
    for _ in range(3):
        desk.quote()
        order = sent(desk.buy("900")[1])[0]
        desk.fill(order, fee_e8=4_444, fee_asset="ETH")
        desk.now_ns += 3 * S
        desk.quote()
        desk.fill(sent(desk.ask(Close(id=desk.new_id(), who=ALICE, symbol="eth"))[1])[0])
        assert account(desk) == []
    assert desk.engine.trading.portfolio.aside_e8["ETH"] == desk.balances["ETH"] == 3 * (10_000 - 4_444)


def test_somebody_who_asks_is_told_what_was_compared() -> None:
    desk = Desk().ready().holding()
    reply, actions = desk.ask(Reconcile(id="r", who=ALICE))
    assert reply.ok
    assert AskAccount(is_urgent=True) in actions
    (event,) = told(account(desk, foreign()), events.Reconciled)
    (line,) = event.view.symbols
    assert (line.symbol, line.held, line.position, line.aside, line.foreign) == (
        *("ETHUSDT", "0.45000000", "0.45000000", "0.00000000", 1),
    )
    assert [order.client_order_id for order in event.view.foreign] == ["web-1"]
    assert told(account(desk), events.Reconciled) == []

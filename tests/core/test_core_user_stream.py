"""A lost user stream (C13): no entries after 10 s, open ones cancelled after 60 s, and what protects stays."""

from __future__ import annotations

from collections.abc import Sequence

from core_builders import ALICE, BTC, ETH, Desk, codes, config, sent
from core_builders import approved as approved_order

from engine.core.actions import Action, Cancel
from engine.core.records import Intended
from engine.core.types import OrderState, Side
from engine.wire.commands import Close


def lose(it: Desk) -> None:
    """Lose the stream."""
    it.keep(it.engine.on_user_stream(False, it.now_ns))


def wait(it: Desk, seconds: float) -> list[Action]:
    """Let time pass with a market that goes on."""
    actions = it.wait(seconds)
    it.price(2000.0)
    return actions


def cancels(actions: Sequence[Action]) -> list[str]:
    """The names of the orders that were to be cancelled."""
    return [action.client_order_id for action in actions if isinstance(action, Cancel)]


def test_entries_stop_after_ten_seconds_and_closes_go_on() -> None:
    it = Desk(config()).ready().holding("200")
    lose(it)
    wait(it, 9.9)
    assert it.buy("100")[0].ok
    told = wait(it, 0.1)
    assert codes(told) == ["C13_USER_STREAM"]
    reply, actions = it.buy("100")
    assert (reply.code, sent(actions)) == ("C13_USER_STREAM", [])
    assert "limit=10s lost=10.0s" in reply.text
    assert it.ask(Close(id="c", who=ALICE, symbol="eth"))[0].ok


def test_entries_are_allowed_again_when_it_is_back() -> None:
    it = Desk(config()).ready()
    lose(it)
    wait(it, 11.0)
    assert codes(it.keep(it.engine.on_user_stream(True, it.now_ns))) == ["C13_USER_STREAM"]
    assert it.buy("100")[0].ok
    assert "C13_USER_STREAM" not in codes(wait(it, 100.0))


def test_a_short_loss_is_not_worth_a_word() -> None:
    it = Desk(config()).ready()
    lose(it)
    wait(it, 5.0)
    assert codes(it.keep(it.engine.on_user_stream(True, it.now_ns))) == []


def test_open_entries_are_cancelled_after_a_minute_again_and_again_and_sales_stay() -> None:
    """An entry that rests and a sale of ours, as an earlier run may have left them."""
    it = Desk(config(), symbols=(ETH, BTC))
    it.journal += [
        Intended(approved_order("tr-entry")),
        Intended(approved_order("tr-stop", Side.SELL, reduce_only=True)),
    ]
    it = it.restarted()
    for name in ("tr-entry", "tr-stop"):
        order = it.engine.trading.orders.get(name)
        assert order is not None
        it.execute(order.approved, OrderState.WORKING)
    lose(it)
    assert cancels(it.wait(59.9)) == []
    assert cancels(it.wait(0.1)) == ["tr-entry"]
    assert cancels(it.wait(4.9)) == []
    assert cancels(it.wait(0.1)) == ["tr-entry"]
    it.keep(it.engine.on_user_stream(True, it.now_ns))
    assert cancels(it.wait(100.0)) == []

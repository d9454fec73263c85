"""The last hop, the order rate, the venue's silence and its clock: what stops an order that all else let pass."""

from __future__ import annotations

from core_builders import ALICE, ETH, Desk, S, approved, codes, sent, told

from engine.core.last_hop import LastHop
from engine.core.types import OrderState, SendFailed
from engine.wire import events
from engine.wire.commands import Close


def test_each_cause_lets_one_order_pass() -> None:
    hop, order = LastHop(), approved("tr-1")
    assert not hop.passes(order)
    hop.cause_in(order.cause_id)
    assert hop.passes(order)
    assert not hop.passes(order)
    assert (hop.causes_in, hop.orders_out) == (1, 1)


def test_causes_that_led_to_nothing_are_forgotten_in_the_end() -> None:
    hop = LastHop()
    for number in range(20_001):
        hop.cause_in(f"cause:{number}")
    assert not hop.passes(approved(cause_id="cause:0"))
    assert hop.passes(approved(cause_id="cause:1"))


def test_every_way_to_an_order_names_its_cause() -> None:
    """Signals, commands, closes of everything and exits: what the core sends, the last hop lets pass, once."""
    desk = Desk().ready()
    orders = sent(desk.headline(0.95)) + sent(desk.buy()[1])
    for order in orders:
        desk.fill(order)
    closes = sent(desk.ask(Close(id="c", who=ALICE, symbol="all", percent=50.0))[1])
    for order in closes:
        desk.fill(order, price=1999.99)
    exits = sent(desk.price(1500.0))
    assert (len(orders), len(closes), len(exits)) == (2, 1, 1)
    hop = desk.engine.trading.last_hop
    assert [hop.passes(order) for order in orders + closes + exits] == [True] * 4
    assert [hop.passes(order) for order in orders + closes + exits] == [False] * 4


def test_a_mismatch_halts_and_the_order_is_asked_about() -> None:
    desk = Desk().ready()
    order = sent(desk.buy()[1])[0]
    actions = desk.engine.on_mismatch(order, desk.now_ns)
    assert codes(actions) == ["C15_MISMATCH", "ORDER_UNKNOWN"]
    assert not desk.engine.trading.is_armed
    assert desk.order(order).state is OrderState.UNKNOWN


def test_entries_wait_for_their_rate_and_exits_do_not() -> None:
    """C7: five a second, then none; a second after the first there is room again."""
    desk = Desk().ready().holding("500")
    replies = [desk.buy("10")[0].code for _ in range(5)]
    assert replies == ["OK"] * 4 + ["C7_ORDER_RATE"]
    assert desk.ask(Close(id="c", who=ALICE, symbol="eth", percent=10.0))[0].ok
    desk.now_ns += S
    assert desk.buy("10")[0].ok


def test_the_venues_silence_stops_everything_until_it_is_over() -> None:
    desk = Desk().ready().holding("500")
    actions = desk.engine.on_silenced(False, desk.now_ns + S, desk.now_ns)
    assert codes(actions) == ["C7_SILENCE"]
    assert desk.buy()[0].code == "C7_SILENCE"
    assert desk.ask(Close(id="c", who=ALICE, symbol="eth", percent=100.0))[0].code == "C7_SILENCE"
    desk.now_ns += S
    assert desk.engine.trading.is_armed
    assert desk.buy()[0].ok


def test_a_ban_halts_as_well() -> None:
    desk = Desk().ready()
    actions = desk.engine.on_silenced(True, desk.now_ns + S, desk.now_ns)
    assert codes(actions) == ["C7_BANNED"]
    assert told(actions, events.TradingHalted)[0].by == "C7_BANNED"
    desk.now_ns += S
    assert desk.buy()[0].code == "HALTED"


def test_a_clock_that_is_off_stops_entries_and_no_exits_until_it_is_right() -> None:
    desk = Desk().ready().holding("500")
    assert codes(desk.engine.on_clock(2000)) == ["C17_CLOCK"]
    assert codes(desk.engine.on_clock(2100)) == []
    assert desk.buy()[0].code == "C17_CLOCK"
    assert desk.ask(Close(id="c", who=ALICE, symbol="eth", percent=10.0))[0].ok
    assert codes(desk.engine.on_clock(-20)) == []
    assert desk.buy()[0].ok


def test_a_refused_timestamp_makes_the_clock_unknown_until_it_was_measured() -> None:
    desk = Desk().ready()
    order = sent(desk.buy()[1])[0]
    desk.engine.on_send_failed(SendFailed(order.client_order_id, False, -1021, "too late", desk.now_ns))
    assert desk.order(order).state is OrderState.REJECTED
    reply = desk.buy()[0]
    assert (reply.code, "offset=unknown" in reply.text) == ("C17_CLOCK", True)
    desk.engine.on_clock(0)
    assert desk.buy()[0].ok


def test_orders_of_an_earlier_run_do_not_count_against_the_rate() -> None:
    desk = Desk().ready()
    for _ in range(5):
        desk.buy("10")
    assert desk.engine.trading.facts(ETH).orders_last_s == 5
    assert desk.restarted().engine.trading.facts(ETH).orders_last_s == 0

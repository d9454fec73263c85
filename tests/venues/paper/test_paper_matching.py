"""Orders meet the tape: who fills, at what price, how much, and what it costs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paper_bench import ETH, e8, fills, levels, matching, order, told, touch, trade

from engine.venues.paper.errors import Refused
from engine.venues.paper.matching import Matching
from engine.venues.paper.orders import BalanceEvent, Status, StpMode


@pytest.mark.parametrize(
    ("side", "qty", "price", "tif", "status", "filled"),
    [
        ("BUY", 0.5, 0, "GTC", "FILLED", [(101, 0.5)]),
        ("BUY", 2.5, 0, "GTC", "FILLED", [(101, 1), (102, 1.5)]),
        ("BUY", 9, 0, "GTC", "EXPIRED", [(101, 1), (102, 2)]),
        ("SELL", 1.5, 0, "GTC", "FILLED", [(100, 1), (99, 0.5)]),
        ("BUY", 2, 101, "GTC", "PARTIALLY_FILLED", [(101, 1)]),
        ("BUY", 2, 101, "IOC", "EXPIRED", [(101, 1)]),
        ("BUY", 2, 101, "FOK", "EXPIRED", []),
        ("BUY", 3, 102, "FOK", "FILLED", [(101, 1), (102, 2)]),
        ("BUY", 1, 100.5, "IOC", "EXPIRED", []),
        ("SELL", 1, 100.5, "GTC", "NEW", []),
    ],
)
def test_taking(side: str, qty: float, price: float, tif: str, status: str, filled: list[tuple[float, float]]) -> None:
    """A taker walks the book level by level within its limit, and its time in force settles the rest."""
    placed = matching().place("ann", order(side, qty, price, tif=tif), 1)
    assert (placed.status.value, fills(placed)) == (status, filled)


def test_what_was_taken_stays_taken_until_the_tape_speaks_again() -> None:
    """Two takers can't both have the same quantity; the tape's next word restores it."""
    exchange = matching()
    assert fills(exchange.place("ann", order("BUY", 1), 1)) == [(101, 1)]
    assert fills(exchange.place("ann", order("BUY", 1), 2)) == [(102, 1)]
    exchange.on_depth("ETHUSDT", 11, [], levels((101, 3)), 3)
    assert fills(exchange.place("ann", order("BUY", 1), 4)) == [(101, 1)]


def test_the_best_bid_and_ask_are_newer_than_the_book() -> None:
    """Between depth updates the touch counts: levels better than it are gone, its own quantity is there."""
    exchange = matching()
    touch(exchange, 11, (100, 1), (101.5, 0.25))
    assert fills(exchange.place("ann", order("BUY", 1), 1)) == [(101.5, 0.25), (102, 0.75)]


def test_an_older_touch_counts_nothing() -> None:
    """A touch from before the book's last update is ignored."""
    exchange = matching()
    touch(exchange, 10, (100, 1), (101.5, 0.25))
    assert fills(exchange.place("ann", order("BUY", 1), 1)) == [(101, 1)]


def test_fees_are_taken_from_what_is_received() -> None:
    """A buyer pays in the base asset, a seller in the quote asset, each 0.1 %."""
    exchange = matching()
    bought, sold = exchange.place("ann", order("BUY", 1), 1), exchange.place("bob", order("SELL", 1), 1)
    assert (bought.fills[0].fee, bought.fills[0].fee_asset) == (e8(0.001), "ETH")
    assert (sold.fills[0].fee, sold.fills[0].fee_asset) == (e8(0.1), "USDT")
    assert exchange.accounts["ann"].free == {"USDT": e8(10_000 - 101), "ETH": e8(50.999)}
    assert exchange.accounts["bob"].free == {"USDT": e8(10_099.9), "ETH": e8(49)}


def test_a_resting_order_waits_its_turn() -> None:
    """Trades at its price eat the queue ahead first, then fill it in parts."""
    exchange = matching()
    resting = exchange.place("ann", order("BUY", 1, 100), 1)
    trade(exchange, 100, 0.6, is_buyer_maker=True)
    assert resting.executed == 0
    trade(exchange, 100, 0.7, is_buyer_maker=True)
    assert (resting.status, fills(resting)) == (Status.PARTIALLY_FILLED, [(100, 0.3)])
    trade(exchange, 100, 5, is_buyer_maker=True)
    assert (resting.status, fills(resting)) == (Status.FILLED, [(100, 0.3), (100, 0.7)])
    assert all(fill.is_maker for fill in resting.fills)


def test_a_trade_on_the_other_side_does_not_move_the_queue() -> None:
    """Buyers that lift the ask don't fill a bid."""
    exchange = matching()
    resting = exchange.place("ann", order("BUY", 1, 100), 1)
    trade(exchange, 100, 50, is_buyer_maker=False)
    assert (resting.executed, resting.ahead) == (0, e8(1))


def test_cancels_ahead_shorten_the_queue() -> None:
    """When the level shrinks below what was ahead, the queue is that short."""
    exchange = matching()
    resting = exchange.place("ann", order("BUY", 1, 100), 1)
    exchange.on_depth("ETHUSDT", 11, levels((100, 0.2)), [], 2)
    trade(exchange, 100, 0.5, is_buyer_maker=True)
    assert fills(resting) == [(100, 0.3)]


def test_new_orders_of_others_queue_behind() -> None:
    """When the level grows, what is ahead stays what it was."""
    exchange = matching()
    resting = exchange.place("ann", order("BUY", 1, 100), 1)
    exchange.on_depth("ETHUSDT", 11, levels((100, 40)), [], 2)
    trade(exchange, 100, 1.5, is_buyer_maker=True)
    assert fills(resting) == [(100, 0.5)]


def test_two_of_ours_share_a_trade_in_order_of_arrival() -> None:
    """At one price the earlier order fills first, and the queue ahead is passed once for both."""
    exchange = matching()
    first, second = (exchange.place("ann", order("BUY", 1, 100), ts) for ts in (1, 2))
    trade(exchange, 100, 2.5, is_buyer_maker=True)
    assert (fills(first), fills(second)) == ([(100, 1)], [(100, 0.5)])


def test_a_trade_beyond_the_price_fills_outright() -> None:
    """If somebody sold at 99.5, a bid at 100 has been filled before."""
    exchange = matching()
    resting = exchange.place("ann", order("BUY", 1, 100), 1)
    trade(exchange, 99.5, 0.01, is_buyer_maker=True)
    assert (resting.status, fills(resting)) == (Status.FILLED, [(100, 1)])


def test_a_book_that_comes_to_cross_fills_with_what_is_there() -> None:
    """An ask that arrives at or below a resting bid trades with it, at the bid's price."""
    exchange = matching()
    resting = exchange.place("ann", order("BUY", 1, 100.5), 1)
    exchange.on_depth("ETHUSDT", 11, [], levels((100.4, 0.3)), 2)
    assert (resting.status, fills(resting)) == (Status.PARTIALLY_FILLED, [(100.5, 0.3)])
    exchange.on_depth("ETHUSDT", 12, [], levels((100.2, 7)), 3)
    assert resting.status is Status.FILLED


def test_accounts_trade_with_each_other_before_worse_tape_prices() -> None:
    """A resting order of another account at a better price than the tape's is what a taker gets."""
    exchange = matching()
    resting = exchange.place("ann", order("BUY", 1, 100.5), 1)
    sold = exchange.place("bob", order("SELL", 1.5), 2)
    assert (fills(sold), fills(resting)) == ([(100.5, 1), (100, 0.5)], [(100.5, 1)])
    assert sold.fills[0].trade_id == resting.fills[0].trade_id


def test_market_order_by_quote_amount_buys_whole_lots_for_no_more() -> None:
    """Spending 151 USDT buys 1 at 101 and what the rest buys at 102, rounded down to lots."""
    exchange = matching()
    bought = exchange.place("ann", order("BUY", 0, quote=151), 1)
    assert (bought.status, fills(bought)) == (Status.FILLED, [(101, 1), (102, 0.4901)])
    assert bought.cum_quote <= e8(151)


def test_limit_maker_refuses_to_take() -> None:
    """A post-only order that would trade at once is refused (-2010)."""
    with pytest.raises(Refused, match="immediately match") as refused:
        matching().place("ann", order("BUY", 1, 101, kind="LIMIT_MAKER"), 1)
    assert refused.value.code == -2010


def test_money_is_put_aside_and_given_back() -> None:
    """A resting order locks what it may cost; cancelling frees it."""
    exchange = matching()
    resting = exchange.place("ann", order("BUY", 2, 100), 1)
    ann = exchange.accounts["ann"]
    assert (ann.free["USDT"], ann.locked["USDT"]) == (e8(9_800), e8(200))
    exchange.cancel(resting, 2)
    assert (ann.free["USDT"], ann.locked["USDT"]) == (e8(10_000), 0)


@pytest.mark.parametrize("new", [order("BUY", 101, 100), order("SELL", 51, 100.5), order("SELL", 60)])
def test_more_than_there_is_is_refused(new: object) -> None:
    """An order that the balance doesn't cover is refused (-2010) and locks nothing."""
    exchange = matching()
    with pytest.raises(Refused, match="insufficient balance"):
        exchange.place("ann", new, 1)  # type: ignore[arg-type]
    assert set(exchange.accounts["ann"].locked.values()) == {0}
    assert exchange.drain() == []


def test_a_client_id_is_unique_among_open_orders_only() -> None:
    """While the order is open its id is refused again (-2010); once it has filled, a blind retry buys twice."""
    exchange = matching()
    exchange.place("ann", order("BUY", 1, 90, client_id="x"), 1)
    with pytest.raises(Refused, match="Duplicate order sent"):
        exchange.place("ann", order("BUY", 1, 90, client_id="x"), 2)
    exchange.place("bob", order("BUY", 1, 90, client_id="x"), 2)
    for _ in range(2):
        assert exchange.place("ann", order("BUY", 0.5, client_id="again"), 3).status is Status.FILLED
    assert exchange.accounts["ann"].free["ETH"] == e8(50 + 0.999)


def test_cancelling_what_is_not_open_is_refused() -> None:
    """A filled order can't be cancelled (-2011)."""
    exchange = matching()
    filled = exchange.place("ann", order("BUY", 1), 1)
    with pytest.raises(Refused) as refused:
        exchange.cancel(filled, 2)
    assert (refused.value.code, refused.value.message) == (-2011, "Unknown order sent.")


@pytest.mark.parametrize(
    ("kind", "side", "stop", "quiet_price", "loud_price"),
    [
        ("STOP_LOSS", "SELL", 95, 96, 95),
        ("STOP_LOSS", "BUY", 105, 104, 105),
        ("TAKE_PROFIT", "SELL", 105, 104, 106),
        ("TAKE_PROFIT", "BUY", 95, 96, 94),
    ],
)
def test_conditional_orders_wait_for_the_last_price(
    kind: str, side: str, stop: float, quiet_price: float, loud_price: float
) -> None:
    """A stop or a take-profit sleeps until a trade reaches its price, then goes to market."""
    exchange = matching()
    trade(exchange, 100, 1, is_buyer_maker=True)
    waiting = exchange.place("ann", order(side, 0.5, kind=kind, stop=stop), 1)
    trade(exchange, quiet_price, 1, is_buyer_maker=True)
    assert (waiting.status, waiting.is_working) == (Status.NEW, False)
    trade(exchange, loud_price, 1, is_buyer_maker=True)
    assert waiting.status is Status.FILLED


def test_a_stop_limit_rests_after_it_triggered() -> None:
    """A stop-limit whose limit the market has left stays in the book."""
    exchange = matching()
    trade(exchange, 100, 1, is_buyer_maker=True)
    waiting = exchange.place("ann", order("SELL", 1, 100.5, kind="STOP_LOSS_LIMIT", stop=99), 1)
    trade(exchange, 98, 1, is_buyer_maker=True)
    assert (waiting.status, waiting.is_working) == (Status.NEW, True)
    assert told(exchange)[-1] == ("NEW", "NEW", waiting.client_order_id)


def test_a_stop_that_would_trigger_at_once_is_refused() -> None:
    """A stop on the wrong side of the last price is refused (-2010)."""
    exchange = matching()
    trade(exchange, 100, 1, is_buyer_maker=True)
    with pytest.raises(Refused, match="trigger immediately"):
        exchange.place("ann", order("SELL", 1, kind="STOP_LOSS", stop=101), 1)


@pytest.mark.parametrize(
    ("mode", "maker_status", "taker_status", "taken"),
    [
        (StpMode.EXPIRE_MAKER, "EXPIRED_IN_MATCH", "FILLED", 1.0),
        (StpMode.EXPIRE_TAKER, "NEW", "EXPIRED_IN_MATCH", 0.0),
        (StpMode.EXPIRE_BOTH, "EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH", 0.0),
        (StpMode.DECREMENT, "NEW", "EXPIRED_IN_MATCH", 0.0),
        (StpMode.NONE, "PARTIALLY_FILLED", "FILLED", 1.0),
    ],
)
def test_self_trade_prevention(mode: StpMode, maker_status: str, taker_status: str, taken: float) -> None:
    """An account that would trade with itself gets what its mode says; the totals stay whole."""
    exchange = matching(fee_ppm=0)
    maker = exchange.place("ann", order("BUY", 2, 100.5), 1)
    taker = exchange.place("ann", order("SELL", 1, stp=mode), 2)
    assert (maker.status.value, taker.status.value) == (maker_status, taker_status)
    assert taker.executed == e8(taken)
    _assert_whole(exchange)


def test_what_happens_is_told_in_order() -> None:
    """New, then each fill, then the balances."""
    exchange = matching()
    placed = exchange.place("ann", order("BUY", 2), 1)
    happened = exchange.drain()
    assert [type(event).__name__ for event in happened] == ["OrderEvent"] * 3 + ["BalanceEvent"]
    assert [event.order.status.value for event in happened[:3]] == ["NEW", "PARTIALLY_FILLED", "FILLED"]  # type: ignore[union-attr]
    assert happened[-1] == BalanceEvent("ann", ("ETH", "USDT"), 1)
    assert placed.status is Status.FILLED


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["limit", "market", "ioc", "stop", "cancel", "trade", "depth"]),
        st.sampled_from(["ann", "bob"]),
        st.sampled_from(["BUY", "SELL"]),
        st.integers(min_value=9_700, max_value=10_500),
        st.integers(min_value=600, max_value=60_000),
        st.sampled_from(list(StpMode)),
    ),
    max_size=40,
)


@settings(max_examples=150)
@given(ACTIONS)
def test_whatever_happens_money_is_conserved(actions: list[tuple[str, str, str, int, int, StpMode]]) -> None:
    """Balances never become negative, locked money belongs to open orders, and the same again gives the same."""
    first, second = _play(actions), _play(actions)
    assert _states(first) == _states(second)
    _assert_whole(first)


def _play(actions: list[tuple[str, str, str, int, int, StpMode]]) -> Matching:
    exchange = matching()
    for step, (what, account, side, cents, lots, stp) in enumerate(actions):
        price, qty, name = cents / 100, lots / 10_000, f"a{step}"
        try:
            if what == "trade":
                trade(exchange, price, qty, is_buyer_maker=side == "BUY", ts_ms=step)
            elif what == "depth":
                side_levels = levels((price, qty))
                bids, asks = (side_levels, []) if side == "BUY" and cents < 10_050 else ([], side_levels)
                exchange.on_depth("ETHUSDT", 11 + step, bids, asks, step)
            elif what == "cancel":
                for open_order in exchange.register.open_orders(account)[:1]:
                    exchange.cancel(open_order, step)
            elif what == "stop":
                new = order(side, qty, kind="STOP_LOSS", stop=price, client_id=name, stp=stp)
                exchange.place(account, new, step)
            else:
                limit = 0 if what == "market" else price
                tif = "IOC" if what == "ioc" else "GTC"
                exchange.place(account, order(side, qty, limit, tif=tif, client_id=name, stp=stp), step)
        except Refused:
            continue
    return exchange


def _states(exchange: Matching) -> list[tuple[object, ...]]:
    orders = [order for name in ("ann", "bob") for order in exchange.register.all_orders(name, ETH.symbol)]
    return [(o.order_id, o.status, o.executed, o.cum_quote, o.prevented) for o in orders]


def _assert_whole(exchange: Matching) -> None:
    for name, account in exchange.accounts.items():
        assert all(amount >= 0 for amount in (*account.free.values(), *account.locked.values()))
        held = dict.fromkeys(account.locked, 0)
        for hold in {id(o.hold): o.hold for o in exchange.register.open_orders(name)}.values():
            held[hold.asset] += hold.amount
        assert held == account.locked
    for name in exchange.accounts:
        for placed in exchange.register.all_orders(name, ETH.symbol):
            assert placed.executed == sum(fill.qty for fill in placed.fills) <= placed.qty

"""What people type wrongly comes back as a sentence that says what to type, and nothing is traded."""

from __future__ import annotations

import math

import pytest
from core_builders import ALICE, BTC, ETH, Desk, S, quote_amount, sent
from hypothesis import given
from hypothesis import strategies as st

from engine.core.config import Limits
from engine.core.instrument import E8
from engine.core.risk import Gate
from engine.core.types import Symbol
from engine.wire.commands import Amount, Buy, GetSnapshot, Sell
from engine.wire.replies import Snapshot

DOGE = Symbol("DOGEUSDT")


def sell(desk: Desk, amount: Amount, symbol: str = "eth") -> tuple[str, list[int], str]:
    """Type a sale; return the code, the lots that left, and the words."""
    reply, actions = desk.ask(Sell(id=desk.new_id(), who=ALICE, symbol=symbol, amount=amount))
    return reply.code, [order.qty_lots for order in sent(actions)], reply.text


def buy(desk: Desk, amount: Amount, symbol: str = "eth") -> tuple[str, list[int], str]:
    """Type a buy; the same."""
    reply, actions = desk.ask(Buy(id=desk.new_id(), who=ALICE, symbol=symbol, amount=amount))
    return reply.code, [order.qty_lots for order in sent(actions)], reply.text


@pytest.mark.parametrize("text", ["eth", "ETH", "ETHUSDT", "eth/usdt", "ETH-USDT", "$eth", "EthUsdt"])
def test_a_symbol_is_found_however_it_is_typed(text: str) -> None:
    assert Desk().ready().buy("200", text)[0].ok


@pytest.mark.parametrize(("text", "hint"), [("ETHUSTD", "ETHUSDT"), ("btcusd", "BTCUSDT"), ("DOGEUSD", "DOGEUSDT")])
def test_an_unknown_symbol_gets_the_nearest_right_one(text: str, hint: str) -> None:
    reply, actions = Desk(symbols=(ETH, BTC, DOGE)).ready().buy("200", text)
    assert (reply.ok, reply.code, sent(actions)) == (False, "BAD_SYMBOL", [])
    assert reply.text == f"'{text}' is not traded here. Did you mean {hint}?"


def test_a_symbol_like_no_other_gets_the_list() -> None:
    reply, _ = Desk(symbols=(ETH, BTC)).ready().buy("200", "zzzzzz")
    assert reply.text == "'zzzzzz' is not traded here. There is ETHUSDT, BTCUSDT."


@pytest.mark.parametrize("unit", ["quote", "base", "percent"])
@pytest.mark.parametrize("value", ["", "-5", "0", "0.000", "nan", "inf", "1e9", "abc", "0.0000000001", "9" * 40])
def test_an_amount_that_money_can_not_be_is_refused(unit: str, value: str) -> None:
    desk = Desk().ready().holding()
    for typed in (buy, sell):
        code, lots, words = typed(desk, Amount(unit, value))  # type: ignore[arg-type]
        assert (code, lots) == ("BAD_AMOUNT", [])
        assert words.endswith(".")


@pytest.mark.parametrize("typed", [buy, sell])
def test_more_than_all_of_it_is_refused(typed: object) -> None:
    desk = Desk().ready().holding()
    assert typed(desk, Amount("percent", "100.5"))[0] == "BAD_AMOUNT"  # type: ignore[operator]


@pytest.mark.parametrize(
    ("amount", "lots"),
    [
        (quote_amount("200"), 1000),
        (quote_amount("199.99"), 999),
        (Amount("base", "0.1"), 1000),
        (Amount("base", "0.10009"), 1000),
        (Amount("percent", "0.5"), 2500),
        (Amount("all", ""), 4901),
    ],
)
def test_a_buy_takes_quote_base_percent_of_the_free_cash_and_all_that_the_limits_leave(
    amount: Amount, lots: int
) -> None:
    code, bought, words = buy(Desk().ready(), amount)
    assert (code, bought) == ("OK", [lots])
    assert words.startswith("Buying 0.")


@pytest.mark.parametrize(
    ("amount", "lots"),
    [
        (quote_amount("200"), 1000),
        (Amount("base", "0.1"), 1000),
        (Amount("percent", "33.3"), 1498),
        (Amount("percent", "100"), 4500),
        (Amount("all", ""), 4500),
    ],
)
def test_a_sale_takes_quote_base_percent_of_the_position_and_all(amount: Amount, lots: int) -> None:
    code, sold, words = sell(Desk().ready().holding(), amount)
    assert (code, sold) == ("OK", [lots])
    assert words.startswith("Selling 0.")


@pytest.mark.parametrize(
    "amount", [quote_amount("200"), Amount("base", "1"), Amount("percent", "50"), Amount("all", "")]
)
def test_selling_what_is_not_held_says_so_whatever_the_amount(amount: Amount) -> None:
    assert sell(Desk().ready(), amount)[0] == "NO_POSITION"


def test_selling_more_than_is_held_is_refused() -> None:
    assert sell(Desk().ready().holding(), Amount("base", "1"))[0] == "REDUCE_ONLY"


@pytest.mark.parametrize("amount", [quote_amount("0.1"), Amount("base", "0.00005"), Amount("percent", "0.0001")])
def test_less_than_one_lot_is_refused_with_that_reason(amount: Amount) -> None:
    desk = Desk().ready().holding()
    assert "less than one lot" in buy(desk, amount)[2]
    assert "less than one lot" in sell(desk, amount)[2]


def test_too_little_for_the_venue_is_refused_with_the_venues_least() -> None:
    code, _, words = buy(Desk().ready(), quote_amount("4"))
    assert code == "C8_NOTIONAL"
    assert "least=5.00 USDT" in words


def test_too_much_for_the_limits_is_refused_with_what_would_pass() -> None:
    desk = Desk().ready()
    code, _, words = buy(desk, quote_amount("1000"))
    assert code == "C2_ORDER_SIZE"
    assert "at the worst price that it may get: at most 1,000.00 USDT" in words
    assert buy(desk, quote_amount("980"))[0] == "OK"


def test_all_without_room_is_refused_by_the_limit_that_is_in_the_way() -> None:
    desk = Desk().ready()
    for _ in range(20):
        code, lots, words = buy(desk, Amount("all", ""))
        for order in desk.engine.trading.orders.working():
            desk.fill(order.approved, 2040.0)
        desk.now_ns += S
        desk.price(2000.0)
    assert (code, lots) == ("C3_POSITION", [])
    assert "One symbol may be 5 % of equity" in words


@pytest.mark.parametrize("amount", [quote_amount("200"), Amount("percent", "1"), Amount("all", "")])
def test_without_a_price_the_gate_says_what_is_missing(amount: Amount) -> None:
    desk = Desk()
    desk.account()
    assert buy(desk, amount)[0] == "HALTED"
    desk.engine.trading.arm("test")
    assert buy(desk, amount)[0] == "C5_BOOK_OUT_OF_SYNC"
    desk.snapshot()
    assert buy(desk, amount)[0] == "C5_BAD_QUOTE"


@pytest.mark.parametrize("name", ["stop_pct", "target_pct"])
@pytest.mark.parametrize("value", [0.0, -2.0, math.nan, math.inf, 1e308])
def test_exits_that_can_not_be_are_refused(name: str, value: float) -> None:
    """A negative target would sell at once what was just bought."""
    reply, actions = Desk().ready().buy("200", **{name: value})
    assert (reply.code, sent(actions)) == ("BAD_AMOUNT", [])


def test_a_stop_too_near_is_refused_by_its_control_and_exits_that_are_left_out_have_defaults() -> None:
    desk = Desk().ready()
    assert desk.buy("200", stop_pct=0.01)[0].code == "C10_STOP"
    order = sent(desk.buy("200", stop_pct=1.0)[1])[0]
    assert (order.stop_ticks, order.target_ticks) == (198_000, 208_000)
    order = sent(desk.buy("200", target_pct=10.0)[1])[0]
    assert (order.stop_ticks, order.target_ticks) == (196_000, 220_000)


def test_the_reply_says_what_was_ordered_and_carries_the_order() -> None:
    reply, actions = Desk().ready().buy("250")
    assert reply.text == "Buying 0.1250 ETH at the market, 2040.00 USDT at the worst."
    assert reply.result.orders[0].client_order_id == sent(actions)[0].client_order_id  # type: ignore[union-attr]
    assert reply.result.orders[0].origin == "slack:U01ALICE"  # type: ignore[union-attr]


def test_questions_are_answered_each_time_anew_and_write_nothing() -> None:
    desk = Desk().ready()
    question = GetSnapshot(id="same", who=ALICE)
    first, nothing = desk.ask(question)
    desk.holding()
    second, _ = desk.ask(question)
    assert nothing == []
    assert isinstance(first.result, Snapshot)
    assert isinstance(second.result, Snapshot)
    assert (first.result.status.open_positions, second.result.status.open_positions) == (0, 1)
    assert [price.symbol for price in second.result.prices] == ["ETHUSDT"]


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from(["quote", "base", "percent", "all"]))
def test_whatever_is_typed_the_answer_is_a_sentence(symbol: str, value: str, unit: str) -> None:
    desk = Desk()
    for kind in (Buy, Sell):
        command = kind(id=desk.new_id(), who=ALICE, symbol=symbol, amount=Amount(unit, value))  # type: ignore[arg-type]
        reply, actions = desk.ask(command)
        assert (reply.ok, sent(actions)) == (False, [])
        assert reply.text.endswith((".", "?"))


def test_percent_of_cash_counts_what_open_orders_have_not_reserved() -> None:
    desk = Desk().ready()
    desk.engine.trading.gate = Gate(Limits(100.0, 100.0, 100.0))
    order = sent(desk.ask(Buy(id="1", who=ALICE, symbol="eth", amount=quote_amount("50000")))[1])[0]
    reserved = 25 * 2040 * E8
    assert desk.engine.trading.facts(ETH).cash_e8 == 100_000 * E8 - reserved
    desk.now_ns += S
    assert buy(desk, Amount("percent", "50"))[1] == [(100_000 - 51_000) // 2 * 10_000 // 2000]
    assert order.qty_lots == 250_000

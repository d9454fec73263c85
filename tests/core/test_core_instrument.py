"""Ticks and lots: exact both ways, rounded down and never up, and nothing taken that money can't be."""

from __future__ import annotations

from decimal import Decimal

import pytest
from core_builders import instrument
from hypothesis import given
from hypothesis import strategies as st

from engine.core.instrument import E8, decimals_of, exit_levels, money_text, money_words, parse_e8, scaled_text

STEPS = st.sampled_from([1, 10, 1_000, 25_000, 1_000_000, 5_000_000, E8, 10 * E8])
COUNTS = st.integers(0, 10**9)


@given(COUNTS, STEPS)
def test_prices_and_quantities_come_back_as_they_went(count: int, step: int) -> None:
    it = instrument(tick_e8=step, lot_e8=step)
    assert it.price_ticks(it.price_text(count)) == count
    assert it.qty_lots(it.qty_text(count)) == count
    assert Decimal(it.price_text(count)) == Decimal(count * step) / E8


@given(st.integers(-(2**62), 2**62))
def test_any_amount_written_out_is_read_back(value_e8: int) -> None:
    text = scaled_text(value_e8, 8)
    assert parse_e8(text) == value_e8
    assert Decimal(text) == Decimal(value_e8).scaleb(-8)


@given(st.integers(0, 10**16), st.integers(1, 10**8), STEPS, STEPS)
def test_what_an_amount_buys_costs_no_more_than_it_and_one_lot_more_would(
    quote_e8: int, price: int, tick: int, lot: int
) -> None:
    it = instrument(tick_e8=tick, lot_e8=lot)
    lots = it.lots_for_quote(quote_e8, price)
    exact = Decimal(price * tick) * lot / E8
    assert lots * exact <= quote_e8 < (lots + 1) * exact
    assert it.notional_e8(price, lots) <= quote_e8


@pytest.mark.parametrize(("quote_e8", "price"), [(0, 5), (-1, 5), (5, 0), (5, -1)])
def test_no_amount_and_no_price_buy_nothing(quote_e8: int, price: int) -> None:
    assert instrument().lots_for_quote(quote_e8, price) == 0


def test_texts_have_the_venues_decimals_and_no_float_between() -> None:
    it = instrument()
    assert (it.price_text(268_251), it.qty_text(33_168)) == ("2682.51", "3.3168")
    assert it.price_text(10**17 + 1) == "1000000000000000.01"
    assert it.tick_size == 0.01
    assert instrument(lot_e8=E8).qty_text(7) == "7"
    assert scaled_text(-150_000_000, 2) == "-1.50"
    assert scaled_text(199_999_999, 2) == "1.99"


@pytest.mark.parametrize(
    ("value_e8", "text", "words"),
    [
        (24_999_000, "0.25", "0.25"),
        (499_999, "0.00", "0.00"),
        (-499_999, "0.00", "0.00"),
        (500_000, "0.01", "0.01"),
        (-2_735_580_000, "-27.36", "-27.36"),
        (-99_999, "0.00", "0.00"),
        (123_456_789_999_999, "1234567.90", "1,234,567.90"),
        (-100_099_999_999, "-1001.00", "-1,001.00"),
    ],
)
def test_money_is_rounded_to_the_nearest_hundredth_and_nothing_is_minus_nothing(
    value_e8: int, text: str, words: str
) -> None:
    assert (money_text(value_e8), money_words(value_e8)) == (text, words)


@pytest.mark.parametrize(
    ("text", "value"), [("1", E8), ("+1.50", 150_000_000), (".5", E8 // 2), ("5.", 5 * E8), ("-0.00000001", -1)]
)
def test_plain_decimals_are_read(text: str, value: int) -> None:
    assert parse_e8(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "-",
        "nan",
        "NaN",
        "inf",
        "-Infinity",
        "1e3",
        "1E999999",
        "1_000",
        " 1",
        "1\n",
        "0x10",
        "1,5",
        "١",
        "1.2.3",
    ],
)
def test_what_is_no_plain_decimal_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number that money can have"):
        parse_e8(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0.000000001", "more than eight decimals"),
        ("1." + "0" * 40 + "1", "more than eight decimals"),
        ("92233720368.54775808", "larger than money can be"),
        ("9" * 10_000, "larger than money can be"),
    ],
)
def test_too_fine_and_too_large_are_refused_in_a_short_sentence(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        parse_e8(text)
    assert len(str(refused.value)) < 100


@given(st.text(max_size=12))
def test_any_text_is_either_money_or_a_value_error(text: str) -> None:
    try:
        value_e8 = parse_e8(text)
    except ValueError:
        return
    assert Decimal(text).scaleb(8) == value_e8


@pytest.mark.parametrize(("text", "name"), [("2682.505", "tick size 0.01000000"), ("2682.5_", "not a number")])
def test_a_price_off_the_tick_is_refused(text: str, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        instrument().price_ticks(text)


def test_a_quantity_off_the_lot_is_refused() -> None:
    with pytest.raises(ValueError, match=r"ETHUSDT's lot size 0\.00010000"):
        instrument().qty_lots("0.00015")


@pytest.mark.parametrize(("step", "decimals"), [(1, 8), (10, 7), (1_000_000, 2), (25_000, 5), (E8, 0), (10 * E8, 0)])
def test_decimals_follow_the_step(step: int, decimals: int) -> None:
    assert decimals_of(step) == decimals


@given(st.integers(1, 10**9), st.floats(0.01, 99.0), st.floats(0.01, 1000.0))
def test_exits_lie_on_their_sides_of_the_entry_and_no_farther_than_asked(
    entry: int, stop: float, target: float
) -> None:
    low, high = exit_levels(entry, stop, target)
    assert low <= entry <= high
    assert entry - low <= entry * stop / 100.0
    assert high - entry <= entry * target / 100.0

"""How figures are written in Slack and in a terminal, and what both say of a view in the same words."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.wire import figures
from engine.wire.order_phrases import terms
from engine.wire.phrases import made
from engine.wire.views import OrderView, TradeView

TRADE = TradeView(
    trade_id="t-1", symbol="IOTAUSDT", base_asset="IOTA", quote_asset="USDT", side="buy", is_open=True, qty="241.5",
    entry_price="1.0350", exit_price="", stop_price="1.0143", target_price="", pnl_quote="-0.27", pnl_pct=-0.11,
    origin="cli:ann", exit_reason="", ts_opened_ns=1, ts_closed_ns=0,
)  # fmt: skip
ORDER = OrderView(
    client_order_id="t-1", symbol="IOTAUSDT", base_asset="IOTA", quote_asset="USDT", side="buy", order_type="LIMIT",
    qty="241.5", limit_price="1.0557", state="working", filled_qty="0.0", avg_price="", filled_quote="0.00", fee="",
    reduce_only=False, origin="cli:ann", cause_id="c", trade_id="T1", reason="", ts_created_ns=1, ts_changed_ns=2,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [("2682.51000000", "2,682.51"), ("0.00000000", "0"), ("1000", "1,000"), ("-0.5", "-0.5"), ("", ""), ("NaN", "NaN")],
)
def test_a_number_is_said_without_idle_zeros(text: str, said: str) -> None:
    assert figures.number(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [("2682.5", "2,682.50"), ("2700", "2,700.00"), ("1.0510", "1.0510"), ("", ""), ("-3", "-3.00"), ("NaN", "NaN")],
)
def test_a_price_has_two_decimals_or_more(text: str, said: str) -> None:
    assert figures.price(text) == said


@pytest.mark.parametrize(("text", "said"), [("1234.5", "+1,234.50 USDT"), ("-0.8", "−0.80 USDT"), ("0", "+0.00 USDT")])
def test_a_gain_has_its_sign(text: str, said: str) -> None:
    assert figures.gain(text, "USDT") == said


@pytest.mark.parametrize(("value", "said"), [(-0.004, "+0.00 %"), (-0.006, "−0.01 %"), (3.794, "+3.79 %")])
def test_what_rounds_to_nothing_has_no_minus(value: float, said: str) -> None:
    assert figures.percent(value) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (45, "45 s"),
        (119.4, "119 s"),
        (180, "3 min"),
        (7_199, "119 min"),
        (7_200, "2 h"),
        (7_500, "2 h 5 min"),
        (86_400, "24 h"),
        (172_800, "2 d"),
        (7 * 86_400 + 3_660, "7 d 1 h"),
        (-1e-9, "0 s"),
        (7e9, "a long time"),
    ],
)
def test_a_duration_is_said(seconds: float, said: str) -> None:
    assert figures.span(seconds) == said


def test_things_are_counted_with_their_plural() -> None:
    assert [figures.plural(count, "order") for count in (0, 1, 2)] == ["no orders", "1 order", "2 orders"]
    assert figures.plural(2, "strategy", "strategies") == "2 strategies"


def test_a_quantity_of_zeros_is_nothing() -> None:
    assert [figures.is_some(qty) for qty in ("", "0", "0.0000", "0.001", "10")] == [False, False, False, True, True]


def test_what_a_trade_made_is_money_a_share_and_r_where_that_is_known() -> None:
    assert made(TRADE) == "−0.27 USDT (−0.11 %)"
    assert made(TRADE, -0.105) == "−0.27 USDT (−0.11 %, −0.10 R)"


def test_the_terms_of_an_order_are_said_while_it_is_open() -> None:
    assert terms(ORDER) == "at 1.0557 or better"
    assert terms(replace(ORDER, stop_price="1.0610")) == "at 1.0610, then 1.0557 or better"
    assert terms(replace(ORDER, limit_price="", stop_price="1.0610")) == "at 1.0610, then the market"
    assert terms(replace(ORDER, state="filled")) == ""

"""The words people type: what they mean, and the sentence where they can mean nothing."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.wire.buy_words import BuyWords, read_buy
from engine.wire.commands import Amount, BuyExits
from engine.wire.words import (
    AutoWords,
    BadWords,
    CloseWords,
    KillWords,
    LockWords,
    SellWords,
    read_amount,
    read_auto,
    read_close,
    read_kill,
    read_lock,
    read_sell,
)

ONE_TARGET = BuyExits(target=True, steps=())
"""Who names a target has no steps, whatever the setting says."""
NO_AMOUNTS = [
    "0",
    "-5",
    "+0",
    "nan",
    "NaN",
    "inf",
    "-inf",
    "1e5",
    "1e-400",
    "0x10",
    "٣",
    "1_000",
    "1,00",
    "..",
    "5x",
    "1000000000000",
    "101%",
    "250;drop",
    "$",
    "--5",
]
NO_AMOUNTS += ["9" * 400, "0.1btc", "<@U1>", "1 000"]
NO_BUYS = ["", "ETHUSDT", "e;th 5", "ETHUSDT 5 100%", "ETHUSDT 5 0%", "ETHUSDT 5 1% 2% 3%", "ETHUSDT 5 sl=1% sl=2%"]
NO_BUYS += ["ETHUSDT 5 sl=nan", "ETHUSDT 5 rr=3", "ETHUSDT 5 2% sl=3%", f"{'A' * 50} 5", "a/b/c 5", "ETHUSDT 5 -2%"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ETHUSDT 250", BuyWords("ETHUSDT", Amount("quote", "250"), None, None)),
        ("  eth   0.1eth ", BuyWords("eth", Amount("base", "0.1"), None, None)),
        ("ETH/USDT 1,250.50usdt 2% 5%", BuyWords("ETH/USDT", Amount("quote", "1250.50"), 2.0, 5.0, ONE_TARGET)),
        ("eth $250 tp=5 sl=2%", BuyWords("eth", Amount("quote", "250"), 2.0, 5.0, ONE_TARGET)),
        ("ETHBTC 0.5btc", BuyWords("ETHBTC", Amount("quote", "0.5"), None, None)),
        ("BTCUSDT 0.5btc", BuyWords("BTCUSDT", Amount("base", "0.5"), None, None)),
        ("eth 10%", BuyWords("eth", Amount("percent", "10"), None, None)),
        ("eth ALL 1.5", BuyWords("eth", Amount("all", ""), 1.5, None)),
    ],
)
def test_a_buy_is_read(text: str, meant: BuyWords) -> None:
    assert read_buy(text) == meant


@pytest.mark.parametrize("amount", NO_AMOUNTS)
def test_an_amount_that_money_cannot_have_is_refused_with_a_sentence(amount: str) -> None:
    with pytest.raises(BadWords) as refused:
        read_buy(f"ETHUSDT {amount}")
    assert len(str(refused.value)) > 20


@pytest.mark.parametrize("text", NO_BUYS)
def test_other_words_that_cannot_be_meant_are_refused(text: str) -> None:
    with pytest.raises(BadWords):
        read_buy(text)


def test_a_sell_is_read() -> None:
    assert read_sell("ETHUSDT 50%") == SellWords("ETHUSDT", Amount("percent", "50"))
    with pytest.raises(BadWords, match="how much"):
        read_sell("ETHUSDT")


@pytest.mark.parametrize("said", ["limit=2700.5", "--limit=2700.5", "LIMIT=$2700.5"])
def test_a_sale_may_rest_at_a_limit(said: str) -> None:
    assert read_sell(f"eth all {said}") == SellWords("eth", Amount("all", ""), "2700.5")


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("limit=", "write limit=2700"),
        ("limit=moon", "write limit=2700"),
        ("limit=0", "write limit=2700"),
        ("limit=0,5", "Did you mean 0.5"),
        ("limit=2700:4h", "until it fills or you cancel it: write limit=2700 without"),
        ("sl=2%", "limit=PRICE"),
        ("2700", "limit=PRICE"),
    ],
)
def test_a_limit_of_a_sale_that_cannot_be_meant_is_refused_with_the_right_form(said: str, advice: str) -> None:
    with pytest.raises(BadWords) as refused:
        read_sell(f"eth 50% {said}")
    assert advice in str(refused.value)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ETHUSDT", CloseWords("ETHUSDT", 100.0)),
        ("All", CloseWords("all", 100.0)),
        ("eth 50%", CloseWords("eth", 50.0)),
        ("eth all", CloseWords("eth", 100.0)),
    ],
)
def test_a_close_is_read(text: str, meant: CloseWords) -> None:
    assert read_close(text) == meant


@pytest.mark.parametrize("text", ["", "eth 101%", "eth 0", "eth 5 5", "eth nan"])
def test_a_close_of_nothing_or_too_much_is_refused(text: str) -> None:
    with pytest.raises(BadWords):
        read_close(text)


def test_a_mode_is_read() -> None:
    assert read_auto("ASK") == AutoWords("ask", None)
    assert read_auto("auto sma_cross") == AutoWords("auto", "sma_cross")


@pytest.mark.parametrize("text", ["", "on", "auto sma cross", "ask $(rm)"])
def test_a_mode_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadWords):
        read_auto(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", KillWords(False, "", "")),
        ("all", KillWords(False, "", "")),
        ("flatten", KillWords(True, "", "")),
        ("Flatten ETH/USDT", KillWords(True, "ETH/USDT", "")),
        ("eth flatten", KillWords(True, "eth", "")),
        ("--symbol ETHUSDT --flatten", KillWords(True, "ETHUSDT", "")),
        ("reset it was a drill", KillWords(False, "", "it was a drill", True)),
        ("--reset drill", KillWords(False, "", "drill", True)),
        ("reset", KillWords(False, "", "", True)),
    ],
)
def test_a_kill_is_read_with_or_without_dashes(text: str, meant: KillWords) -> None:
    assert read_kill(text) == meant


@pytest.mark.parametrize("text", ["eth btc", "flatten flatten", "flat!", "--flatten --now eth"])
def test_a_kill_that_can_not_be_meant_is_refused(text: str) -> None:
    with pytest.raises(BadWords):
        read_kill(text)


@given(st.text(max_size=40))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    """No text makes a reader raise anything but BadWords."""
    for read in (read_buy, read_sell, read_close, read_auto, read_kill):
        with contextlib.suppress(BadWords):
            read(text)


@given(st.decimals(min_value="0.00000001", max_value="999999999999", places=8))
def test_every_amount_of_money_is_read_exactly(value: object) -> None:
    assert read_amount(f"{value:f}") == Amount("quote", f"{value:f}")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("eth 1h", LockWords("eth", 3600.0, "")),
        ("ETH/USDT for 30m because of the unlock", LockWords("ETH/USDT", 1800.0, "of the unlock")),
        ("eth 2d the weekend", LockWords("eth", 172_800.0, "the weekend")),
        ("eth OFF", LockWords("eth", 0.0, "")),
    ],
)
def test_a_lock_is_a_symbol_a_time_and_a_reason(text: str, meant: LockWords) -> None:
    assert read_lock(text) == meant


@pytest.mark.parametrize("text", ["", "eth", "eth 0h", "eth 1w", "eth 1.5h", "eth -1h", "e;th 1h", "eth 999999s"])
def test_what_is_no_lock_is_told_in_a_sentence(text: str) -> None:
    with pytest.raises(BadWords):
        read_lock(text)

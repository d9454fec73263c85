"""The exits that people name with a buy: what they mean, and the sentence where they can mean nothing."""

from __future__ import annotations

import pytest

from engine.wire.buy_words import read_buy
from engine.wire.commands import BuyExits
from engine.wire.words import BadWords

TRAIL = {"trail_pct": 0.0, "trail_atr": 0.0, "trail_after_pct": 0.0}
EVEN = {"break_even_pct": 0.0, "break_even_r": 0.0}


@pytest.mark.parametrize(
    ("said", "target", "exits"),
    [
        ("", None, None),
        ("tp=5%", 5.0, BuyExits(target=True, steps=())),
        ("tp=2%:50,4%:50", 4.0, BuyExits(target=True, steps=((2.0, 50.0),))),
        ("tp=2%:50%,4%:30,6%", 6.0, BuyExits(target=True, steps=((2.0, 50.0), (4.0, 30.0)))),
        ("tp=none", None, BuyExits(target=False, steps=())),
        ("trail=1.5%", None, BuyExits(target=False, **TRAIL | {"trail_pct": 1.5})),
        ("trail=1.5% tp=6%", 6.0, BuyExits(target=True, steps=(), **TRAIL | {"trail_pct": 1.5})),
        ("TRAIL=2ATR:3%", None, BuyExits(target=False, **TRAIL | {"trail_atr": 2.0, "trail_after_pct": 3.0})),
        ("trail=off", None, BuyExits(target=False, **TRAIL)),
        ("be=1%", None, BuyExits(**EVEN | {"break_even_pct": 1.0})),
        ("be=1.5r", None, BuyExits(**EVEN | {"break_even_r": 1.5})),
        ("be=off", None, BuyExits(**EVEN)),
        ("time=4h", None, BuyExits(time_s=14_400.0, time_below_pct=0.0)),
        ("time=90s:0.5%", None, BuyExits(time_s=90.0, time_below_pct=0.5)),
    ],
)
def test_named_exits_are_read(said: str, target: float | None, exits: BuyExits | None) -> None:
    words = read_buy(f"eth 250 sl=2% {said}")
    assert (words.stop_pct, words.target_pct, words.exits) == (2.0, target, exits)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("tp=2%:50", "make 50 %: add a last target"),
        ("tp=2%:60,4%:60", "more than there is"),
        ("tp=2%:60,4%:40,6%", "more than there is"),
        ("tp=4%:50,2%:50", "upwards"),
        ("tp=1%:10,2%:10,3%:10,4%:10,5%", "at most 4"),
        ("tp=2%,4%:50", "Only the last target"),
        ("tp=2%:", "don't understand the target"),
        ("tp=,", "don't understand the target"),
        ("trail=0%", "not more than zero"),
        ("trail=120%", "out of range"),
        ("trail=2r", "write trail=1.5%"),
        ("be=2atr", "write be=1%"),
        ("be=soon", "not a number"),
        ("time=4", "is no time"),
        ("time=60d", "at most 30d"),
        ("trail=1% trail=2%", "Two values for trail"),
        ("ts=1%", "trail=1.5%"),
    ],
)
def test_exits_that_cannot_be_meant_are_refused_with_what_to_write(said: str, sentence: str) -> None:
    with pytest.raises(BadWords, match=sentence):
        read_buy(f"eth 250 {said}")

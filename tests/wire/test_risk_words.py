"""The words after `risk`: what is understood, and that what isn't is told with what to write."""

from __future__ import annotations

import pytest

from engine.wire.commands import GetRisk, ResetBreakers, SetLimit, Who
from engine.wire.risk_words import RiskWords, read_risk, risk_command
from engine.wire.words import BadWords

ANN = Who("ann", "ann", "cli")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", RiskWords("show")),
        ("show", RiskWords("show")),
        ("reset seen, fine", RiskWords("reset", reason="seen, fine")),
        (
            "set MAX_ORDER_PCT 0.5% because of the weekend",
            RiskWords("set", "max_order_pct", 0.5, reason="of the weekend"),
        ),
        (
            "set collar_pct 1 --symbol eth because thin",
            RiskWords("set", "collar_pct", 1.0, symbol="eth", reason="thin"),
        ),
        (
            "set --strategy sma_cross stale_s 1 because it lags",
            RiskWords("set", "stale_s", 1.0, strategy="sma_cross", reason="it lags"),
        ),
        ("set losses 6 loosen because asked for", RiskWords("set", "losses", 6.0, loosen=True, reason="asked for")),
        ("set losses 6 --loosen because yes", RiskWords("set", "losses", 6.0, loosen=True, reason="yes")),
        (
            "unset collar_pct symbol ETH/USDT because Because",
            RiskWords("unset", "collar_pct", symbol="ETH/USDT", reason="Because"),
        ),
    ],
)
def test_what_is_typed_is_understood(text: str, meant: RiskWords) -> None:
    assert read_risk(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "everything",
        "set",
        "set max_order_pct 1",
        "set max_order_pct 1 because",
        "set max_order_pct because x",
        "set max_order_pct nan because x",
        "set max_order_pct inf because x",
        "set max_order_pct 1e9 because x",
        "set max_order_pct 1 2 because x",
        "set max_order_pct 1 --symbol because x",
        "set max_order_pct 1 --symbol eth --symbol btc because x",
        "set max_order_pct 1 --symbol e;th because x",
        "unset because x",
        "unset max_order_pct 1 because x",
        "unset max_order_pct loosen because x",
    ],
)
def test_what_can_not_be_meant_is_told_in_a_sentence(text: str) -> None:
    """NaN above all: as JSON it would be no value, which takes a limit back."""
    with pytest.raises(BadWords):
        read_risk(text)


def test_each_becomes_its_command() -> None:
    assert risk_command(read_risk(""), "1", ANN) == GetRisk(id="1", who=ANN)
    assert risk_command(read_risk("reset ok"), "1", ANN) == ResetBreakers(id="1", who=ANN, reason="ok")
    unset = risk_command(read_risk("unset stale_s because ok"), "1", ANN)
    assert unset == SetLimit(id="1", who=ANN, name="stale_s", value=None, reason="ok")

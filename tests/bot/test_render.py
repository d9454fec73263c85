"""How messages look: each kind against its golden file, and how people are named.

``TRADER_WRITE_GOLDEN=1`` writes the files anew, to be looked at in the diff.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from sample_home import HOMES
from sample_messages import MESSAGES, PARTIAL
from sample_messages import MODALS as SIZES
from sample_views import filled, order

from bot.render import alert, blocks, say
from bot.render.order import fill_reply

MODALS = {**SIZES, **HOMES}
GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_looks_as_it_did(name: str) -> None:
    message, file = MESSAGES[name], GOLDEN / f"{name}.json"
    now = json.dumps({"text": message.text, "blocks": message.blocks}, indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("TRADER_WRITE_GOLDEN") == "1":
        file.parent.mkdir(exist_ok=True)
        file.write_text(now, encoding="utf-8")
    assert now == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MODALS)
def test_a_modal_looks_as_it_did(name: str) -> None:
    file = GOLDEN / f"{name}.json"
    now = json.dumps(MODALS[name], indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("TRADER_WRITE_GOLDEN") == "1":
        file.write_text(now, encoding="utf-8")
    assert now == file.read_text(encoding="utf-8")


def test_every_golden_file_has_its_message() -> None:
    assert {file.stem for file in GOLDEN.glob("*.json")} == {*MESSAGES, *MODALS}


def test_only_what_destroys_is_red_and_only_the_proposed_side_is_primary() -> None:
    styles = {
        (name, element["action_id"]): element.get("style")
        for name in ("alert_open", "alert_open_technical_sell", "alert_acted")
        for block in MESSAGES[name].blocks
        if block["type"] == "actions"
        for element in block["elements"]
    }
    assert styles == {
        ("alert_open", "decide_buy"): "primary",
        ("alert_open", "decide_sell"): None,
        ("alert_open", "decide_size"): None,
        ("alert_open", "decide_dismiss"): None,
        ("alert_open", "mute_alerts"): None,
        ("alert_open_technical_sell", "decide_sell"): "primary",
        ("alert_open_technical_sell", "decide_size"): None,
        ("alert_open_technical_sell", "decide_dismiss"): None,
        ("alert_open_technical_sell", "mute_alerts"): None,
        ("alert_acted", "close_position"): "danger",
        ("alert_acted", "halt_now"): None,
    }


def test_a_value_that_would_not_fit_a_button_is_an_error_and_never_cut() -> None:
    """Half a fingerprint would be worse than no button."""
    with pytest.raises(ValueError, match="2001 characters"):
        blocks.button("a", "b", "v" * 2001, "c")


def test_a_buttons_ticket_is_read_back() -> None:
    ticket = alert.Ticket("p-1", "f00d")
    assert alert.Ticket.read(str(ticket)) == ticket
    with pytest.raises(ValueError):
        alert.Ticket.read("p-1")


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ("slack:U01ALICE", "<@U01ALICE>"),
        ("cli:ann", "ann (the command line)"),
        ("desk:ann", "ann (the desk)"),
        ("strategy:sma_cross", "strategy sma_cross"),
        ("exit:stop_loss", "the stop-loss"),
        ("take_profit", "the take-profit"),
        ("C6_REPEATS", "C6_REPEATS"),
        ("slack:<!channel>", "<@&lt;!channel&gt;>"),
    ],
)
def test_who_did_it_is_named(origin: str, said: str) -> None:
    assert say.who(origin) == said


def test_an_amount_can_call_nobody() -> None:
    assert say.amount("1.50", "<!channel>") == "1.5 &lt;!channel&gt;"


def test_a_fill_is_told_in_one_line() -> None:
    assert fill_reply(filled()) == "Bought 0.0932 ETH at 2,682.51 = 250.01 USDT, fee 0.25 USDT"
    assert fill_reply(filled(fee="0.00250010 USDT")).endswith(", fee 0.0025001 USDT")
    assert fill_reply(PARTIAL) == "Bought 0.05 ETH at 2,682.60 = 134.13 USDT, fee 0.00005 ETH. The rest expired"
    assert fill_reply(order(state="rejected", reason="no money")) == "Order rejected by the exchange: no money"
    partly = order(state="partially_filled", filled_qty="0.05", avg_price="2682.6", filled_quote="134.13")
    assert fill_reply(partly) == "Bought 0.05 ETH at 2,682.60 = 134.13 USDT (0.05 of 0.0932 so far)"

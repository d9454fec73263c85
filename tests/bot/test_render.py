"""How messages look: each kind against its golden file, and every one within Slack's limits.

``TRADER_WRITE_GOLDEN=1`` writes the files anew, to be looked at in the diff.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from local_desk import ALICE
from sample_views import NOW_NS, PRICE, filled, order, positions, proposal, status, trade

from bot.memory import Card
from bot.render import alert, answers, blocks, notes, say
from bot.render.blocks import Message
from bot.render.order import fill_reply, order_message
from bot.render.trade import root
from engine.wire.commands import OrdersView
from engine.wire.events import ModeChanged, NewsHeard, Notice, TradingArmed, TradingHalted
from engine.wire.views import HealthView, PriceView, StrategyView

GOLDEN = Path(__file__).parent / "golden"
HUGE = "<&>" * 5_000
SMA = StrategyView("sma_cross", "technical", ("ETHUSDT",), "auto", "ask", 0.55, 0.85, 12, 9, 3, 0)
NEWS = StrategyView("headlines", "event", (), "ask", "ask", 0.5, 0.9, 1, 0, 1, 0)
PARTIAL = order(state="expired", filled_qty="0.05", avg_price="2682.6", filled_quote="134.13", fee="0.00005 ETH")
CLOSED = trade(is_open=False, qty="0", exit_price="2700", pnl_quote="1.13", pnl_pct=0.45, exit_reason="take_profit")
BOUGHT = proposal(
    state="bought", decided_by=f"slack:{ALICE}", client_order_id="t-1", outcome="Sent 95.1 at the market."
)
ACTED = proposal(state="acted", decided_by="auto", client_order_id="t-1", outcome="Bought at once.", confidence=0.93)
TECHNICAL = proposal(
    strategy="sma_cross", kind="technical", headline="", source="", url="", side="sell", target_price=""
)
STATUS = status(
    is_armed=False,
    halt_reason="started halted",
    strategies=(SMA, NEWS),
    prices=(PRICE, PriceView("IOTAUSDT", "1.05", "1.0501", "1.05", -0.4, NOW_NS, False)),
    health=(HealthView("market data", True, "0.1 s old"), HealthView("user stream", False, "lost 12 s ago")),
    open_orders=1,
)

MESSAGES: dict[str, Message] = {
    "alert_open": alert.alert(proposal()),
    "alert_open_halted": alert.alert(proposal(warning="Trading is halted: an admin types /resume first.")),
    "alert_open_technical_sell": alert.alert(TECHNICAL),
    "alert_bought": alert.alert(BOUGHT, filled(), trade()),
    "alert_dismissed": alert.alert(proposal(state="dismissed", decided_by="cli:ann", outcome="")),
    "alert_expired": alert.alert(proposal(state="expired", outcome="Nobody decided within 60 s.")),
    "alert_refused": alert.alert(proposal(state="refused", decided_by=f"slack:{ALICE}", outcome="C3: too much.")),
    "alert_acted": alert.alert(ACTED, filled(origin="strategy:headlines")),
    "alert_acted_closed": alert.alert(ACTED, filled(origin="strategy:headlines"), CLOSED),
    "order_sent": order_message(order(), "ETHUSDT for 250"),
    "order_filled": order_message(filled(), "ETHUSDT for 250"),
    "order_partly_filled": order_message(PARTIAL),
    "order_rejected": order_message(order(state="rejected", reason="Account has insufficient balance.")),
    "order_unknown": order_message(order(state="unknown", limit_price="")),
    "order_with_its_trade": Card("order:t-1", asked="ETHUSDT for 250", order=filled(), trade=trade()).render(),
    "trade_open": root(trade(target_price="")),
    "trade_closed": root(CLOSED),
    "positions": answers.positions(positions(trade())),
    "positions_none": answers.positions(positions()),
    "orders": answers.orders(OrdersView((order(),), (filled(client_order_id="t-2"), PARTIAL))),
    "status": answers.status(STATUS),
    "mode_changed": notes.mode_changed(
        ModeChanged(ts_ns=0, mode="auto", strategy="", previous="ask", by=f"slack:{ALICE}")
    ),
    "armed": notes.armed(TradingArmed(ts_ns=0, by="cli:ann")),
    "halted": notes.halted(TradingHalted(ts_ns=0, by="C6_REPEATS", reason="three alike within 60 s")),
    "notice": notes.notice(Notice(ts_ns=0, severity="warning", code="C13", text="The user stream is lost.")),
    "news": notes.news(
        NewsHeard(
            ts_ns=0,
            source="story",
            news_id="1",
            title="IOTA & Microsoft",
            url="https://example.com/1",
            verdict="asked: 0.78 is between 0.50 and 0.90",
            symbols=("IOTAUSDT",),
            confidence=0.78,
        )
    ),
    "welcome": notes.welcome(STATUS),
    "engine_lost": notes.engine_lost(),
    "engine_back": notes.engine_back(),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_looks_as_it_did(name: str) -> None:
    message, file = MESSAGES[name], GOLDEN / f"{name}.json"
    now = json.dumps({"text": message.text, "blocks": message.blocks}, indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("TRADER_WRITE_GOLDEN") == "1":
        file.parent.mkdir(exist_ok=True)
        file.write_text(now, encoding="utf-8")
    assert now == file.read_text(encoding="utf-8")


def test_every_golden_file_has_its_message() -> None:
    assert {file.stem for file in GOLDEN.glob("*.json")} == set(MESSAGES)


WILD: dict[str, Message] = {
    "alert": alert.alert(
        proposal(headline=HUGE, reasons=(HUGE,) * 20, warning=HUGE, source=HUGE, strategy=HUGE, symbol="S" * 300)
    ),
    "acted": alert.alert(
        proposal(state="acted", outcome=HUGE, headline=HUGE, symbol="S" * 300), order(reason=HUGE, state="rejected")
    ),
    "order": order_message(order(reason=HUGE, state="rejected", symbol=HUGE), HUGE),
    "positions": answers.positions(positions(*(trade(symbol=HUGE) for _ in range(60)))),
    "orders": answers.orders(OrdersView((order(reason=HUGE, state="rejected"),) * 60, (filled(),) * 60)),
    "status": answers.status(
        status(strategies=(SMA,) * 90, prices=(PRICE,) * 90, health=(HealthView(HUGE, False, HUGE),) * 90, venue=HUGE)
    ),
    "notice": notes.notice(Notice(ts_ns=0, severity="critical", code=HUGE, text=HUGE)),
    "halted": notes.halted(TradingHalted(ts_ns=0, by=HUGE, reason=HUGE)),
}


@pytest.mark.parametrize("name", [*MESSAGES, *(f"wild {name}" for name in WILD)])
def test_a_message_is_within_slacks_limits(name: str) -> None:
    message = WILD[name.removeprefix("wild ")] if name.startswith("wild ") else MESSAGES[name]
    assert 0 < len(message.text) <= 4_000
    assert 0 < len(message.blocks) <= 50
    for block in message.blocks:
        _check_block(block)


def _check_block(block: dict[str, Any]) -> None:
    """Judge a block. Source: Slack, "Block Kit reference"."""
    match block["type"]:
        case "section":
            assert ("text" in block) != ("fields" in block)
            assert 0 < len(block.get("text", {"text": "-"})["text"]) <= 3_000
            assert all(0 < len(field["text"]) <= 2_000 for field in block.get("fields", []))
            assert 0 < len(block.get("fields", "-")) <= 10
        case "header":
            assert 0 < len(block["text"]["text"]) <= 150
            assert block["text"]["type"] == "plain_text"
        case "context":
            assert 0 < len(block["elements"]) <= 10
            assert all(len(element["text"]) > 0 for element in block["elements"])
        case "actions":
            assert 0 < len(block["elements"]) <= 25
            assert len(block["block_id"]) <= 255
            for button in block["elements"]:
                assert 0 < len(button["text"]["text"]) <= 75
                assert 0 < len(button["accessibility_label"]) <= 75
                assert len(button["value"]) <= 2_000
                assert len(button["action_id"]) <= 255
        case kind:
            assert kind == "divider"


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
        ("alert_open", "decide_dismiss"): None,
        ("alert_open_technical_sell", "decide_buy"): None,
        ("alert_open_technical_sell", "decide_sell"): "primary",
        ("alert_open_technical_sell", "decide_dismiss"): None,
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
    ("text", "said"),
    [("2682.51000000", "2,682.51"), ("0.00000000", "0"), ("1000", "1,000"), ("-0.5", "-0.5"), ("", ""), ("NaN", "NaN")],
)
def test_a_number_is_said_without_idle_zeros(text: str, said: str) -> None:
    assert say.number(text) == said


@pytest.mark.parametrize(
    ("text", "said"), [("2682.5", "2,682.50"), ("2700", "2,700.00"), ("1.0501", "1.0501"), ("", ""), ("-3", "-3.00")]
)
def test_a_price_has_two_decimals_or_more(text: str, said: str) -> None:
    assert say.price(text) == said


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


def test_a_fill_is_told_in_one_line() -> None:
    assert fill_reply(filled()) == "Bought 0.0932 ETHUSDT at 2,682.51, fee 0.2500099 USDT"
    assert fill_reply(PARTIAL) == "Bought 0.05 ETHUSDT at 2,682.60, fee 0.00005 ETH. The rest expired"
    assert fill_reply(order(state="rejected", reason="no money")) == "Order rejected by the exchange: no money"
    partly = order(state="partially_filled", filled_qty="0.05", avg_price="2682.6", filled_quote="134.13")
    assert fill_reply(partly) == "Bought 0.05 ETHUSDT at 2,682.60 (0.05 of 0.0932 so far)"


@pytest.mark.parametrize(
    ("ns", "said"), [(45e9, "45 s"), (119e9, "119 s"), (180e9, "3 min"), (7_500e9, "2 h 5 min"), (-1, "0 s")]
)
def test_a_duration_is_said(ns: float, said: str) -> None:
    assert say.seconds(int(ns)) == said

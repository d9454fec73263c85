"""No message is refused for its length: not the samples, not wild ones, not whatever the engine may say."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_home import FACTS, HOMES
from sample_messages import MESSAGES, SMA
from sample_views import PRICE, filled, order, positions, proposal, status, trade

from bot.memory import Card
from bot.render import alert, answers, notes, risk
from bot.render.blocks import Message
from bot.render.home import May, home
from bot.render.order import fill_reply, order_message
from bot.render.trade import root
from engine.wire.events import ModeChanged, NewsHeard, Notice, TradingHalted
from engine.wire.replies import OrdersView
from engine.wire.safeguard_views import ControlView, LimitView, LockView, RiskView
from engine.wire.views import HealthView, OrderView, ProposalView, TradeView

HUGE = "<&>" * 5_000
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
    _assert_fits(message)


def _assert_fits(message: Message) -> None:
    """Judge a message. Source: Slack, "chat.postMessage"."""
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
            assert all(0 < len(element["text"]) <= 3_000 for element in block["elements"])
        case "actions":
            assert 0 < len(block["elements"]) <= 25
            assert len(block["block_id"]) <= 255
            for element in block["elements"]:
                _check_element(element)
        case "input":
            assert 0 < len(block["label"]["text"]) <= 2_000
        case "image":
            assert 0 < len(block["alt_text"]) <= 2_000
            assert ("slack_file" in block) != ("image_url" in block)
        case kind:
            assert kind == "divider"


def _check_element(element: dict[str, Any]) -> None:
    """Judge a button or a menu. Source: Slack, "Block Kit reference"."""
    assert len(element["action_id"]) <= 255
    if element["type"] == "static_select":
        assert 0 < len(element["placeholder"]["text"]) <= 150
        assert all(0 < len(option["text"]["text"]) <= 75 for option in element["options"])
        assert all(len(option["value"]) <= 150 for option in element["options"])
    else:
        assert 0 < len(element["text"]["text"]) <= 75
        assert 0 < len(element["accessibility_label"]) <= 75
        assert len(element["value"]) <= 2_000
    _check_question(element.get("confirm", {}))


def _check_question(confirm: dict[str, Any]) -> None:
    """Judge what a button asks before it acts. Source: Slack, "Confirmation dialog object"."""
    for part, limit in {"title": 100, "text": 300, "confirm": 30, "deny": 30}.items():
        assert len(confirm.get(part, {"text": ""})["text"]) <= limit


@pytest.mark.parametrize("name", [*HOMES, "wild"])
def test_a_home_is_within_slacks_limits(name: str) -> None:
    """Also one with more of everything than there is room for."""
    now = FACTS.now
    full = msgspec.structs.replace(
        now,
        status=status(strategies=(SMA,) * 90, health=(HealthView(HUGE, False, HUGE),) * 9, halt_reason="x" * 500),
        positions=positions(*(trade(symbol="S" * 300, exit_reason=HUGE) for _ in range(60))),
        proposals=tuple(proposal(strategy=HUGE, symbol="S" * 300, proposal_id=f"p-{n}") for n in range(60)),
    )
    view = HOMES[name] if name != "wild" else home(FACTS._replace(now=full), May(True, True), "x" * 2_000)
    assert 0 < len(view["blocks"]) <= 100
    for block in view["blocks"]:
        _check_block(block)
        if "accessory" in block:
            _check_element(block["accessory"])
    named = [block["block_id"] for block in view["blocks"] if "block_id" in block]
    assert len(named) == len(set(named))


WORDS = st.text(max_size=40) | st.sampled_from(("<&>" * 700, "*" * 4_000, "\n" * 500))
NAMES = st.text(max_size=300)
DECIMALS = st.just("") | st.decimals(-(10**12), 10**12, places=8).map(lambda value: f"{value:f}")
A_NAME = frozenset({"symbol", "base_asset", "quote_asset", "proposal_id", "fingerprint", "client_order_id", "trade_id"})
A_DECIMAL = frozenset({"qty", "filled_qty", "filled_quote", "notional_quote", "risk_quote", "pnl_quote"})


def any_of(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Make views of a kind: every text that the engine could fill in, names that it reads from the venue's list."""
    return st.builds(kind, **{field.name: _any_value(field) for field in msgspec.structs.fields(kind)})


def _any_value(field: msgspec.structs.FieldInfo) -> st.SearchStrategy[Any]:
    if get_origin(field.type) is Literal:
        return st.sampled_from(get_args(field.type))
    if field.type is str:
        is_decimal = field.name in A_DECIMAL or field.name.endswith("price")
        return DECIMALS if is_decimal else NAMES if field.name in A_NAME else WORDS
    if field.type is int:
        return st.integers(0, 2**62)
    if field.type in {bool, float}:
        return st.booleans() if field.type is bool else st.floats()
    if field.type == float | None:
        return st.none() | st.floats(0.0, 3e6)
    (item, *_) = get_args(field.type)
    return st.lists(WORDS if item is str else any_of(item), max_size=12).map(tuple)


@settings(max_examples=60)
@given(any_of(ProposalView), any_of(OrderView) | st.none(), any_of(TradeView) | st.none(), WORDS)
def test_whatever_the_engine_says_fits(
    proposal_: ProposalView, order_: OrderView | None, trade_: TradeView | None, words: str
) -> None:
    """An alert, an order and a trade, with whatever text and number is in them."""
    shown = [alert.alert(proposal_, order_, trade_, (words,) * 5)]
    if order_ is not None:
        shown += [
            Card("x", asked=words, order=order_, trade=trade_).render(),
            answers.orders(OrdersView((order_,), (order_,) * 12)),
        ]
        assert fill_reply(order_)
    if trade_ is not None:
        shown += [root(trade_), notes.closed(trade_), answers.positions(positions(trade_))]
    for message in shown:
        _assert_fits(message)


@settings(max_examples=60)
@given(any_of(NewsHeard), any_of(Notice), any_of(TradingHalted), any_of(ModeChanged))
def test_whatever_is_told_of_the_desk_fits(
    news: NewsHeard, notice: Notice, halted: TradingHalted, mode: ModeChanged
) -> None:
    for message in (notes.news(news), notes.notice(notice), notes.halted(halted), notes.mode_changed(mode)):
        _assert_fits(message)


@settings(max_examples=60)
@given(any_of(LimitView), any_of(LockView), any_of(ControlView), WORDS, st.integers(0, 80))
def test_whatever_the_limits_are_they_fit(
    limit: LimitView, lock: LockView, control: ControlView, tripped: str, count: int
) -> None:
    _assert_fits(risk.limits(RiskView((limit,) * count, (tripped,) * 12, (lock,) * 12, (control,) * count)))

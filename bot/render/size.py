"""The modal in which somebody takes an alert in another size: the amount, then what it comes to, then the order."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from bot.render.blocks import Block, clip, context, escape, section
from bot.render.preview import Ticket, facts
from bot.render.say import amount, money, number
from engine.wire.hand_views import PreviewView

SIZE: Final = "decide_size"
ASK: Final = "size_ask"
GIVE: Final = "size_give"
BLOCK: Final = "amount"
INPUT: Final = "amount_text"
_TITLE: Final = 24
_META: Final = 3_000
Modal = dict[str, Any]


class Alert(msgspec.Struct, frozen=True):
    """Which alert the modal is about, and where it stands: a modal's submission comes from no channel."""

    proposal_id: str
    fingerprint: str
    side: str
    symbol: str
    channel: str


class Given(msgspec.Struct, frozen=True):
    """What the last step of the modal carries."""

    ticket: Ticket
    channel: str


def ask(alert: Alert, view: PreviewView) -> Modal:
    """Ask how much, with what the strategy's own sizing would take now as the answer that stands there."""
    size = f"{amount(view.qty, view.base_asset)} for {money(view.notional_quote, view.quote_asset)}"
    intro = f"*{alert.side.capitalize()} {escape(alert.symbol)}.* By itself it would be {size} now."
    hint = f"{view.quote_asset}: 250 · {view.base_asset}: 0.1{view.base_asset.lower()} · a share: 10% · all"
    entry: Block = {
        "type": "input",
        "block_id": BLOCK,
        "label": {"type": "plain_text", "text": "How much?"},
        "hint": {"type": "plain_text", "text": hint},
        "element": {
            "type": "plain_text_input",
            "action_id": INPUT,
            "initial_value": f"{number(view.qty)}{view.base_asset.lower()}",
            "max_length": 40,
        },
    }
    blocks = [section(intro), entry, context("Nothing is ordered yet: you see first what it comes to.")]
    return _modal(ASK, f"Size of {alert.symbol}", blocks, "Check it", msgspec.json.encode(alert).decode())


def check(alert: Alert, ticket: Ticket, view: PreviewView) -> Modal:
    """Show what the amount comes to; submitting gives the order, checked once more."""
    given = msgspec.json.encode(Given(ticket, alert.channel)).decode()
    return _modal(GIVE, f"{alert.side.capitalize()} {alert.symbol}?", facts(view), alert.side.capitalize(), given)


def said(title: str, text: str) -> Modal:
    """Say in the modal's place what became of it."""
    return _modal("size_said", title, [section(escape(text))])


def _modal(callback_id: str, title: str, blocks: list[Block], submit: str = "", meta: str = "") -> Modal:
    if len(meta) > _META:
        raise ValueError(f"a modal's metadata has {len(meta)} characters, Slack takes {_META}")
    made: Modal = {
        "type": "modal",
        "callback_id": callback_id,
        "title": {"type": "plain_text", "text": clip(title, _TITLE)},
        "close": {"type": "plain_text", "text": "Cancel" if submit else "Close"},
        "blocks": blocks,
    }
    if submit:
        made["submit"] = {"type": "plain_text", "text": clip(submit, _TITLE)}
        made["private_metadata"] = meta
    return made

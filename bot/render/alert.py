"""An alert: what a strategy proposes with its buttons, or what it did, or what somebody decided."""

from __future__ import annotations

from typing import Final, NamedTuple

from bot.render import order as order_lines
from bot.render import trade as trade_lines
from bot.render.blocks import (
    Block,
    Message,
    Style,
    actions,
    button,
    clip,
    context,
    escape,
    fields,
    header,
    message,
    quotation,
    section,
)
from bot.render.say import money, number, price, seconds, who
from engine.wire.views import OrderView, ProposalView, TradeView

BUY: Final = "decide_buy"
SELL: Final = "decide_sell"
DISMISS: Final = "decide_dismiss"
HALT: Final = "halt_now"
_WORDS: Final = {
    "bought": "Bought",
    "sold": "Sold",
    "dismissed": "Dismissed",
    "expired": "Expired, nothing was done",
    "refused": "Refused by the gate",
    "acted": "Done automatically",
}


class Ticket(NamedTuple):
    """What a button carries: which proposal, and exactly what the person saw of it."""

    proposal_id: str
    fingerprint: str

    def __str__(self) -> str:
        return "|".join(self)

    @classmethod
    def read(cls, value: str) -> Ticket:
        """Read a button's value; raises ValueError for anything else."""
        proposal_id, fingerprint = value.split("|")
        return cls(proposal_id, fingerprint)


def alert(proposal: ProposalView, order: OrderView | None = None, trade: TradeView | None = None) -> Message:
    """Show a proposal as it is now: open with its buttons, or decided with what became of it."""
    if proposal.state == "open":
        return _open(proposal)
    return _decided(proposal, order, trade)


def _open(proposal: ProposalView) -> Message:
    verb = proposal.side.capitalize()
    life = seconds(proposal.ts_expires_ns - proposal.ts_opened_ns)
    text = (
        f"{verb} {escape(proposal.symbol)}? {escape(proposal.strategy)} is {proposal.confidence:.0%} sure: "
        f"{number(proposal.qty)} at {price(proposal.price)} for {money(proposal.notional_quote)}. "
        f"{_news_text(proposal)}Expires in {life}; expiring means no."
    )
    warning = [section(f":warning: *Mind:* {escape(proposal.warning)}")] if proposal.warning else []
    terms = (
        f"Expires {life} after it was posted; expiring means no. Price, size and limits are checked again at the click."
    )
    ticket = str(Ticket(proposal.proposal_id, proposal.fingerprint))
    return message(
        text,
        [
            header(f"{verb} {proposal.symbol}?"),
            *_news(proposal),
            _numbers(proposal),
            _reasons(proposal),
            *warning,
            actions(f"decide:{proposal.proposal_id}", _buttons(proposal, ticket)),
            context(f"{terms} {_name(proposal)}"),
        ],
    )


def _buttons(proposal: ProposalView, ticket: str) -> list[Block]:
    deal = f"{number(proposal.qty)} {proposal.symbol}"
    styles: dict[str, Style | None] = {proposal.side: "primary"}
    return [
        button(BUY, "Buy", ticket, f"Buy {deal}", styles.get("buy")),
        button(SELL, "Sell", ticket, f"Sell {proposal.symbol}", styles.get("sell")),
        button(DISMISS, "Dismiss", ticket, f"Dismiss the proposal to {proposal.side} {proposal.symbol}"),
    ]


def _decided(proposal: ProposalView, order: OrderView | None, trade: TradeView | None) -> Message:
    did = _WORDS[proposal.state]
    by = _by(proposal)
    outcome = escape(proposal.outcome)
    is_taken = proposal.state in {"bought", "sold", "acted"}
    said = [section(f"*{did}{by}.* {outcome}")]
    numbers = [_numbers(proposal)] if trade is None and is_taken else []
    order_part = order_lines.lines(order) if order is not None else []
    trade_part = trade_lines.lines(trade) if trade is not None else []
    buttons = _acted_buttons(proposal, trade)
    text = f"{did}{by}: {proposal.side} {escape(proposal.symbol)}. {outcome}".strip()
    if trade is not None:
        text = f"{text} {trade_lines.summary(trade)}"
    elif order is not None:
        text = f"{text} {order_lines.outcome(order)}"
    title = header(f"{proposal.side.capitalize()} {proposal.symbol}: {did.lower()}")
    small = context(_name(proposal))
    return message(text, [title, *_news(proposal), *said, *numbers, *order_part, *trade_part, *buttons, small])


def _by(proposal: ProposalView) -> str:
    if proposal.decided_by in {"", "auto"} or proposal.state == "expired":
        return ""
    if proposal.state == "refused":
        return f", asked for by {who(proposal.decided_by)}"
    return f" by {who(proposal.decided_by)}"


def _acted_buttons(proposal: ProposalView, trade: TradeView | None) -> list[Block]:
    if proposal.state != "acted" or (trade is not None and not trade.is_open):
        return []
    halt = button(HALT, "Halt", proposal.proposal_id, "Halt: no new entries from now on")
    return [actions(f"acted:{proposal.proposal_id}", [trade_lines.close_button(proposal.symbol), halt])]


def _numbers(proposal: ProposalView) -> Block:
    risk = money(proposal.risk_quote)
    bands = f"asks from {proposal.ask:.2f}, acts from {proposal.act:.2f}"
    return fields(
        [
            ("Confidence", f"{proposal.confidence:.2f} ({bands})"),
            ("Price", price(proposal.price)),
            ("Size", f"{number(proposal.qty)} for {money(proposal.notional_quote)}"),
            ("At risk", f"{risk} at the stop" if risk not in {"", "0.00"} else ""),
            ("Stop", trade_lines.level(proposal.stop_price, proposal.price)),
            ("Target", trade_lines.level(proposal.target_price, proposal.price)),
        ]
    )


def _news(proposal: ProposalView) -> list[Block]:
    if not proposal.headline:
        return []
    source = f":newspaper: from {escape(proposal.source)}"
    if proposal.url.startswith(("https://", "http://")):
        source += f" · <{escape(proposal.url)}|read it>"
    return [quotation(f"“{proposal.headline}”"), context(source)]


def _news_text(proposal: ProposalView) -> str:
    return f"News: {escape(clip(proposal.headline, 200))}. " if proposal.headline else ""


def _reasons(proposal: ProposalView) -> Block:
    reasons = "\n".join(f"• {escape(reason)}" for reason in proposal.reasons[:8])
    return section(f"*Why*\n{reasons or '• the strategy gave no reason'}")


def _name(proposal: ProposalView) -> str:
    return f"{escape(proposal.strategy)} ({proposal.kind}) · `{escape(proposal.proposal_id)}`"

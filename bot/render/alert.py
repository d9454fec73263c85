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
from bot.render.missed import would_have
from bot.render.say import amount, money, names, price, sentence, who
from bot.render.size import SIZE
from engine.wire.figures import in_r, plural, span
from engine.wire.hand_views import MissedProposalView
from engine.wire.order_phrases import FINISHED, has_fill
from engine.wire.phrases import bands
from engine.wire.views import OrderView, ProposalView, TradeView

BUY: Final = "decide_buy"
SELL: Final = "decide_sell"
DISMISS: Final = "decide_dismiss"
MUTE: Final = "mute_alerts"
HALT: Final = "halt_now"
_TAKEN: Final = frozenset({"bought", "sold", "acted"})
_DID: Final = {"buy": ("bought", "buying"), "sell": ("sold", "selling")}
_SIGNS: Final = {"dismissed": ":heavy_multiplication_x:", "expired": ":hourglass:", "refused": ":no_entry:"}
_LEFT: Final = {"dismissed": "Dismissed", "expired": "Expired", "refused": "Refused by the gate"}


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


def alert(
    proposal: ProposalView,
    order: OrderView | None = None,
    trade: TradeView | None = None,
    changes: tuple[str, ...] = (),
    missed: MissedProposalView | None = None,
) -> Message:
    """Show a proposal as it is now: open with its buttons, or decided with what became of it.

    ``missed`` is what it would have made where nobody took it, ``changes`` what was different at the click from what
    the alert had shown.
    """
    if proposal.state == "open" and proposal.kind == "arbitrage":
        return _open_pair(proposal)
    if proposal.state == "open":
        return _going(proposal) if proposal.goes else _open(proposal)
    return _taken(proposal, order, trade, changes) if proposal.state in _TAKEN else _left(proposal, missed)


def _open(proposal: ProposalView) -> Message:
    verb = proposal.side.capitalize()
    life = _life(proposal)
    text = (
        f"{verb} {escape(proposal.symbol)}? {escape(proposal.strategy)}, confidence {proposal.confidence:.2f}: "
        f"{_size(proposal)} at {price(proposal.price)}. {_news_text(proposal)}Expires in {life}; expiring means no."
    )
    warning = [section(f":warning: *Mind:* {names(proposal.warning)}")] if proposal.warning else []
    terms = f"Expires {life} after it was posted; expiring means no. Price, size and limits are checked at the click."
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
            context(terms),
            context(_name(proposal)),
        ],
    )


def _open_pair(proposal: ProposalView) -> Message:
    """Show a pair or a circle with its one way to be taken: its legs are worth something together only."""
    life, quote = _life(proposal), escape(proposal.quote_asset)
    legs = ", ".join(escape(reason) for reason in proposal.reasons[:2])
    text = f"Arbitrage in {escape(proposal.symbol)}? {legs}. Expires in {life}; expiring means no."
    ticket = str(Ticket(proposal.proposal_id, proposal.fingerprint))
    buttons = [
        button(BUY, "Take it", ticket, f"Take all legs: {', '.join(proposal.reasons[:2])}", "primary"),
        button(DISMISS, "Dismiss", ticket, f"Dismiss the arbitrage in {proposal.symbol}"),
        button(MUTE, "Mute 1 h", ticket, f"Mute {proposal.strategy} on {proposal.symbol} for 1 h"),
    ]
    warning = [section(f":warning: *Mind:* {names(proposal.warning)}")] if proposal.warning else []
    return message(
        text,
        [
            header(f"Arbitrage in {proposal.symbol}?"),
            _reasons(proposal),
            fields(
                [
                    ("Confidence", _confidence(proposal)),
                    ("Measured", escape(proposal.worth)),
                    ("Size", _size(proposal)),
                    ("Bought at about", f"{price(proposal.price)} {quote}"),
                ]
            ),
            *warning,
            actions(f"decide:{proposal.proposal_id}", buttons),
            context(
                f"Expires {life} after it was posted. Both books, both gates and the profit are checked at the click."
            ),
            context(_name(proposal)),
        ],
    )


def _going(proposal: ProposalView) -> Message:
    """Show what goes by itself unless somebody vetoes it: silence means yes here, and that is said first."""
    life, what = _life(proposal), f"{proposal.side} {escape(proposal.symbol)}"
    line = f"Goes by itself in {life} unless somebody vetoes it: {what}, {_size(proposal)} at {price(proposal.price)}"
    ticket = str(Ticket(proposal.proposal_id, proposal.fingerprint))
    deal = amount(proposal.qty, proposal.base_asset)
    buttons = [
        button(DISMISS, "Veto", ticket, f"Veto: do not {what}", "danger"),
        button(BUY, "Buy now", ticket, f"Buy {deal} now"),
    ]
    return message(
        f"{line}. {escape(proposal.strategy)}, confidence {proposal.confidence:.2f}. {_news_text(proposal)}".rstrip(),
        [
            header(f"{proposal.side.capitalize()} {proposal.symbol} in {life}, unless vetoed"),
            section(f":hourglass_flowing_sand: *{line}.*"),
            *_news(proposal),
            _numbers(proposal),
            _reasons(proposal),
            actions(f"decide:{proposal.proposal_id}", buttons),
            context("No answer means yes, for this one. Price, size and limits are checked again when it goes."),
            context(_name(proposal)),
        ],
    )


def _buttons(proposal: ProposalView, ticket: str) -> list[Block]:
    deal = amount(proposal.qty, proposal.base_asset)
    styles: dict[str, Style | None] = {proposal.side: "primary"}
    buy = [button(BUY, "Buy", ticket, f"Buy {deal}", styles.get("buy"))]
    return [
        *(buy if proposal.side == "buy" else []),  # an alert that says to sell has no size, stop or target to buy with
        button(SELL, "Sell", ticket, f"Sell {proposal.base_asset}", styles.get("sell")),
        button(SIZE, "Size…", f"{proposal.side}|{ticket}", f"{proposal.side.capitalize()} another size"),
        button(DISMISS, "Dismiss", ticket, f"Dismiss the proposal to {proposal.side} {proposal.symbol}"),
        button(MUTE, "Mute 1 h", ticket, f"Mute {proposal.strategy} on {proposal.symbol} for 1 h"),
    ]


def _taken(
    proposal: ProposalView, order: OrderView | None, trade: TradeView | None, changes: tuple[str, ...]
) -> Message:
    """Show an alert that became an order: who decided, what was filled, and the trade if it began one."""
    did = _did(proposal, order)
    by = "automatically" if proposal.state == "acted" else f"by {who(proposal.decided_by)}"
    became = order_lines.outcome(order) if order is not None else sentence(proposal.outcome).removesuffix(".")
    sign = order_lines.sign(order) if order is not None else ":hourglass_flowing_sand:"
    blocks = [
        header(f"{proposal.side.capitalize()} {proposal.symbol}: {did}"),
        *_news(proposal),
        section(f"*{did.capitalize()} {by}*\n{sign} {became}"),
        *([context(order_lines.small_print(order))] if order is not None else []),
        *([trade_lines.line(trade)] if trade is not None else []),
        *_acted_buttons(proposal, trade),
        *([context("At the click: " + escape(", ".join(changes)))] if changes else []),
        context(_name(proposal)),
    ]
    tail = f" {trade_lines.summary(trade)}" if trade is not None else ""
    return message(f"{did.capitalize()} {by}: {escape(proposal.symbol)}, {became}.{tail}", blocks)


def _left(proposal: ProposalView, missed: MissedProposalView | None) -> Message:
    """Show an alert that led to nothing, small: it needs nobody's attention any more."""
    is_dismissed = proposal.state == "dismissed"
    # Who dismissed it is all there is to say; the other two have a reason.
    by = f" by {who(proposal.decided_by)}" if is_dismissed and proposal.decided_by else ""
    why = "" if is_dismissed else sentence(proposal.outcome)
    line = f"{_LEFT[proposal.state]}{by}: {proposal.side} {escape(proposal.symbol)}."
    shown = f"{_SIGNS[proposal.state]} *{line}* {why}".rstrip()
    later = f"Bought then, {would_have(missed)}." if missed else ""
    after = [context(later)] if later else []
    text = " ".join(filter(None, (line, why, later)))
    return message(text, [*_news(proposal), context(shown), *after, context(_name(proposal))])


def _did(proposal: ProposalView, order: OrderView | None) -> str:
    side = {"bought": "buy", "sold": "sell"}.get(proposal.state, proposal.side)
    done, doing = _DID[side]
    if order is None or (order.state not in FINISHED and not has_fill(order)):
        return doing
    return done if has_fill(order) else f"not {done}, though asked for"


def _acted_buttons(proposal: ProposalView, trade: TradeView | None) -> list[Block]:
    if proposal.state != "acted" or (trade is not None and not trade.is_open):
        return []
    halt = button(HALT, "Halt", proposal.proposal_id, "Halt: no new entries from now on")
    return [actions(f"acted:{proposal.proposal_id}", [trade_lines.close_button(proposal.symbol), halt])]


def _numbers(proposal: ProposalView) -> Block:
    quote, risk = proposal.quote_asset, money(proposal.risk_quote, proposal.quote_asset)
    return fields(
        [
            ("Confidence", _confidence(proposal)),
            ("Price", f"{price(proposal.price)} {escape(quote)}"),
            ("Size", _size(proposal)),
            ("At risk", f"{risk} at the stop" if proposal.stop_price else ""),
            ("Stop", trade_lines.level(proposal.stop_price, proposal.price)),
            ("Target", trade_lines.level(proposal.target_price, proposal.price)),
            ("Measured", escape(proposal.worth)),
            ("Its record", _record(proposal)),
            ("Second opinion", escape(proposal.opinion)),
        ]
    )


def _record(proposal: ProposalView) -> str:
    """Say what a signal of this strategy was worth so far: confidence is a score, and this is what came of it."""
    trades = proposal.record_trades
    if not trades:
        return "no record yet: none of its signals was traded and closed"
    won = 100.0 * proposal.record_won / trades
    return f"{won:.0f} % of {plural(trades, 'such signal')} won, {in_r(proposal.record_r)} on average"


def _confidence(proposal: ProposalView) -> str:
    return f"{proposal.confidence:.2f} ({bands(proposal.ask, proposal.act)})"


def _life(proposal: ProposalView) -> str:
    return span((proposal.ts_expires_ns - proposal.ts_opened_ns) / 1e9)


def _size(proposal: ProposalView) -> str:
    return f"{amount(proposal.qty, proposal.base_asset)} for {money(proposal.notional_quote, proposal.quote_asset)}"


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
    confidence = "" if proposal.state == "open" else f" · confidence {proposal.confidence:.2f}"
    return f"{escape(proposal.strategy)} ({proposal.kind}){confidence} · `{escape(proposal.proposal_id)}`"

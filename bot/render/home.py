"""App Home: the desk on one page, each person with the controls that their role has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from bot.render import risk as risk_lines
from bot.render import trade as trade_lines
from bot.render.alert import Ticket
from bot.render.blocks import (
    Block,
    actions,
    button,
    clip,
    confirm,
    context,
    divider,
    escape,
    fields,
    header,
    section,
    select,
)
from bot.render.say import amount, gain, money, names, price, venue
from bot.render.spark import spark, spark_words
from engine.wire.answers import EquityView, PnlView
from engine.wire.figures import clock, is_some, plural, span
from engine.wire.phrases import made, tally
from engine.wire.replies import Snapshot
from engine.wire.safeguard_views import RiskView
from engine.wire.views import ProposalView, StatusView, StrategyView, TradeView

CLOSE: Final = "home_close"
TAKE: Final = "home_take"
DISMISS: Final = "home_dismiss"
HALT: Final = "home_halt"
RESUME: Final = "home_resume"
MODE: Final = "home_mode"
KILL: Final = "home_kill"
FLATTEN: Final = "home_flatten"
FLATTENED: Final = "home_flattened"
BLOCK: Final = "typed"
INPUT: Final = "typed_text"
WORD: Final = "FLATTEN"
"""What has to be typed before everything is sold."""
_MODES: Final = (("off", "off: signals are counted"), ("ask", "ask: a person decides"), ("auto", "auto: it acts"))
_MOST: Final = 10
_BLOCKS: Final = 100
"""Source: Slack, "Block Kit reference": a home has at most 100 blocks."""
_LINE: Final = 260
_LEAST_POINTS: Final = 2
_ALT: Final = 2_000
"""Source: Slack, "Image block": at most so much text for those who can't see it."""
View = dict[str, Any]


class Facts(NamedTuple):
    """All that a home shows, as of one moment; what the engine didn't answer is None."""

    now: Snapshot
    equity: EquityView | None
    today: PnlView | None
    week: PnlView | None
    risk: RiskView | None


class Picture(NamedTuple):
    """An image that Slack has."""

    source: dict[str, Any]
    """``slack_file`` or ``image_url``, as an image block names it."""
    words: str
    """What it shows, for those who can't see it."""


class May(NamedTuple):
    """What somebody may do."""

    trade: bool
    admin: bool


def home(facts: Facts, may: May, answer: str = "", curve: Picture | None = None) -> View:
    """Show the desk to somebody; ``answer`` is what the engine said to their last click.

    Without a picture of the curve it is a line of text.
    """
    blocks = [
        *([section(answer)] if answer else []),
        *_head(facts.now.status, may),
        *_worth(facts, curve),
        *_positions(facts.now.positions.positions, may),
        *_proposals(facts.now, may),
        *_state(facts),
        context(f"As of {clock(facts.now.status.ts_now_ns)}; it follows what happens while you look."),
    ]
    return {"type": "home", "blocks": blocks[:_BLOCKS]}


def away(why: str) -> View:
    """Say why there is nothing to show."""
    return {"type": "home", "blocks": [header("The desk"), section(escape(why))]}


def flatten_modal(symbols: Sequence[str]) -> View:
    """Ask for the word before everything is sold."""
    held = ", ".join(map(escape, symbols)) or "nothing at the moment"
    entry: Block = {
        "type": "input",
        "block_id": BLOCK,
        "label": {"type": "plain_text", "text": f"Type {WORD} to go on"},
        "element": {"type": "plain_text_input", "action_id": INPUT, "max_length": 20},
    }
    what = f"Trading halts at once, every open entry is cancelled, and all that is held is sold in slices: {held}."
    return {
        "type": "modal",
        "callback_id": FLATTENED,
        "title": {"type": "plain_text", "text": "Kill and sell all?"},
        "submit": {"type": "plain_text", "text": "Kill and sell"},
        "close": {"type": "plain_text", "text": "Not now"},
        "blocks": [section(what), entry, context("It holds until an admin types `/kill reset REASON`.")],
    }


def _head(status: StatusView, may: May) -> list[Block]:
    state = "Trading is *armed*" if status.is_armed else f"Trading is *halted* ({names(status.halt_reason)})"
    state = state.replace(" ()", "")
    sign = ":large_green_circle:" if status.is_armed else ":double_vertical_bar:"
    line = f"{sign} {state} on the {status.account} account at {venue(status.venue)} · mode *{escape(status.mode)}*"
    return [header("The desk"), section(line), *_controls(status, may)]


def _controls(status: StatusView, may: May) -> list[Block]:
    """Make the switches that this person may use: none for a viewer."""
    switches: list[Block] = []
    if may.admin:
        question = confirm("Set the mode?", "Of everything; a strategy's own mode may be stricter.", "Set it")
        switches.append(select(MODE, "Mode of everything", _MODES, status.mode, question))
    if may.trade and status.is_armed:
        question = confirm("Halt trading?", "No new entries; closes and exits go on. An admin arms it again.", "Halt")
        switches.append(button(HALT, "Halt", "home", "Halt: no new entries", confirm=question))
    if may.admin and not status.is_armed and status.account == "paper":
        question = confirm("Arm trading?", "Entries are allowed from then on.", "Arm it")
        switches.append(button(RESUME, "Resume", "home", "Arm trading", "primary", question))
    if may.admin:
        text = "It halts, cancels every open entry and leaves what is held with its protection, until it is reset."
        question = confirm("Kill trading?", text, "Kill")
        switches.append(button(KILL, "Kill", "all", "Kill: halt and cancel all entries", "danger", question))
        switches.append(button(FLATTEN, "Kill and sell…", "all", "Kill and sell all; asks for a word", "danger"))
    return [actions("home:controls", switches)] if switches else []


def _worth(facts: Facts, picture: Picture | None) -> list[Block]:
    asset = facts.now.positions.quote_asset
    held = [("Equity", money(facts.now.positions.equity_quote, asset))]
    held.append(("Unrealised", gain(facts.now.positions.unrealised_quote, asset)))
    for name, view in (("Today (UTC)", facts.today), ("7 days", facts.week)):
        if view is not None:
            made = gain(view.total.realised_quote, asset)
            held.append((f"{name}, realised", f"{made}, {plural(view.total.trades, 'trade')}"))
    return [divider(), fields(held), *_curve(facts.equity, picture)]


def _curve(view: EquityView | None, picture: Picture | None) -> list[Block]:
    """Draw the week; its numbers stand below as text, which is always of this moment."""
    if view is None or len(view.points) < _LEAST_POINTS:
        return []
    if picture is None:
        return [section(f"`{spark(view)}`\n{spark_words(view)}")]
    return [{"type": "image", "alt_text": clip(picture.words, _ALT), **picture.source}, context(spark_words(view))]


def _positions(held: tuple[TradeView, ...], may: May) -> list[Block]:
    blocks: list[Block] = [divider(), section(f"*Positions*{'' if held else ': nothing is held.'}")]
    for trade in held[:_MOST]:
        line = section(clip(f"*{escape(trade.symbol)}* {escape(made(trade))}\n{trade_lines.summary(trade)}", _LINE * 2))
        if may.trade:
            question = confirm(
                f"Close {trade.symbol}?", f"Sells all {trade.symbol} that is held, at the market.", "Close"
            )
            line["accessory"] = button(CLOSE, "Close", trade.symbol, f"Close {trade.symbol}", "danger", question)
        blocks.append(line)
    return [*blocks, *_more(len(held), "/positions")]


def _proposals(now: Snapshot, may: May) -> list[Block]:
    waiting = [each for each in now.proposals if each.state == "open"]
    blocks: list[Block] = [divider(), section(f"*Open proposals*{'' if waiting else ': none.'}")]
    for each in waiting[:_MOST]:
        blocks.append(section(_proposal(each, now.status.ts_now_ns)))
        if may.trade:
            ticket = str(Ticket(each.proposal_id, each.fingerprint))
            deal = f"{each.side.capitalize()} {amount(each.qty, each.base_asset)}"
            terms = "Price, size and limits are checked again at this moment."
            take = button(TAKE, each.side.capitalize(), f"{each.side}|{ticket}", deal, "primary", confirm(
                f"{deal}?", terms, each.side.capitalize()
            ))  # fmt: skip
            drop = button(DISMISS, "Dismiss", f"dismiss|{ticket}", f"Dismiss {each.side} {each.symbol}")
            blocks.append(actions(f"home:{each.proposal_id}", [take, drop]))
    return [*blocks, *_more(len(waiting), "/status")]


def _proposal(each: ProposalView, now_ns: int) -> str:
    left = span((each.ts_expires_ns - now_ns) / 1e9)
    risk = f", risk {money(each.risk_quote, each.quote_asset)}" if is_some(each.risk_quote) else ""
    silence = "then it goes by itself" if each.goes else "expiring means no"
    return clip(
        f"*{each.side.capitalize()} {escape(each.symbol)}?* {escape(each.strategy)}, confidence {each.confidence:.2f}: "
        f"{amount(each.qty, each.base_asset)} for {money(each.notional_quote, each.quote_asset)} at {price(each.price)}"
        f"{risk} · {left} left, {silence}",
        _LINE * 2,
    )


def _state(facts: Facts) -> list[Block]:
    status = facts.now.status
    ill = [f":x: *{escape(part.name)}*: {clip(escape(part.detail), _LINE)}" for part in status.health if not part.is_ok]
    alarms = sum(not alarm.acknowledged_by for alarm in facts.now.alarms)
    if alarms:
        ill.append(f":rotating_light: {plural(alarms, 'alarm')} that nobody has acknowledged")
    well = f":white_check_mark: all {len(status.health)} parts of the engine are well"
    blocks = [divider(), section("\n".join(["*Health*", *(ill or [well])]))]
    if facts.risk is not None:
        bars = risk_lines.bars(facts.risk) or ["nothing bars entries"]
        blocks.append(section("\n".join(["*Limits*", *bars, *risk_lines.used(facts.risk)])))
    on = [_strategy(each) for each in status.strategies if each.effective_mode != "off"]
    off = ", ".join(escape(each.name) for each in status.strategies if each.effective_mode == "off")
    rows = [*on[:_MOST], *([clip(f"off: {off}", _LINE * 2)] if off else [])]
    return [*blocks, section("\n".join(["*Strategies*", *(rows or ["none"])]))]


def _strategy(each: StrategyView) -> str:
    return f"• *{escape(each.name)}* {each.effective_mode} · {tally(each)}"


def _more(count: int, command: str) -> list[Block]:
    return [context(f"{count - _MOST} more: `{command}` lists them.")] if count > _MOST else []

"""Short messages about the desk itself: modes, halts, notices, headlines, and that the engine came or went."""

from __future__ import annotations

from bot.render import trade as trade_lines
from bot.render.answers import price_line, usage
from bot.render.blocks import Message, context, context_with, escape, message, section
from bot.render.say import names, venue, who
from engine.wire.events import ModeChanged, NewsHeard, Notice, TradingArmed, TradingHalted
from engine.wire.views import StatusView, TradeView

_SIGNS = {"info": ":information_source:", "warning": ":warning:", "critical": ":rotating_light:"}
_MODES = {
    "off": "signals are counted, nothing else happens",
    "ask": "signals wait here for a person",
    "auto": "signals over their act threshold are executed at once",
}
_KILLED = "killed by "
_WITHIN = {"ask": ", where the mode of everything isn't off", "auto": ", where the mode of everything is auto too"}
"""Of one strategy: the mode of everything holds it back."""


def mode_changed(event: ModeChanged) -> Message:
    """Say who set which mode."""
    whose = f"of {escape(event.strategy)}" if event.strategy else "of everything"
    if event.previous == event.mode:
        line = f"{who(event.by)} left the mode {whose} at {event.mode}"
    else:
        line = f"{who(event.by)} set the mode {whose} from {event.previous} to {event.mode}"
    meaning = f": {_MODES[event.mode]}" if event.mode in _MODES else ""
    if event.strategy:
        meaning += _WITHIN.get(event.mode, "")
    return _note(f":control_knobs: {line}{meaning}.", line)


def armed(event: TradingArmed) -> Message:
    """Say that entries are allowed."""
    line = f"Trading is armed by {who(event.by)}: entries are allowed from now on"
    return _note(f":large_green_circle: *{line}.* `/halt` stops them.", line)


def halted(event: TradingHalted) -> Message:
    """Say that entries have stopped, and why."""
    if event.reason.startswith(_KILLED):  # it names who did it
        line, again = f"Trading is halted: {names(event.reason)}", "resets it with `/kill reset REASON`"
    else:
        why = f": {names(event.reason)}" if event.reason else ""
        line, again = f"Trading is halted by {who(event.by)}{why}", "arms it again with `/resume`"
    tail = f"No new entries; closes and exits still work. An admin {again}."
    return _note(f":octagonal_sign: *{line}.* {tail}", line)


def closed(trade: TradeView) -> Message:
    """Say that a trade has ended by itself: its own message may be far up the channel by now."""
    return message(trade_lines.summary(trade), [trade_lines.line(trade)])


def notice(event: Notice) -> Message:
    """Say what a person should know."""
    line = f"{event.severity.capitalize()}: {escape(event.text)}"
    small = context(f"`{escape(event.code)}`")
    return message(
        line, [section(f"{_SIGNS[event.severity]} *{event.severity.capitalize()}* {escape(event.text)}"), small]
    )


def news(event: NewsHeard) -> Message:
    """Show a headline that led to nothing, small: what it is about, and why it was left."""
    link = f" · <{escape(event.url)}|read it>" if event.url.startswith(("https://", "http://")) else ""
    about, verdict = ", ".join(map(escape, event.symbols)), escape(event.verdict)
    small = f"{escape(event.source)}{link} · about {about} · {verdict} · confidence {event.confidence:.2f}"
    shown = context_with(":newspaper:", f"“{event.title}”", small)
    return message(f"News: {escape(event.title)} ({verdict})", [shown])


def welcome(status: StatusView) -> Message:
    """Say that an engine has started, what account it trades, and what to type first."""
    line = f"The engine is up: {status.account} account on {venue(status.venue)}, mode {status.mode}"
    if status.is_armed:
        state = "Trading is *armed*."
    else:
        why = f" ({names(status.halt_reason)})" if status.halt_reason else ""
        state = f"Trading is *halted*{why}: an admin types `/resume` to arm it."
    prices = "\n".join(map(price_line, status.prices[:5]))
    blocks = [section(f":wave: *{line}.* {state}"), *([section(prices)] if prices else []), context(usage(status))]
    return message(f"{line}, {'armed' if status.is_armed else 'halted'}", blocks)


def engine_lost() -> Message:
    """Say that nobody watches the positions."""
    line = "The engine doesn't answer: nothing is traded, and nobody watches the stops that aren't at the exchange"
    return _note(f":rotating_light: *{line}.* Look at the terminal where `trader run` runs.", line)


def engine_back() -> Message:
    """Say that the engine answers again."""
    line = "The engine answers again"
    return _note(f":white_check_mark: {line}.", line)


def _note(shown: str, text: str) -> Message:
    return message(text, [section(shown)])

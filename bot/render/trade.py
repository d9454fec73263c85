"""A trade, from its first fill to flat: the state on its root message, and what its thread is told."""

from __future__ import annotations

from bot.render.blocks import Block, Message, button, confirm, escape, fields, message, section
from bot.render.say import amount, distance, gain, money, price, sentence, who
from engine.wire.answers import RoundTripView, WhyView
from engine.wire.figures import span
from engine.wire.phrases import made, stop_name
from engine.wire.views import OrderStampsView, StepView, TradeView

CLOSE = "close_position"


def summary(trade: TradeView) -> str:
    """Say in one sentence how the trade stands; the result only once it is one, because a message stands still."""
    if trade.is_open:
        held = f"Holding {amount(trade.qty, trade.base_asset)} from {price(trade.entry_price)}"
        return ", ".join([held, *_exits(trade)]) + "."
    why = f" by {who(trade.exit_reason)}" if trade.exit_reason else ""
    at = f" at {price(trade.exit_price)}" if trade.exit_price else ""
    return f"Closed {escape(trade.base_asset)}{why}{at}: {escape(made(trade))}."


def told(what: str, text: str, trade: TradeView) -> str:
    """Say in the thread what just happened to the trade; ``text`` is how the engine says it."""
    if what == "closed":
        return summary(trade)
    sold = f" {gain(trade.realised_quote, trade.quote_asset)} realised so far." if trade.realised_quote else ""
    return f"{sentence(text)}{sold} {summary(trade)}"


def line(trade: TradeView) -> Block:
    """Show the trade below the order that began it."""
    if trade.is_open:
        return section(summary(trade))
    sign = ":chart_with_downwards_trend:" if trade.pnl_quote.startswith("-") else ":chart_with_upwards_trend:"
    return section(f"{sign} *{summary(trade)}*")


def table(trade: TradeView) -> Block:
    """Show an open trade with its result of this moment, for an answer that nobody reads later."""
    return fields(
        [
            ("Position", f"{amount(trade.qty, trade.base_asset)} at {price(trade.entry_price)}"),
            ("Result now", escape(made(trade))),
            (stop_name(trade).capitalize(), level(trade.stop_price, trade.entry_price) or "none"),
            ("Steps", "\n".join(_step(step, trade) for step in trade.steps)),
            ("Target", level(trade.target_price, trade.entry_price) or "none"),
            ("Time left", "" if trade.time_left_s is None else span(trade.time_left_s)),
        ]
    )


def root(trade: TradeView) -> Message:
    """Show a trade that nobody's message began, as the root of its thread."""
    title = section(f"*Trade {escape(trade.symbol)}* by {who(trade.origin)}")
    return message(f"Trade {escape(trade.symbol)}. {summary(trade)}", [title, line(trade)])


def outcome(trip: RoundTripView, why: WhyView | None) -> str:
    """Say what a closed trade made, in money and in R, what it cost, how long it took and how fast its entry was."""
    trade = trip.trade
    parts = [
        f"*{escape(trade.symbol)}: {escape(made(trade, trip.r_multiple))}*.",
        f"Fees {money(trip.fees_quote, trade.quote_asset)}, held for {span(trip.seconds)}.",
    ]
    if why is not None and why.latency is not None:
        parts.append(stages(why.latency))
    return " ".join(part for part in parts if part)


def stages(stamps: OrderStampsView) -> str:
    """Say when an order passed its stages, in milliseconds since its event; empty where nothing is known."""
    known = [f"{name} {ns / 1e6:.2f}" for name, ns in stamps.stamps_ns.items()]
    return f"Entry, in ms after the {stamps.event} event: {', '.join(known)}." if known else ""


def close_button(symbol: str) -> Block:
    """Make the button that closes the position of a symbol."""
    question = confirm(f"Close {symbol}?", f"Sells all {symbol} that is held, at the market.", "Close it")
    return button(CLOSE, "Close", symbol, f"Close the {symbol} position", "danger", question)


def level(text: str, entry: str) -> str:
    """Show a stop or target with its distance from the entry; empty for none."""
    if not text:
        return ""
    away = distance(text, entry)
    return f"{price(text)} ({away})" if away else price(text)


def _exits(trade: TradeView) -> list[str]:
    steps = [_step(step, trade) for step in trade.steps if not step.is_done]
    exits = ((stop_name(trade), trade.stop_price), ("target", trade.target_price))
    stop, target = ([f"{name} {level(text, trade.entry_price)}"] if text else [] for name, text in exits)
    return [*stop, *steps, *target]


def _step(step: StepView, trade: TradeView) -> str:
    """Show a target before the last one: ``50 % at 2,040.00 (+2.00 %)``."""
    return f"{step.part_pct:g} % at {level(step.price, trade.entry_price)}{', done' if step.is_done else ''}"

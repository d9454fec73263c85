"""A trade, from its first fill to flat: the state on its root message, and what its thread is told."""

from __future__ import annotations

from bot.render.blocks import Block, Message, button, confirm, escape, fields, message, section
from bot.render.say import amount, distance, gain, percent, price, sentence, who
from engine.wire.views import TradeView

CLOSE = "close_position"


def summary(trade: TradeView) -> str:
    """Say in one sentence how the trade stands; the result only once it is one, because a message stands still."""
    if trade.is_open:
        held = f"Holding {amount(trade.qty, trade.base_asset)} from {price(trade.entry_price)}"
        return ", ".join([held, *_exits(trade)]) + "."
    why = f" by {who(trade.exit_reason)}" if trade.exit_reason else ""
    at = f" at {price(trade.exit_price)}" if trade.exit_price else ""
    return f"Closed {escape(trade.base_asset)}{why}{at}: {_result(trade)}."


def told(what: str, text: str, trade: TradeView) -> str:
    """Say in the thread what just happened to the trade; ``text`` is how the engine says it."""
    return summary(trade) if what == "closed" else f"{sentence(text)} {summary(trade)}"


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
            ("Result now", _result(trade)),
            ("Stop", level(trade.stop_price, trade.entry_price) or "none"),
            ("Target", level(trade.target_price, trade.entry_price) or "none"),
        ]
    )


def root(trade: TradeView) -> Message:
    """Show a trade that nobody's message began, as the root of its thread."""
    title = section(f"*Trade {escape(trade.symbol)}* by {who(trade.origin)}")
    return message(f"Trade {escape(trade.symbol)}. {summary(trade)}", [title, line(trade)])


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
    exits = (("stop", trade.stop_price), ("target", trade.target_price))
    return [f"{name} {level(text, trade.entry_price)}" for name, text in exits if text]


def _result(trade: TradeView) -> str:
    return f"{gain(trade.pnl_quote, trade.quote_asset)} ({percent(trade.pnl_pct)})"

"""A trade, from its first fill to flat: the state on its root message, and what its thread is told."""

from __future__ import annotations

from bot.render.blocks import Block, Message, button, confirm, escape, fields, message, section
from bot.render.say import distance, gain, number, percent, price, who
from engine.wire.views import TradeView

CLOSE = "close_position"


def summary(trade: TradeView) -> str:
    """Say in one line how the trade stands."""
    result = f"{gain(trade.pnl_quote)} ({percent(trade.pnl_pct)})"
    if trade.is_open:
        return f"holding {number(trade.qty)} {escape(trade.symbol)} from {price(trade.entry_price)}: {result}"
    why = f" by {who(trade.exit_reason)}" if trade.exit_reason else ""
    at = f" at {price(trade.exit_price)}" if trade.exit_price else ""
    return f"closed {escape(trade.symbol)}{why}{at}: {result}"


def lines(trade: TradeView) -> list[Block]:
    """Show the trade as blocks."""
    if not trade.is_open:
        sign = ":chart_with_downwards_trend:" if trade.pnl_quote.startswith("-") else ":chart_with_upwards_trend:"
        said = summary(trade)
        return [section(f"{sign} *{said[0].upper()}{said[1:]}*")]
    return [
        fields(
            [
                ("Position", f"{number(trade.qty)} at {price(trade.entry_price)}"),
                ("Result so far", f"{gain(trade.pnl_quote)} ({percent(trade.pnl_pct)})"),
                ("Stop", level(trade.stop_price, trade.entry_price) or "none"),
                ("Target", level(trade.target_price, trade.entry_price) or "none"),
            ]
        )
    ]


def root(trade: TradeView) -> Message:
    """Show a trade that nobody's message began, as the root of its thread."""
    title = section(f"*Trade {escape(trade.symbol)}* by {who(trade.origin)}")
    return message(f"Trade {escape(trade.symbol)}: {summary(trade)}", [title, *lines(trade)])


def close_button(symbol: str) -> Block:
    """Make the button that closes the position of a symbol."""
    question = confirm(f"Close {symbol}?", f"Sells all {symbol} that is held, at the market.", "Close it")
    return button(CLOSE, "Close", symbol, f"Close the {symbol} position", "danger", question)


def level(text: str, entry: str) -> str:
    """Show a stop or target with its distance from the entry; empty for none."""
    return f"{price(text)} ({distance(text, entry)})" if text else ""

"""What each command does, how it is written, and examples that work: for Slack's help and the desk's alike."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final, NamedTuple


class Help(NamedTuple):
    """One command: what it does in a sentence, what may follow it, and examples."""

    does: str
    words: str
    examples: tuple[str, ...]


HELPS: Final[dict[str, Help]] = {
    "buy": Help(
        "Buys a symbol: for an amount of the quote currency, of the base asset, a part of what is free, or all.",
        "SYMBOL AMOUNT|all [STOP%] [TARGET%], or sl= tp= trail= be= time= limit=",
        (
            "buy eth 250",
            "buy ETH/USDT 0.1eth 2% 5%",
            "buy eth 10% sl=2% tp=2%:50,4%:50 time=4h",
            "buy eth 250 limit=2500:4h",
        ),
    ),
    "sell": Help(
        "Sells from a position, at the market or at a limit of your own, where it rests until it fills.",
        "SYMBOL AMOUNT|all [limit=PRICE]",
        ("sell eth 50%", "sell eth 0.1eth", "sell eth all limit=2700"),
    ),
    "close": Help(
        "Closes a position or all of them; works while halted.",
        "SYMBOL|all [PERCENT%]",
        ("close eth", "close eth 50%", "close all"),
    ),
    "cancel": Help(
        "Cancels open orders: one by its id or how that begins, those of a symbol, or all; works while halted.",
        "ID|SYMBOL|all",
        ("cancel tr-3f2a", "cancel eth", "cancel all"),
    ),
    "positions": Help("Shows what is held and what it is worth.", "", ("positions",)),
    "orders": Help("Shows open orders and the last finished ones, with their ids.", "", ("orders",)),
    "balance": Help("Shows every asset of the account and what it is worth.", "", ("balance",)),
    "pnl": Help(
        "Shows what was made and lost, by symbol and strategy, after fees, in money and in R.",
        "[today|day|week|month|all]",
        ("pnl", "pnl week", "pnl all"),
    ),
    "digest": Help(
        "Sums up the last 24 hours or 7 days: made and lost in money and R, halts, positions, what was not done.",
        "[day|week]",
        ("digest", "digest week"),
    ),
    "trades": Help(
        "Shows open and finished trades: profit in money, percent and R, how long, and who.",
        "[NUMBER] [SYMBOL]",
        ("trades", "trades 20", "trades eth"),
    ),
    "why": Help(
        "Shows the decision behind an order, a proposal or a trade: inputs, confidence, gate, latency.",
        "ID, or how it begins",
        ("why tr-3f2a", "why p-91c0", "why 3f2a"),
    ),
    "strategies": Help(
        "Shows every strategy with its numbers and signals; admins set thresholds, which holds over restarts.",
        "[set NAME PARAMETER VALUE|default]",
        ("strategies", "strategies set sma_cross ask 0.5", "strategies set sma_cross ask default"),
    ),
    "auto": Help(
        "Sets what signals may do, of everything or of one strategy.",
        "off|ask|auto [STRATEGY]",
        ("auto ask", "auto off sma_cross"),
    ),
    "watch": Help(
        "Tells once, in the channel, when a symbol trades at a price or beyond it.",
        "SYMBOL above|below PRICE, list, or off ID|all",
        ("watch eth above 2700", "watch list", "watch off w3"),
    ),
    "news": Help("Shows the last headlines and what was made of each.", "[NUMBER]", ("news", "news 5")),
    "missed": Help("Shows what proposals that nobody took would have made.", "", ("missed",)),
    "pairs": Help(
        "Shows how arbitrage between the two venues goes, or closes a pair beyond its loss limit.",
        "[close SYMBOL [MOST_LOSS]]",
        ("pairs", "pairs close eth 12.50"),
    ),
    "chart": Help(
        "Shows a symbol's candles: as a picture in Slack, as a table in a terminal.",
        "SYMBOL [1m|5m|15m|1h|4h|1d]",
        ("chart eth 4h", "chart iota"),
    ),
    "latency": Help("Shows how long the stages of our orders take.", "", ("latency",)),
    "status": Help("Shows mode, health, market and counts.", "", ("status",)),
    "drill": Help(
        "On paper: rehearses a kill, a Slack outage, an exchange that times out and a restart, on a desk of its own. "
        "In a terminal: trader drill desk.",
        "",
        ("drill",),
    ),
    "risk": Help(
        "Shows the limits and what has tripped; admins change and reset them.",
        "[set NAME VALUE because REASON], unset NAME because REASON, or reset REASON",
        ("risk", "risk set max_order_pct 0.5% because of the weekend", "risk reset seen and understood"),
    ),
    "lock": Help(
        "Bars entries of a symbol for a while; closes and exits go on.",
        "SYMBOL 30s|10m|1h|2d|off [because REASON]",
        ("lock eth 1h because of the unlock", "lock eth off"),
    ),
    "mute": Help(
        "Keeps a symbol, a strategy or a kind of message out of the channel for a while, never what is critical; "
        "in Slack, `me orders` takes your name out of such messages.",
        "SYMBOL|STRATEGY [on SYMBOL]|proposals|news|notices|me KIND [30m|1h|2d], list, or off [WHAT]",
        ("mute news 2h", "mute eth", "mute sma_cross on eth 1d", "mute list", "mute off"),
    ),
    "health": Help("Shows whether every process is well, part by part, and the open alarms.", "", ("health",)),
    "halt": Help("Stops all new entries at once.", "[REASON]", ("halt", "halt time for lunch")),
    "resume": Help("Arms trading; a live account wants the word LIVE.", "[LIVE]", ("resume", "resume LIVE")),
    "kill": Help(
        "Halts, cancels the open entries, and sells what is held if you say so; holds until it is reset.",
        "[flatten] [SYMBOL], or reset REASON",
        ("kill", "kill flatten eth", "kill reset it was a drill"),
    ),
    "reconcile": Help(
        "Compares with the exchange now; decides about foreign orders and other balances.",
        "[adopt|ignore ORDER_ID], or accept SYMBOL",
        ("reconcile", "reconcile ignore web_1", "reconcile accept eth"),
    ),
}


def nearest(word: str) -> str:
    """Return the command that a slip of the finger was meant for; empty where none is near."""
    near = get_close_matches(word.lower().lstrip("/"), list(HELPS), n=1, cutoff=0.75)
    return near[0] if near else ""

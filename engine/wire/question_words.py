"""The words of the questions about past, market and strategies, read once for Slack, the desk and the command line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, get_args

from engine.wire import questions as ask
from engine.wire.commands import AnyCommand, CancelOrder, GetLatency
from engine.wire.digest import DigestPeriod, GetDigest
from engine.wire.mute_words import read_mute
from engine.wire.pairs import ClosePair
from engine.wire.person import Who
from engine.wire.words import BadWords, read_nothing, read_symbol

PNL_USAGE: Final = "pnl [today|day|week|month|all]   for example: pnl week"
DIGEST_USAGE: Final = "digest [day|week]   for example: digest week"
TRADES_USAGE: Final = "trades [NUMBER] [SYMBOL]   for example: trades 20 eth"
STRATEGIES_USAGE: Final = (
    "strategies, or strategies set NAME PARAMETER VALUE|default   for example: strategies set sma_cross ask 0.5"
)
WHY_USAGE: Final = "why ID, of an order, a proposal or a trade   for example: why tr-3f2a"
NEWS_USAGE: Final = "news [NUMBER]   for example: news 5"
WATCH_USAGE: Final = "watch SYMBOL above|below PRICE, watch list, or watch off ID   for example: watch eth above 2700"
PAIRS_USAGE: Final = "pairs, or pairs close SYMBOL [MOST_LOSS]   for example: pairs close eth 12.50"
CANCEL_USAGE: Final = "cancel ID|SYMBOL|all   for example: cancel eth"
CHART_USAGE: Final = "chart SYMBOL [1m|5m|15m|1h|4h|1d]   for example: chart eth 4h"
_BARS: Final[dict[str, ask.BarName]] = {bar: bar for bar in get_args(ask.BarName)}
_PERIODS: Final[dict[str, ask.PeriodName]] = {
    "today": "today", "day": "day", "week": "week", "month": "month", "all": "all",
}  # fmt: skip
_DIGESTS: Final[dict[str, DigestPeriod]] = {period: period for period in get_args(DigestPeriod)}
_DIRECTIONS: Final[dict[str, ask.DirectionName]] = {
    "above": "above", ">": "above", "over": "above", "below": "below", "<": "below", "under": "below",
}  # fmt: skip
_COUNT: Final = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)
_ID: Final = re.compile(r"`?[A-Za-z0-9_:.-]{1,60}`?", re.ASCII)


def read_question(verb: str, text: str, command_id: str, who: Who) -> AnyCommand | None:
    """Read what follows a verb; None for a verb that is none of these. Raises BadWords."""
    reader = _READERS.get(verb)
    return reader(text.split(), command_id, who) if reader is not None else None


def _balance(words: list[str], command_id: str, who: Who) -> AnyCommand:
    read_nothing("balance", " ".join(words))
    return ask.GetBalance(id=command_id, who=who)


def _missed(words: list[str], command_id: str, who: Who) -> AnyCommand:
    read_nothing("missed", " ".join(words))
    return ask.GetMissed(id=command_id, who=who)


def _pairs(words: list[str], command_id: str, who: Who) -> AnyCommand:
    if not words:
        return ask.GetPairs(id=command_id, who=who)
    if words[0].lower() != "close" or len(words) not in (2, 3):
        raise BadWords(f"Say which one: {PAIRS_USAGE}")
    most_loss = words[2].lstrip("$") if len(words) == 3 else ""
    return ClosePair(id=command_id, who=who, pair=_id(words[1:2], PAIRS_USAGE), most_loss=most_loss)


def _latency(words: list[str], command_id: str, who: Who) -> AnyCommand:
    read_nothing("latency", " ".join(words))
    return GetLatency(id=command_id, who=who)


def _pnl(words: list[str], command_id: str, who: Who) -> AnyCommand:
    period = _PERIODS.get(words[0].lower()) if len(words) == 1 else "today" if not words else None
    if period is None:
        raise BadWords(f"Say of which time: {PNL_USAGE}")
    return ask.GetPnl(id=command_id, who=who, period=period)


def _digest(words: list[str], command_id: str, who: Who) -> AnyCommand:
    period = _DIGESTS.get(words[0].lower() if words else "day") if len(words) <= 1 else None
    if period is None:
        raise BadWords(f"Say of which time: {DIGEST_USAGE}")
    return GetDigest(id=command_id, who=who, period=period)


def _trades(words: list[str], command_id: str, who: Who) -> AnyCommand:
    counts = [word for word in words if _COUNT.fullmatch(word)]
    symbols = [word for word in words if word not in counts and word.lower() != "all"]
    if len(counts) > 1 or len(symbols) > 1:
        raise BadWords(f"Say how many, and of what: {TRADES_USAGE}")
    symbol = read_symbol(symbols[0]) if symbols else ""
    return ask.GetTrades(id=command_id, who=who, symbol=symbol, most=int(counts[0]) if counts else 10)


def _strategies(words: list[str], command_id: str, who: Who) -> AnyCommand:
    if not words:
        return ask.GetStrategies(id=command_id, who=who)
    if words[0].lower() != "set" or len(words) != 4:
        raise BadWords(f"Say what to set: {STRATEGIES_USAGE}")
    return ask.SetParameter(id=command_id, who=who, strategy=words[1], name=words[2], value=words[3])


def _why(words: list[str], command_id: str, who: Who) -> AnyCommand:
    return ask.GetWhy(id=command_id, who=who, what=_id(words, WHY_USAGE))


def _news(words: list[str], command_id: str, who: Who) -> AnyCommand:
    if len(words) > 1 or (words and not _COUNT.fullmatch(words[0])):
        raise BadWords(f"Say how many: {NEWS_USAGE}")
    return ask.GetNews(id=command_id, who=who, most=int(words[0]) if words else 10)


def _chart(words: list[str], command_id: str, who: Who) -> AnyCommand:
    if not 1 <= len(words) <= 2:
        raise BadWords(f"Say of what: {CHART_USAGE}")
    bar = _BARS.get(words[1].lower()) if len(words) == 2 else "5m"
    if bar is None:
        raise BadWords(f"{words[1]!r} is no length of a candle: {CHART_USAGE}")
    return ask.GetCandles(id=command_id, who=who, symbol=read_symbol(words[0]), bar=bar, most=120)


def _watch(words: list[str], command_id: str, who: Who) -> AnyCommand:
    verb = words[0].lower() if words else "list"
    if verb == "list" and len(words) <= 1:
        return ask.GetWatches(id=command_id, who=who)
    if verb == "off" and len(words) == 2:
        return ask.Unwatch(id=command_id, who=who, watch_id=words[1])
    direction = _DIRECTIONS.get(words[1].lower()) if len(words) == 3 else None
    if direction is None:
        raise BadWords(f"Say what to watch: {WATCH_USAGE}")
    price = words[2].lstrip("$").replace(",", "") if _is_grouped(words[2]) else words[2].lstrip("$")
    return ask.Watch(id=command_id, who=who, symbol=read_symbol(words[0]), direction=direction, price=price)


def _cancel(words: list[str], command_id: str, who: Who) -> AnyCommand:
    return CancelOrder(id=command_id, who=who, client_order_id=_id(words, CANCEL_USAGE))


def _id(words: list[str], usage: str) -> str:
    word = words[0].replace("/", "-") if len(words) == 1 else ""
    if not _ID.fullmatch(word.lstrip("$")):
        raise BadWords(f"Say which one: {usage}")
    return words[0].strip("`")


def _is_grouped(word: str) -> bool:
    """Say whether a number has its thousands apart: ``2,700`` has, ``2,7`` has not."""
    return re.fullmatch(r"\$?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", word, re.ASCII) is not None


_READERS: Final[dict[str, Callable[[list[str], str, Who], AnyCommand]]] = {
    "balance": _balance,
    "cancel": _cancel,
    "missed": _missed,
    "mute": read_mute,
    "chart": _chart,
    "digest": _digest,
    "latency": _latency,
    "news": _news,
    "pairs": _pairs,
    "pnl": _pnl,
    "strategies": _strategies,
    "trades": _trades,
    "watch": _watch,
    "why": _why,
}

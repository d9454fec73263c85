"""Which question is answered by what; each is a pure look at the core's memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import structs

from engine.core import market_answers, trade_answers
from engine.core.digest import digest
from engine.core.missed import MissedProposals
from engine.core.mutes import Mutes
from engine.core.parameters import Parameters
from engine.core.queries import Roster
from engine.core.symbols import find_symbol
from engine.core.trading import Trading
from engine.core.types import Symbol
from engine.core.watches import Watches
from engine.core.why import why
from engine.wire import questions
from engine.wire.digest import GetDigest
from engine.wire.mutes import GetMutes
from engine.wire.pairs import PairsView
from engine.wire.replies import Result


class Lookups:
    """The questions about past, market and strategies, one line each."""

    def __init__(
        self,
        trading: Trading,
        roster: Roster,
        parameters: Parameters,
        watches: Watches,
        mutes: Mutes,
        missed: MissedProposals,
    ) -> None:
        self._trading = trading
        self.pairs: Callable[[], PairsView] = self._no_pairs
        """Says how arbitrage goes, where there is a second venue."""
        self.circles: Callable[[], tuple[str, ...]] = tuple
        """Says how the circles of one venue go, a line for each thing."""
        self.answers: dict[type, Callable[[Any], Result]] = {
            questions.GetTrades: self._trades,
            questions.GetPnl: lambda asked: trade_answers.pnl(trading, asked.period),
            questions.GetEquity: lambda asked: trade_answers.equity(trading, asked.span_s, asked.points),
            questions.GetCandles: self._candles,
            questions.GetStrategies: lambda asked: parameters.view(),
            questions.GetWhy: lambda asked: why(trading, roster, asked.what),
            questions.GetNews: lambda asked: market_answers.headlines(trading, asked.most),
            questions.GetBalance: lambda asked: trade_answers.balances(trading),
            questions.GetWatches: lambda asked: watches.view(),
            GetMutes: lambda asked: mutes.view(),
            questions.GetMissed: lambda asked: missed.view(),
            GetDigest: lambda asked: digest(trading, missed, asked.period),
            questions.GetPairs: lambda asked: structs.replace(self.pairs(), circles=self.circles()),
        }

    def _no_pairs(self) -> PairsView:
        mode = self._trading.modes.effective("arbitrage")
        why = "name one in SECOND_REST_URL, or let `trader run` bring one (docs/arbitrage.md)"
        return PairsView(self._trading.config.quote_asset, mode, why, (), 0, 0, 0, "0.00", ())

    def _trades(self, asked: questions.GetTrades) -> Result:
        symbol = self._symbol(asked.symbol) if asked.symbol else None
        return trade_answers.round_trips(self._trading, symbol, asked.most)

    def _candles(self, asked: questions.GetCandles) -> Result:
        return market_answers.candles(self._trading, self._symbol(asked.symbol), asked.bar, asked.most)

    def _symbol(self, text: str) -> Symbol:
        return find_symbol(text, self._trading.markets, self._trading.config.quote_asset)

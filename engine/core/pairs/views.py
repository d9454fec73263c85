"""The pair desk as people see it."""

from __future__ import annotations

from typing import Final

from engine.core.instrument import money_text, scaled_text
from engine.core.pairs.desk import NAME, PairDesk
from engine.core.pairs.pair import Pair, Place
from engine.wire.pairs import PairsView, PairView, VenueSideView

_SHOWN: Final = 10


def pairs_view(desk: PairDesk) -> PairsView:
    """Show both venues, the sums since the start, and the last pairs, open ones first."""
    pairs = [*desk.open.values(), *reversed(desk.done)][:_SHOWN]
    near = desk.near.trading
    return PairsView(
        quote_asset=near.config.quote_asset,
        mode=near.modes.effective(NAME),
        bar=desk.bar,
        sides=tuple(_side(desk, place) for place in desk.places),
        taken=desk.taken,
        mended=desk.mended,
        refused=desk.refused,
        made_quote=money_text(desk.made_e8),
        pairs=tuple(_pair(desk, pair) for pair in pairs),
    )


def _side(desk: PairDesk, place: Place) -> VenueSideView:
    trading = place.trading
    held = ((symbol, trading.sellable_lots(symbol)) for symbol in desk.symbols())
    cash_e8 = min((trading.facts(symbol).cash_e8 for symbol in desk.symbols()), default=trading.portfolio.cash_e8)
    return VenueSideView(
        name=place.name,
        is_armed=trading.is_armed,
        equity_quote=money_text(trading.equity_e8()),
        free_quote=money_text(cash_e8),
        held=tuple(f"{place.market(symbol).instrument.qty_text(lots)} {symbol}" for symbol, lots in held if lots),
        open_orders=len(trading.orders.working()),
        answer_ms=round(desk.latency_s.get(place.name, 0.0) * 1e3, 3),
    )


def _pair(desk: PairDesk, pair: Pair) -> PairView:
    return PairView(
        text=" ".join(desk.words(pair)),
        profit_quote=scaled_text(pair.money_e8, 4),
        is_open=pair.symbol in desk.open and desk.open[pair.symbol] is pair,
        ts_ns=pair.opened_ns,
    )

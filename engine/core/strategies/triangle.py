"""Triangular arbitrage: what comes back as more when it goes once around three books of one venue, after three fees."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from engine.core.instrument import E8, Instrument
from engine.core.kernels.crossing import sweep
from engine.core.kernels.triangle import circle
from engine.core.market import BookSide, Market
from engine.core.types import Symbol

_around: Final[Callable[..., tuple[float, int, int, int]]] = circle


class Path(NamedTuple):
    """One way around: money buys the middle asset, that is changed for the end asset, and that is sold for money."""

    first: Market
    cross: Market
    last: Market
    is_buy: bool
    """The cross is bought with the middle asset; else the middle asset is sold there."""

    @property
    def middle(self) -> str:
        """What the first leg buys."""
        return self.first.instrument.base_asset

    @property
    def end(self) -> str:
        """What the last leg sells."""
        return self.last.instrument.base_asset

    @property
    def markets(self) -> tuple[Market, Market, Market]:
        """All three, in order."""
        return self.first, self.cross, self.last


class Round(NamedTuple):
    """A circle that is above cost, in whole lots: what each leg takes, and the worst price reckoned with."""

    path: Path
    lots: tuple[int, int, int]
    ticks: tuple[int, int, int]
    paid_e8: float
    """In 1e-8 of the quote asset."""
    profit: float
    """After three fees and rounding, as a part of what is paid; what rounding leaves over counts as nothing."""
    needed: float

    @property
    def confidence(self) -> float:
        """How far the profit is above what it must be: 0.5 is just enough, 0.75 three times that."""
        return self.profit / (self.profit + self.needed) if self.profit > 0.0 else 0.0


def crossing_of(names: Iterable[str], instruments: Sequence[Instrument], quote_asset: str) -> Instrument | None:
    """Return the one of three symbols that is not priced in the quote asset; None where no circle is named.

    Raises ValueError with a sentence where the three are no circle.
    """
    wanted = tuple(names)
    if not wanted:
        return None
    known = [it for it in instruments if it.symbol in wanted]
    crosses = [it for it in known if it.quote_asset != quote_asset]
    bases = {it.base_asset for it in known if it.quote_asset == quote_asset}
    if len(known) != 3 or len(crosses) != 1 or bases != {crosses[0].base_asset, crosses[0].quote_asset}:
        raise ValueError(
            f"{', '.join(wanted)} is no circle: name three symbols that are followed, two priced in {quote_asset} and"
            " one of the first's coin priced in the second's, for example BTCUSDT, ETHUSDT, ETHBTC."
        )
    return crosses[0]


def paths_of(names: Iterable[str], markets: dict[Symbol, Market], quote_asset: str) -> tuple[Path, ...]:
    """Return both ways around three symbols; none where no circle is named. Raises ValueError as ``crossing_of``."""
    it = crossing_of(names, [market.instrument for market in markets.values()], quote_asset)
    if it is None:
        return ()
    cross, by_base = markets[it.symbol], {}
    for market in markets.values():
        if market.instrument.quote_asset == quote_asset:
            by_base[market.instrument.base_asset] = market
    bridge, direct = by_base[it.quote_asset], by_base[it.base_asset]
    return Path(bridge, cross, direct, True), Path(direct, cross, bridge, False)


def best_round(path: Path, fee: float, needed: float, most_e8: float) -> Round | None:
    """Return what is above cost on the books as they stand, rounded to what the venue takes, or None.

    ``fee``, ``needed``: parts of one; ``most_e8``: the most to spend, in 1e-8 of the quote asset.
    """
    sides = (path.first.book.asks, path.cross.book.asks if path.is_buy else path.cross.book.bids, path.last.book.bids)
    buys = (True, path.is_buy, False)
    words = [_words(side, market, is_buy) for side, market, is_buy in zip(sides, path.markets, buys, strict=True)]
    spent_e8, *ticks = _around(*words[0], *words[1], *words[2], fee, needed, most_e8)
    if spent_e8 <= 0.0:
        return None
    one, two, three = (market.instrument for market in path.markets)
    lots_1 = math.floor(spent_e8 / (ticks[0] * one.tick_e8 / E8) / one.lot_e8)
    middle_e8 = lots_1 * one.lot_e8 * (1.0 - fee)
    price_2 = ticks[1] * two.tick_e8 / E8 if path.is_buy else 1.0
    lots_2 = math.floor(middle_e8 / price_2 / two.lot_e8)
    end_e8 = (lots_2 * two.lot_e8 if path.is_buy else _swept(sides[1], two, lots_2)) * (1.0 - fee)
    lots_3 = math.floor(end_e8 / three.lot_e8)
    paid_e8, back_e8 = _swept(sides[0], one, lots_1), _swept(sides[2], three, lots_3) * (1.0 - fee)
    if not (paid_e8 and back_e8 and lots_2) or back_e8 / paid_e8 - 1.0 < needed:
        return None
    return Round(path, (lots_1, lots_2, lots_3), tuple(ticks), paid_e8, back_e8 / paid_e8 - 1.0, needed)  # type: ignore[arg-type]


def _words(side: BookSide, market: Market, is_buy: bool) -> tuple[object, ...]:
    it = market.instrument
    return side.keys, side.lots, side.count, it.tick_e8, it.lot_e8, is_buy


def _swept(side: BookSide, it: Instrument, lots: int) -> float:
    return float(sweep(side.keys, side.lots, side.count, it.tick_e8, it.lot_e8, lots * it.lot_e8)[0])

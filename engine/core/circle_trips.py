"""A circle that is not over, as money sees it: a round trip of the coin that it bought first.

What it changes that coin for counts as so much of it, by the price of that leg: so there is one amount that is held,
one price at which it was bought, and one at which it was left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from engine.core.instrument import E8, Instrument
from engine.core.orders import Fill
from engine.core.types import Side

if TYPE_CHECKING:  # and no compiled function for those who only count
    from engine.core.market import Market
    from engine.core.portfolio import RoundTrip

USUAL_FEE_PPM: Final = 1_000
"""Source: Binance, spot trading fees without a discount, 0.1 %."""


class OpenCircle:
    """Its round trip, and what it holds of each coin; amounts in 1e-8 of their asset."""

    __slots__ = ("nets_e8", "trip")

    def __init__(self, trip: RoundTrip) -> None:
        self.trip = trip
        self.nets_e8: dict[str, int] = {}

    def on_fill(self, fill: Fill, instrument: Instrument, *, is_cross: bool) -> int:
        """Count a fill of one of its legs; return what a sale for money has made.

        ``is_cross``: of the leg that is not priced in money.
        """
        self.trip.fills += 1
        amount_e8 = fill.qty_lots * instrument.lot_e8
        quote_e8 = instrument.notional_e8(fill.price_ticks, fill.qty_lots)
        if is_cross:
            self._change(fill, instrument, amount_e8, quote_e8)
        elif fill.side is Side.BUY:
            self._buy(fill, instrument, amount_e8, quote_e8)
        else:
            return self._sell(fill, instrument, amount_e8, quote_e8)
        return 0

    def value_e8(self, by_coin: Mapping[str, Market]) -> int:
        """Value what it holds, in money: at the bid, else at the last trade, else at what was paid, never at nothing.

        ``by_coin``: each coin's market in money.
        """
        value_e8 = 0
        for coin, amount_e8 in self.nets_e8.items():
            market = by_coin.get(coin)
            price = 0 if market is None else (market.bid_ticks or market.last_ticks) * market.instrument.tick_e8
            if amount_e8 > 0 and not price:
                return max(self.trip.cost_e8 - self.trip.proceeds_e8, 0)
            value_e8 += amount_e8 * price // E8
        return max(value_e8, 0)

    def _buy(self, fill: Fill, it: Instrument, amount_e8: int, quote_e8: int) -> None:
        trip = self.trip
        self._add(it.base_asset, amount_e8)
        trip.base_e8 += amount_e8
        trip.bought_e8 += amount_e8
        trip.bought_quote_e8 += quote_e8
        fee_e8 = self._fee_e8(fill, it, quote_e8)
        trip.buy_fees_e8 += fee_e8
        paid_e8 = quote_e8 + (fee_e8 if fill.fee_asset == it.quote_asset else 0)
        trip.cost_e8, trip.open_cost_e8 = trip.cost_e8 + paid_e8, trip.open_cost_e8 + paid_e8

    def _sell(self, fill: Fill, it: Instrument, amount_e8: int, quote_e8: int) -> int:
        trip, before_e8 = self.trip, self.trip.base_e8
        trip.sold_e8 += self._take(it.base_asset, amount_e8)
        trip.sold_quote_e8 += quote_e8
        fee_e8 = self._fee_e8(fill, it, quote_e8)
        received_e8 = quote_e8 - (fee_e8 if fill.fee_asset == it.quote_asset else 0)
        trip.proceeds_e8 += received_e8
        return trip.realise(received_e8, before_e8, fill.ts_ns)

    def _change(self, fill: Fill, it: Instrument, amount_e8: int, quote_e8: int) -> None:
        """One coin for the other: the amount that is held, in coins of the first, stays what it was."""
        side = int(fill.side)
        self._add(it.base_asset, side * amount_e8)
        self._add(it.quote_asset, -side * quote_e8)
        worth_e8 = self._in_money_e8(amount_e8 if it.base_asset == self._first else quote_e8)
        self._fee_e8(fill, it, worth_e8, is_cross=True)

    @property
    def _first(self) -> str:
        return self.trip.instrument.base_asset

    def _fee_e8(self, fill: Fill, it: Instrument, worth_e8: int, *, is_cross: bool = False) -> int:
        """Take a fill's fee from where it was paid; return it in money, and count it among the trip's fees."""
        if fill.fee_asset == it.quote_asset and not is_cross:
            fee_e8 = fill.fee_e8
        elif fill.fee_asset in (it.base_asset, it.quote_asset):
            fee_e8 = self._in_money_e8(self._take(fill.fee_asset, fill.fee_e8))
        else:
            fee_e8 = worth_e8 * USUAL_FEE_PPM // 1_000_000 if fill.fee_e8 else 0
        self.trip.fees_e8 += fee_e8
        return fee_e8

    def _in_money_e8(self, first_e8: int) -> int:
        """Value so much of the first coin at what it was bought for."""
        trip = self.trip
        return first_e8 * trip.bought_quote_e8 // trip.bought_e8 if trip.bought_e8 else 0

    def _add(self, asset: str, amount_e8: int) -> None:
        self.nets_e8[asset] = self.nets_e8.get(asset, 0) + amount_e8

    def _take(self, asset: str, amount_e8: int) -> int:
        """Take so much of a coin from what is held; return how much of the first coin that is."""
        held_e8, trip, part_e8 = self.nets_e8.get(asset, 0), self.trip, amount_e8
        if asset != self._first:
            others_e8 = trip.base_e8 - self.nets_e8.get(self._first, 0)
            part_e8 = others_e8 * amount_e8 // held_e8 if held_e8 > 0 else 0
        trip.base_e8 -= part_e8
        self._add(asset, -amount_e8)
        return part_e8

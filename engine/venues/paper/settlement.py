"""What a match costs and brings: the money of a fill, and what self-trade prevention takes instead."""

from __future__ import annotations

from msgspec.structs import replace

from engine.core.types import Side
from engine.venues.paper.accounts import Account
from engine.venues.paper.orders import Fill, Order, StpMode
from engine.venues.paper.rules import SymbolRules
from engine.venues.paper.units import PPM


def settle(account: Account, rules: SymbolRules, order: Order, fill: Fill, fee_ppm: int) -> Fill:
    """Move the money of a fill; return the fill with its fee, which is taken from what is received, rounded down."""
    is_buy = order.side is Side.BUY
    paid, received = (fill.quote, fill.qty) if is_buy else (fill.qty, fill.quote)
    asset = rules.base_asset if is_buy else rules.quote_asset
    fee = received * fee_ppm // PPM
    account.spend(order.hold, paid)
    account.receive(asset, received - fee)
    return replace(fill, fee=fee, fee_asset=asset)


def prevented(taker: Order, maker: Order) -> list[Order]:
    """Return which of an account's two orders end instead of trading with each other, by the taker's mode.

    DECREMENT takes the smaller quantity from both, so that the smaller one ends. Source: Binance spot,
    "Self Trade Prevention (STP) FAQ".
    """
    mode = taker.request.stp_mode
    if mode is not StpMode.DECREMENT:
        return {StpMode.EXPIRE_MAKER: [maker], StpMode.EXPIRE_TAKER: [taker]}.get(mode, [maker, taker])
    both = min(taker.leaves, maker.leaves)
    ended = [order for order in (maker, taker) if order.leaves == both]
    for order in (maker, taker):
        order.prevented += both
    return ended

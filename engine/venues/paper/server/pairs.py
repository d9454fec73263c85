"""Which two orders may make an OCO: a stop on one side, a target on the other.

Source: Binance spot documentation, "Error codes for Binance", -1158 to -1199.
"""

from __future__ import annotations

from typing import Final

from engine.core.types import OrderType, Side
from engine.venues.paper.errors import Refused
from engine.venues.paper.orders import PROFITS, STOPS, NewOrder

_TYPES: Final = STOPS | PROFITS | {OrderType.LIMIT_MAKER}
_STOP_IS_TARGET: Final = {
    Side.BUY: (-1196, "A stop loss order in a buy OCO must be above."),
    Side.SELL: (-1197, "A stop loss order in a sell OCO must be below."),
}
_LIMIT_IS_STOP: Final = {
    Side.BUY: (-1165, "A limit order in a buy OCO must be below."),
    Side.SELL: (-1166, "A limit order in a sell OCO must be above."),
}
_PROFIT_IS_STOP: Final = {
    Side.BUY: (-1198, "A take profit order in a buy OCO must be below."),
    Side.SELL: (-1199, "A take profit order in a sell OCO must be above."),
}


def check_pair(above: NewOrder, below: NewOrder) -> None:
    """Pass the two legs of an OCO, or raise Refused."""
    stop, target = (below, above) if above.side is Side.SELL else (above, below)
    if not {stop.type, target.type} <= _TYPES:
        raise Refused(-1158, "Order type not supported in OCO.")
    if stop.type is target.type is OrderType.LIMIT_MAKER:
        raise Refused(-1168, "At least one OCO order must be contingent.")
    if target.type in STOPS:
        raise Refused(*_STOP_IS_TARGET[above.side])
    if stop.type is OrderType.LIMIT_MAKER:
        raise Refused(*_LIMIT_IS_STOP[above.side])
    if stop.type in PROFITS:
        raise Refused(*_PROFIT_IS_STOP[above.side])

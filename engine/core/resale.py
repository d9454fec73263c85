"""Asks once more for a person's sale whose way was not free: the protection that had to go was about to fill."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from engine.core.trading import Trading
from engine.core.types import ApprovedOrder, OrderType, Refusal, Symbol, TimeInForce

_AGAIN: Final = ":again"


class Resale:
    """Keeps the sales that did not leave until it is known what of the protection is left."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._sales: dict[Symbol, list[ApprovedOrder]] = {}

    def keep(self, sale: ApprovedOrder) -> None:
        """Remember a sale that did not leave, if nobody else sees to it and this was its first try."""
        is_own = sale.cause_id.startswith(("command:", "proposal:", "signal:")) and not sale.cause_id.endswith(_AGAIN)
        if is_own and not self._trading.was_ordered(sale.cause_id + _AGAIN):
            self._sales.setdefault(sale.symbol, []).append(sale)

    def forget(self, symbol: Symbol) -> None:
        """Drop what was to be sold: nothing is held any more."""
        self._sales.pop(symbol, None)

    def try_again(self, symbol: Symbol) -> bool:
        """Ask for the sales of a symbol once more; say whether any is on its way now."""
        tried = [self._sell(sale) for sale in self._sales.pop(symbol, ())]
        return any(tried)

    def _sell(self, sale: ApprovedOrder) -> bool:
        trading, symbol, cause = self._trading, sale.symbol, sale.cause_id + _AGAIN
        is_offer = sale.time_in_force is TimeInForce.GTC
        left_lots = trading.unoffered_lots(symbol) if is_offer else trading.sellable_lots(symbol)
        trading.last_hop.cause_in(cause)
        request = trading.reduction(symbol, cause, sale.origin, max(min(sale.qty_lots, left_lots), 0))
        if is_offer:  # at its limit as before, and never at the market
            request = replace(request, order_type=OrderType.LIMIT, limit_ticks=sale.price_ticks)
        result = trading.submit(request)
        if isinstance(result, Refusal):
            words = f"The sale {sale.client_order_id} of {symbol} did not leave: {result}. {result.advice}"
            trading.notice("critical", result.code, words)
            return False
        words = f"Order {sale.client_order_id} met a protective order that was about to fill; it is sent once more, as"
        trading.notice("info", "SALE_AGAIN", f"{words} {result.client_order_id}.")
        return True

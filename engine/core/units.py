"""What becomes of a symbol whose rules the venue changes while the engine runs."""

from __future__ import annotations

import msgspec

from engine.core.instrument import Instrument
from engine.core.trading import Trading


def change_instrument(trading: Trading, changed: Instrument) -> None:
    """Take a symbol's new rules; new units stop trading instead.

    Positions, orders and the journal count in the old ticks and lots: read in new ones, they would be other
    amounts. So nothing of the symbol is ordered any more, and a person is told.
    """
    market = trading.heard[changed.symbol]
    known = market.instrument
    if (changed.tick_e8, changed.lot_e8) == (known.tick_e8, known.lot_e8):
        market.instrument = changed
        return
    market.instrument, market.book.is_in_sync = msgspec.structs.replace(known, is_trading=False), False
    words = f"The venue changed the tick or lot size of {changed.symbol}: close it there, then restart the engine."
    trading.halt("C8_UNITS", words)
    trading.notice("critical", "C8_UNITS", words)

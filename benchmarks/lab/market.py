"""A market of one symbol that rises one tick a trade, so that every trade is a signal and every price is one event's.

The aggressor always buys and the price always stands above its average: the real order-flow strategy then leans the
same way at every trade, and with a cool-down of nothing (``lab/engine.toml``) says so at every trade.
"""

from __future__ import annotations

import time
from typing import Final

from benchmarks.lab.frames import frame
from benchmarks.lab.headlines import Headlines

SYMBOL: Final = "ETHUSDT"
TICKS_OF_ONE: Final = 100
"""A tick is 0.01."""
FIRST_TICKS: Final = 200_000
COLLAR_PCT: Final = 2.0
"""As in ``lab/engine.toml``."""
_LEVELS: Final = 20

_TRADE: Final = (
    b'{"e":"trade","E":%d,"s":"ETHUSDT","t":%d,"p":"%d.%02d000000","q":"0.25000000","T":%d,"m":false,"M":true}'
)
_QUOTE: Final = b'{"u":%d,"s":"ETHUSDT","b":"%d.%02d000000","B":"3.02920000","a":"%d.%02d000000","A":"31.43950000"}'
_DEPTH: Final = b'{"e":"depthUpdate","E":%d,"s":"ETHUSDT","U":%d,"u":%d,"b":[%b],"a":[%b]}'
_COMBINED: Final = b'{"stream":"ethusdt@%b","data":%b}'


class Market:
    """Writes the next frame of each kind; ``is_combined`` says how the client wants them."""

    def __init__(self) -> None:
        self.is_combined = True
        self.ticks = FIRST_TICKS
        self._fill_id = 1_000
        self._quote_id = 5_000
        self._depth_id = 5_000
        self._ms = time.time_ns() // 1_000_000
        self.headlines = Headlines()

    def headline(self) -> bytes:
        """Write the next headline, published at the last trade's time."""
        return self.headlines.next(self._ms)

    def trade(self) -> bytes:
        """Write the next trade, one tick higher and one millisecond later by the venue's clock."""
        self.ticks += 1
        self._fill_id += 1
        self._ms += 1
        payload = _TRADE % (self._ms, self._fill_id, *_price(self.ticks), self._ms)
        return self._frame(b"trade", payload)

    def quote(self) -> bytes:
        """Write the best bid and ask around the last trade."""
        self._quote_id += 1
        payload = _QUOTE % (self._quote_id, *_price(self.ticks - 1), *_price(self.ticks + 1))
        return self._frame(b"bookTicker", payload)

    def depth(self) -> bytes:
        """Write a change of twenty levels on each side."""
        first = self._depth_id + 1
        self._depth_id += 10
        bids, asks = self._levels(-1), self._levels(1)
        return self._frame(b"depth@100ms", _DEPTH % (self._ms, first, self._depth_id, bids, asks))

    def snapshot(self) -> bytes:
        """Write the whole book as REST answers it."""
        bids, asks = self._levels(-1), self._levels(1)
        return b'{"lastUpdateId":%d,"bids":[%b],"asks":[%b]}' % (self._depth_id, bids, asks)

    def candles(self, count: int) -> bytes:
        """Write one-minute candles up to now as REST answers them."""
        first_ms = self._ms - self._ms % 60_000 - (count - 1) * 60_000
        rows = (_candle(first_ms + i * 60_000, i % 5) for i in range(count))
        return b"[" + b",".join(rows) + b"]"

    def _frame(self, stream: bytes, payload: bytes) -> bytes:
        return frame(_COMBINED % (stream, payload) if self.is_combined else payload)

    def _levels(self, sign: int) -> bytes:
        levels = (
            b'["%d.%02d000000","%d.00000000"]' % (*_price(self.ticks + sign * i), i) for i in range(1, _LEVELS + 1)
        )
        return b",".join(levels)


def collar_ticks(ticks: int) -> int:
    """Return the limit that the gate gives a market buy after a trade at so many ticks (C4)."""
    return ticks + int(ticks * COLLAR_PCT / 100.0)


def read_ticks(text: str) -> int:
    """Read a price in ticks; raises ValueError for one that lies on none."""
    whole, _, part = text.partition(".")
    if part[2:].strip("0"):
        raise ValueError(f"{text} lies on no tick")
    return int(whole) * TICKS_OF_ONE + int(part[:2].ljust(2, "0"))


def _price(ticks: int) -> tuple[int, int]:
    return divmod(ticks, TICKS_OF_ONE)


def _candle(open_ms: int, up: int) -> bytes:
    price = b'"%d.%02d000000"' % _price(FIRST_TICKS + up)
    row = b'[%d,%b,%b,%b,%b,"12.50000000",%d,"25000.00000000",100,"6.00000000","12000.00000000","0"]'
    return row % (open_ms, price, price, price, price, open_ms + 59_999)

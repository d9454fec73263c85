"""The shapes of Binance's raw market messages, as far as the paper exchange reads them.

Source: Binance spot, "WebSocket Streams": Trade, Individual Symbol Book Ticker, Diff. Depth; REST "Order book".
"""

from __future__ import annotations

import msgspec

Pair = tuple[str, str]
"""Price and quantity as sent: ``["2683.80000000","3.02920000"]``."""


class RawCombined(msgspec.Struct, frozen=True, gc=False):
    """``{"stream":"ethusdt@trade","data":{…}}``, or a REST snapshot where ``lastUpdateId`` is there instead."""

    stream: str = ""
    data: msgspec.Raw = msgspec.Raw()
    last_update_id: int = msgspec.field(default=0, name="lastUpdateId")
    bids: list[Pair] = []
    asks: list[Pair] = []


class RawTrade(msgspec.Struct, frozen=True, gc=False):
    """``{"e":"trade","E":1723161255612,"s":"ETHUSDT","t":1520538925,"p":"2683.8","q":"0.002","T":…,"m":true}``."""

    symbol: str = msgspec.field(name="s")
    trade_id: int = msgspec.field(name="t")
    price: str = msgspec.field(name="p")
    qty: str = msgspec.field(name="q")
    time_ms: int = msgspec.field(name="T")
    is_buyer_maker: bool = msgspec.field(name="m")


class RawDepth(msgspec.Struct, frozen=True, gc=False):
    """``{"e":"depthUpdate","E":1723161255508,"s":"ETHUSDT","U":513,"u":514,"b":[["2676.78","4.2454"]],"a":[]}``."""

    symbol: str = msgspec.field(name="s")
    time_ms: int = msgspec.field(name="E")
    first_update_id: int = msgspec.field(name="U")
    final_update_id: int = msgspec.field(name="u")
    bids: list[Pair] = msgspec.field(name="b")
    asks: list[Pair] = msgspec.field(name="a")


class RawBookTicker(msgspec.Struct, frozen=True, gc=False):
    """``{"u":35346513501,"s":"ETHUSDT","b":"2683.8","B":"3.0292","a":"2683.81","A":"31.4395"}``."""

    update_id: int = msgspec.field(name="u")
    symbol: str = msgspec.field(name="s")
    bid: str = msgspec.field(name="b")
    bid_qty: str = msgspec.field(name="B")
    ask: str = msgspec.field(name="a")
    ask_qty: str = msgspec.field(name="A")


decode_combined = msgspec.json.Decoder(RawCombined).decode
decode_trade = msgspec.json.Decoder(RawTrade).decode
decode_depth = msgspec.json.Decoder(RawDepth).decode
decode_book_ticker = msgspec.json.Decoder(RawBookTicker).decode

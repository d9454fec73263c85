"""Which symbols share a connection, and the address that subscribes to their streams.

All streams of a symbol are on one connection, so that its frames stay in order, and all of a connection's are in its
address: it stands with every stream or not at all, and none of the 5 messages a second that the venue takes from us is
spent on subscribing. What an address holds is therefore the narrower limit: some 150 symbols, and not the 341 of 1,024
streams. It also means that a lost connection takes fewer books with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from engine.core.types import Symbol

STREAMS: Final = ("trade", "bookTicker", "depth@100ms")
STREAMS_MAX: Final = 1024
"""On one connection. Source: Binance, WebSocket streams, "Websocket Limits"."""
ADDRESS_MAX: Final = 8_000
"""Characters. Not documented; 8,004 are accepted (Source: unicorn-binance-websocket-api, issue 17), and 8 KiB is what
common web servers take for a request's first line."""


def split(
    symbols: Sequence[Symbol], stream_url: str, streams_max: int = STREAMS_MAX, address_max: int = ADDRESS_MAX
) -> tuple[tuple[Symbol, ...], ...]:
    """Spread symbols over as few connections as can carry them; their numbers differ by one at most.

    Raises ValueError where there is no symbol, or where one symbol alone is too much for a connection.
    """
    for count in range(1, len(symbols) + 1):
        shares = tuple(tuple(symbols[first::count]) for first in range(count))
        if len(shares[0]) * len(STREAMS) <= streams_max and all(
            len(address(stream_url, share)) <= address_max for share in shares
        ):
            return shares
    raise ValueError(
        f"{len(symbols)} symbols can't be followed: name one at least, and let a connection carry the {len(STREAMS)} "
        f"streams of one, where it may carry {streams_max} streams in {address_max} characters"
    )


def address(stream_url: str, symbols: Sequence[Symbol]) -> str:
    """Return the address of a combined stream of some symbols."""
    names = (f"{quote(symbol.lower())}@{stream}" for symbol in symbols for stream in STREAMS)
    return f"{stream_url}/stream?streams={'/'.join(names)}"

"""ccxt.pro as its manual has it: ``watch_trades``, and an order for each, over WebSocket or REST.

With one addition: ccxt wakes who waits when a trade comes. A trade that comes while the client is busy with the last
order goes into its cache without a word and is seen when the next one wakes it, so the cache is looked at first.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import ccxt.pro
import uvloop

from engine.venues.paper.defaults import PAPER_API_KEY, PAPER_API_SECRET

_SYMBOL = "ETH/USDT"
_QUANTITY = 4.9


def client(port: int) -> Any:
    """Return a client whose addresses are the load server's."""
    options = {"fetchMarkets": ["spot"], "defaultType": "spot", "fetchCurrencies": False}
    keys = {"apiKey": PAPER_API_KEY, "secret": PAPER_API_SECRET}
    made = ccxt.pro.binance({**keys, "enableRateLimit": False, "newUpdates": True, "options": options})
    rest, stream = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"
    made.urls["api"].update(
        {"public": f"{rest}/api/v3", "private": f"{rest}/api/v3", "v1": f"{rest}/api/v1", "sapi": f"{rest}/sapi/v1"}
    )
    made.urls["api"]["ws"]["spot"] = f"{stream}/ws"
    made.urls["api"]["ws"]["ws-api"]["spot"] = f"{stream}/ws-api/v3"
    return made


async def main(port: int, way: str) -> None:
    """Answer each trade with one order at its price until the process is ended."""
    exchange = client(port)
    await exchange.load_markets()
    order = exchange.create_order_ws if way == "ws" else exchange.create_order
    answered = ""
    try:
        while True:
            while not (new := since(exchange.trades.get(_SYMBOL, ()), answered)):
                await exchange.watch_trades(_SYMBOL)
            for trade in new:
                answered = trade["id"]
                await order(_SYMBOL, "limit", "buy", _QUANTITY, trade["price"], {"timeInForce": "IOC"})
    finally:
        await exchange.close()


def since(cached: Sequence[Any], answered: str) -> list[Any]:
    """Return the trades after the one last answered, oldest first."""
    return list(takewhile(lambda trade: trade["id"] != answered, reversed(cached)))[::-1]


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))

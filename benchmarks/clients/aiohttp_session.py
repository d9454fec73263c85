"""A careful client on aiohttp: its WebSocket for trades, typed decoding, ``ClientSession.post`` for orders."""

from __future__ import annotations

import asyncio
import sys
import time

import aiohttp
import msgspec
import uvloop
from yarl import URL

from engine.venues.binance.sign import HmacSigner
from engine.venues.paper.defaults import PAPER_API_KEY, PAPER_API_SECRET

_ORDER = (
    "newClientOrderId=a-%d&newOrderRespType=FULL&price=%s&quantity=4.9000&recvWindow=5000"
    "&selfTradePreventionMode=EXPIRE_MAKER&side=BUY&symbol=ETHUSDT&timeInForce=IOC&timestamp=%d&type=LIMIT"
)
_HEADERS = {"X-MBX-APIKEY": PAPER_API_KEY, "Content-Type": "application/x-www-form-urlencoded"}


class _Trade(msgspec.Struct):
    price: str = msgspec.field(name="p")
    fill_id: int = msgspec.field(name="t")


class _Combined(msgspec.Struct):
    stream: str
    data: msgspec.Raw


async def main(port: int) -> None:
    """Answer each trade with one order at its price until the process is ended."""
    signer = HmacSigner(PAPER_API_SECRET)
    frames, trades = msgspec.json.Decoder(_Combined), msgspec.json.Decoder(_Trade)
    url = URL(f"http://127.0.0.1:{port}/api/v3/order")
    streams = f"http://127.0.0.1:{port}/stream?streams=ethusdt@trade/ethusdt@bookTicker/ethusdt@depth@100ms"
    async with aiohttp.ClientSession(headers=_HEADERS) as session, session.ws_connect(streams) as socket:
        async for message in socket:
            frame = frames.decode(message.data)
            if frame.stream != "ethusdt@trade":
                continue
            trade = trades.decode(frame.data)
            payload = (_ORDER % (trade.fill_id, trade.price, time.time_ns() // 1_000_000)).encode()
            async with session.post(url, data=payload + b"&signature=" + signer.sign(payload)) as answer:
                await answer.read()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1])))

"""The least that an engine of our parts must do who keeps the market, journals, signs and hears its answers.

A trade goes from its bytes into the arrays in one compiled call (tape, candles and strategies included), a record as
long as an order's intent goes to the journal, and a ready-made order gets id, price, time and signature, and leaves. No
band, no gate, no order's state. Once the venue's answer is here, a scratch engine decides on a trade of its own and
hears that its order has ended: as much of Python as runs between two events of the real one, and what makes the next
event find cold code. ``deaf`` leaves that out.

``python -m benchmarks.clients.least PORT still|spin hears|deaf``
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from pathlib import Path
from typing import Final

import msgspec
import uvloop
from picows import ws_connect

from benchmarks.lab.market import SYMBOL
from benchmarks.lab.subject import CONFIG
from engine.clock import now_ns
from engine.config_file import parse_trading_config
from engine.core.actions import Later, Publish, Send
from engine.core.engine import Engine
from engine.core.kernels.market import LAST
from engine.core.queries import Identity
from engine.core.types import Symbol, Trade
from engine.core.warm import FIRST_TICKS, SCRATCH, expired, scratch_engine
from engine.process import spinning
from engine.store.journal import Journal
from engine.venues.binance.codec import DATA, DATA_SIZE, FLAT_STREAMS, stream_head
from engine.venues.binance.express import take_flat
from engine.venues.binance.sign import HmacSigner
from engine.venues.binance.websocket import Connection
from engine.venues.paper.defaults import PAPER_API_KEY, PAPER_API_SECRET

_PARAMS: Final = (
    b"apiKey=%b&newClientOrderId=tr-%024d&newOrderRespType=FULL&price=%d.%02d&quantity=4.9000&recvWindow=5000"
    b"&selfTradePreventionMode=EXPIRE_MAKER&side=BUY&symbol=ETHUSDT&timeInForce=IOC&timestamp=%d&type=LIMIT"
)
_ORDER: Final = (
    b'{"id":"tr-%024d","method":"order.place","params":{"apiKey":"%b","newClientOrderId":"tr-%024d",'
    b'"newOrderRespType":"FULL","price":"%d.%02d","quantity":"4.9000","recvWindow":5000,'
    b'"selfTradePreventionMode":"EXPIRE_MAKER","side":"BUY","symbol":"ETHUSDT","timeInForce":"IOC","timestamp":%d,'
    b'"type":"LIMIT","signature":"%b"}}'
)
_RECORD: Final = b"." * 190
"""As long as the record of an order's intent (measured)."""
_KEY: Final = PAPER_API_KEY.encode()


class Client:
    """Answers each trade with one order at its price."""

    def __init__(self, journal: Journal, *, hears: bool) -> None:
        self.market = Connection(self._on_frame, _nobody_waits, now_ns)
        self.orders = Connection(self._on_answer if hears else _pass_over, _nobody_waits, now_ns)
        self._journal = journal
        self._signer = HmacSigner(PAPER_API_SECRET)
        symbol = Symbol(SYMBOL)
        known = msgspec.structs.replace(SCRATCH, symbol=symbol, base_asset="ETH")
        # The stock engine, for its arrays and strategies alone: nothing is ever asked of it.
        self._engine = Engine(
            parse_trading_config(CONFIG.read_text(encoding="utf-8")), {symbol: known}, "paper", Identity("", "", "", 0)
        )
        self._kept = self._engine.trading.markets[symbol]
        self._trades, self._quotes = (stream_head(symbol, stream) for stream in FLAT_STREAMS)
        self._asked = 0
        self._scratch = _Scratch(now_ns())

    def _on_frame(self, frame: bytes, ts_recv_ns: int) -> None:
        """Take a frame; order at each trade."""
        data_at = frame.find(DATA, 0, 96) + DATA_SIZE
        head = frame[:data_at]
        if head not in (self._trades, self._quotes):
            return
        take_flat(frame, data_at - 1, self._kept.numbers, ts_recv_ns)
        if head == self._quotes:
            return
        number = self._asked = self._asked + 1
        whole, part = divmod(self._kept.ints[LAST], 100)
        ts_ms = ts_recv_ns // 1_000_000
        self._journal.append(_RECORD)
        signature = self._signer.sign(_PARAMS % (_KEY, number, whole, part, ts_ms))
        self.orders.send(_ORDER % (number, _KEY, number, whole, part, ts_ms, signature))

    def _on_answer(self, frame: bytes, ts_recv_ns: int) -> None:
        msgspec.json.decode(frame)
        self._scratch.trade(ts_recv_ns)


class _Scratch:
    """A scratch engine that lives through one order after the other."""

    def __init__(self, ts_ns: int) -> None:
        self._engine = scratch_engine(ts_ns)
        self._trades = 0

    def trade(self, ts_ns: int) -> None:
        """Decide on a trade, do all that follows but sending, and hear that the order has expired."""
        self._trades += 1
        ticks = FIRST_TICKS + self._trades
        actions = self._engine.on_trade(Trade(SCRATCH.symbol, self._trades, ticks, 5, False, ts_ns, ts_ns))
        for action in actions:  # which grow while they are performed
            if isinstance(action, Later):
                actions += self._engine.after(action)
            elif isinstance(action, Publish):
                action.make()
            elif isinstance(action, Send):
                actions += self._engine.on_execution(expired(action.order, ts_ns))


async def main(port: int, way: str, hearing: str) -> None:
    """Answer each trade with one order until the process is ended."""
    with contextlib.ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
        client = Client(stack.enter_context(Journal.open(Path(home) / "journal.bin")), hears=hearing == "hears")
        if way == "spin":
            stack.enter_context(spinning())
        await ws_connect(lambda: client.orders, f"ws://127.0.0.1:{port}/ws-api/v3")
        streams = "/".join(f"{SYMBOL.lower()}@{stream}" for stream in (*FLAT_STREAMS, "depth@100ms"))
        await ws_connect(lambda: client.market, f"ws://127.0.0.1:{port}/stream?streams={streams}")
        await asyncio.get_running_loop().create_future()


def _pass_over(frame: bytes, ts_recv_ns: int) -> None:
    """Hear nothing."""


def _nobody_waits(closed: Connection) -> None:
    """Let go of a socket."""


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), *sys.argv[2:4]))

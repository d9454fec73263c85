"""F15: frames that make no sense are dropped and counted, and lead to nothing; the engine goes on."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from damage import UNKNOWN_KINDS, is_frame, mutated, table
from fault_bench import IS_FULL, Scene, trading
from paper_bench import WsClient, ws_client

from engine.core.config import Headlines, Limits, OrderFlow, SmaCross, Strategies, TradingConfig
from engine.core.types import OrderState
from engine.venues.paper.tape.recording import read_recording

FRAMES = 100_000 if IS_FULL else 5_000
AT_ONCE = 500


def _eager(trades: int) -> TradingConfig:
    """Return settings to act on the first so many trades that lean one way, however old the rest of the market is."""
    return TradingConfig(
        mode="auto",
        limits=Limits(stale_s=3600.0),
        strategies=Strategies(
            sma_cross=SmaCross(symbols=("NONE",)),
            order_flow=OrderFlow(ask=0.05, act=0.1, min_trades=trades),
            headlines=Headlines(symbols=("NONE",)),
        ),
    )


async def _inject(it: Scene, frames: Sequence[bytes], lines: str = "combined") -> None:
    for first in range(0, len(frames), AT_ONCE):
        part = [frame.hex() for frame in frames[first : first + AT_ONCE]]
        await it.fault(kind="inject", lines=lines, frames=part)


async def _each_is_counted(it: Scene, frames: Sequence[bytes]) -> None:
    """Send frames that are none: so many more are counted, and nothing was ordered or halted."""
    counted = it.live.bad_frames
    await _inject(it, frames)
    await it.until(lambda: it.live.bad_frames >= counted + len(frames), 60.0)
    assert it.live.bad_frames == counted + len(frames)
    assert list(it.trading.orders) == []
    assert it.trading.is_armed
    assert not it.notices("FAULT")


async def _leads_to_an_order(it: Scene, trades: Iterable[bytes]) -> None:
    """Show that the very same engine acts on sound frames."""
    await _inject(it, list(trades))
    await it.until(lambda: list(it.trading.orders))
    await it.squared()


def _trade(number: int) -> bytes:
    """Make a sound trade of the story's market, each a little higher than the one before."""
    return (
        b'{"stream":"iotausdt@trade","data":{"e":"trade","E":1511876700000,"s":"IOTAUSDT","t":%d,"p":"1.%04d0000",'
        b'"q":"100.00000000","T":%d,"m":false,"M":true}}' % (2_000_000 + number, 330 + number, 1511876700000 + number)
    )


async def test_f15_nonsense_in_market_frames(tmp_path: Path) -> None:
    """NaN, infinity, 0, negative, 1e308, empty, missing, another type, an unknown kind: each in every field."""
    async with trading(tmp_path, _eager(50), is_armed=False, speed=0.001) as it:
        await _inject(it, [_trade(0)])
        await it.arm()
        ids = b'"u":9000001,"s":"IOTAUSDT"'
        quote = b'{"stream":"iotausdt@bookTicker","data":{%b,"b":"1.0329","B":"5","a":"1.0331","A":"5"}}' % ids
        depth = (
            b'{"stream":"iotausdt@depth@100ms","data":{"e":"depthUpdate","E":1511876700000,"s":"IOTAUSDT",'
            b'"U":9000001,"u":9000009,"b":[["1.0329","5.00"]],"a":[["1.0331","0.00"]]}}'
        )
        tried = [
            *table(_trade(1), "espqtTm", may_be_zero="t"),
            *table(quote, "usbBaA", may_be_zero="u"),
            *table(depth, "eEsUuba", may_be_zero="U"),
            *UNKNOWN_KINDS,
        ]
        damaged = [frame for frame in tried if not is_frame(frame, it.market.instrument)]
        assert len(tried) - len(damaged) == 3  # a depth frame may lack "e", and change nothing on one side
        await _each_is_counted(it, damaged)
        assert it.book.gaps == 0
        await _leads_to_an_order(it, map(_trade, range(1, 61)))


async def _report(ws: WsClient) -> bytes:
    """Return the raw report of the next fill."""
    while True:
        message = await ws.socket.receive_str(timeout=30.0)
        if '"x":"TRADE"' in message:
            return message.encode()


async def test_f15_nonsense_in_reports_and_replies(tmp_path: Path) -> None:
    """Damaged reports count nothing; an unknown status is asked about; a damaged reply is an unknown outcome."""
    async with trading(tmp_path) as it, ws_client(it.urls) as ws:
        assert it.live.orders is not None
        await ws.signed("userDataStream.subscribe.signature")
        await it.bought()
        report = await _report(ws)
        await it.until(lambda: not it.trading.orders.unsettled())
        damaged = [frame for frame in table(report, "sSqpizlLT") if frame != report]
        counted = it.live.orders.bad_frames
        await _inject(it, damaged, "ws_api")
        await it.until(lambda: it.live.orders is not None and it.live.orders.bad_frames > counted)
        await it.squared()

        await it.fault(kind="drop", what="executionReport", times=2)
        await it.fault(kind="late_reply", operation="order.place", ms=1_000)
        name = await it.bought()
        reply = b'{"id":"%b","status":200,"result":{"symbol":"IOTAUSDT","orderId":"x"}}' % name.encode()
        await _inject(it, [reply, re.sub(rb'"X":"\w+"', b'"X":"SOMETHING_NEW"', report)], "ws_api")
        await it.until(lambda: it.order(name).state is OrderState.UNKNOWN)
        await it.squared()
        assert it.order(name).state is OrderState.FILLED


async def test_f15_damaged_recorded_frames(tmp_path: Path, eth_recording: Path) -> None:
    """Frames as Binance sent them, damaged at random: each is counted, and none leads to an order."""
    chance = random.Random(7)
    sound = [frame.data for frame in read_recording(eth_recording) if frame.data.startswith(b'{"stream"')]
    short = [frame for frame in sound if len(frame) < 3_000][:3_000]
    tape = f"recording:{eth_recording}"
    async with trading(tmp_path, _eager(1000), is_armed=False, tape=tape, speed=0.2) as it:
        await it.arm()
        instrument, frames = it.market.instrument, list[bytes]()
        while len(frames) < FRAMES:
            frame = mutated(short, chance)
            if not is_frame(frame, instrument):
                frames.append(frame)
        await _each_is_counted(it, frames)
        lifted = [frame for frame in sound if b"@trade" in frame[:30] and b'"m":false' in frame][-2_000:]
        await _leads_to_an_order(it, lifted)

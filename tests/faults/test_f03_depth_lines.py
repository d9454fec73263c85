"""F3 on a real recording, through the server: its known book, and the same one whichever depth line is missing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest
from fault_bench import IS_FULL, Scene, trading

from engine.core.config import Headlines, OrderFlow, SmaCross, Strategies, TradingConfig
from engine.venues.paper.tape.recording import read_recording

DEPTH_LINES = 3_434
EARLY = 400
"""Before this line the book may not have been fetched yet at full speed, and what is missing isn't missed."""
APART, SPEED = 100, 100.0
"""Lines between two missing ones, and the pace: a tenth of a second for each snapshot."""
SLOWER = 4.0
"""Where the machine stood still for longer than that, the next line was missing before the snapshot of the last one
had come, and one resync was for both: then it is played again, so much slower."""
EARLIEST, EARLY_APART, EARLY_SPEED = 30, 20, 4.0
"""The same for the early lines, when they are played on their own."""
ALL_CASES = [*((first, False) for first in range(APART)), *((first, True) for first in range(EARLY_APART))]
CASES = ALL_CASES if IS_FULL else ALL_CASES[7:8]
FINAL_ID = 35_346_671_849
SHA256 = "0f32d1ad7efb14fc13c7f49192915a38a7d289efd555471f65507f22889c9760"
EAGER = TradingConfig(
    mode="auto",
    strategies=Strategies(
        sma_cross=SmaCross(symbols=("NONE",)),
        order_flow=OrderFlow(ask=0.05, act=0.1, min_trades=20, cooldown_s=0.1),
        headlines=Headlines(symbols=("NONE",)),
    ),
)


class Watch:
    """Looks at the book with every frame, and at every order as it leaves."""

    def __init__(self, it: Scene) -> None:
        self._it = it
        self._quoted: dict[int, tuple[int, int, int, int]] = {}
        self.agreed = 0
        self.differed = 0
        self.orders = 0
        self.orders_on_no_book = 0
        self.gaps = self.resyncs = self.told = 0
        """Of the whole play, known at its end."""
        it.venue.on_market_frame = self._on_frame
        it.live.on_sent = self._on_sent  # type: ignore[method-assign]

    def _on_frame(self, ts_recv_ns: int, frame: bytes) -> None:
        market = self._it.market
        if b"@bookTicker" in frame[:40]:
            update_id = msgspec.json.decode(frame)["data"]["u"]
            self._quoted[update_id] = (market.bid_ticks, market.bid_lots, market.ask_ticks, market.ask_lots)
        elif b"@depth@" in frame[:40] and market.book.is_in_sync:
            quoted = self._quoted.get(market.book.final_update_id)
            if quoted is not None:
                bids, asks = market.book.bids, market.book.asks
                is_same = quoted == (bids.best_ticks(), bids.best_lots(), asks.best_ticks(), asks.best_lots())
                self.agreed += is_same
                self.differed += not is_same

    def _on_sent(self, ts_ns: int, data: bytes) -> None:
        self.orders += 1
        self.orders_on_no_book += not self._it.market.book.is_in_sync


def _sha256(it: Scene) -> str:
    """Return MANIFEST's digest of the best twenty levels."""
    instrument, book = it.market.instrument, it.market.book
    levels = [
        [f"{instrument.price_text(ticks)}000000", f"{instrument.qty_text(lots)}0000"]
        for side in (book.bids, book.asks)
        for ticks, lots in side.top(20).tolist()
    ]
    return hashlib.sha256(msgspec.json.encode(levels)).hexdigest()


async def _play(home: Path, recording: Path, missing: list[int], speed: float = SPEED, end: int = FINAL_ID) -> Watch:
    """Play the recording up to an update without some depth lines: no order on a book with a hole, the same book."""
    # Each fault counts the lines that it spares, and not those that an earlier one has struck.
    faults = [{"kind": "drop", "what": "depth@100ms", "after": line - i} for i, line in enumerate(missing)]
    tape = f"recording:{recording}"
    async with trading(home, EAGER, is_armed=False, faults=faults, tape=tape, speed=speed) as it:
        watch = Watch(it)
        await it.arm()
        await it.until(lambda: it.book.last_update_id >= end, 60.0)
        assert it.market.book.is_in_sync
        assert end < FINAL_ID or _sha256(it) == SHA256
        assert (watch.orders_on_no_book, watch.differed) == (0, 0)
        await it.squared()
        watch.gaps, watch.resyncs, watch.told = it.book.gaps, it.book.resyncs, len(it.notices("C5_BOOK_OUT_OF_SYNC"))
        return watch


async def _each_is_one_resync(
    home: Path, recording: Path, missing: list[int], speed: float = SPEED, end: int = FINAL_ID
) -> Watch:
    """Play it, and once more where missing lines fell together: each of them must have been one resync."""
    watch = await _play(home / "first", recording, missing, speed, end)
    if watch.gaps < len(missing):
        watch = await _play(home / "again", recording, missing, speed / SLOWER, end)
    assert (watch.gaps, watch.resyncs, watch.told) == (len(missing),) * 3
    return watch


async def test_f03_the_recording_gives_its_known_book_live(tmp_path: Path, eth_recording: Path) -> None:
    """Through server and sockets as in a replay: no gap, the last id, the digest, and best prices as quoted."""
    watch = await _play(tmp_path, eth_recording, [])
    assert (watch.gaps, watch.resyncs, watch.told) == (0, 0, 0)
    assert watch.agreed > 500
    assert watch.orders > 0


@pytest.mark.parametrize(("first", "is_early"), CASES)
async def test_f03_every_missing_depth_line_is_one_resync_and_the_same_book(
    tmp_path: Path, eth_recording: Path, first: int, is_early: bool
) -> None:
    """Every hundredth line is missing, beginning with another one each time: no order rests on a book with a hole."""
    if is_early:
        depth = [frame.data for frame in read_recording(eth_recording) if b"@depth@" in frame.data[:40]]
        end = int(msgspec.json.decode(depth[EARLY + 10])["data"]["u"])
        missing = [line for line in range(first, EARLY, EARLY_APART) if line >= EARLIEST]
        await _each_is_one_resync(tmp_path, eth_recording, missing, EARLY_SPEED, end)
        return
    missing = [line for line in range(first, DEPTH_LINES - 1, APART) if line >= EARLY]
    watch = await _each_is_one_resync(tmp_path, eth_recording, missing)
    assert watch.orders > 0

"""F3, F4: a gap in the depth stream, and a snapshot that can't be joined to it."""

from __future__ import annotations

from pathlib import Path

from fault_bench import IOTA, Scene, trading


async def _same_book(it: Scene) -> None:
    """Wait for a moment at which both have the same update; then both books are the same, level by level."""

    async def is_same() -> bool:
        _, found = await it.rest.ask("GET", "depth", {"symbol": IOTA, "limit": 1000})
        ours = it.market.book
        if ours.final_update_id != found["lastUpdateId"]:
            return False
        instrument = it.market.instrument
        for side, mine in (("bids", ours.bids), ("asks", ours.asks)):
            levels = [[instrument.price_ticks(price), instrument.qty_lots(qty)] for price, qty in found[side]]
            assert mine.top(1000).tolist() == levels
        return True

    while not await is_same():
        pass


async def test_f03_a_depth_gap_is_noticed_at_once_and_healed_by_one_resync(tmp_path: Path) -> None:
    """From the gap to the next snapshot nothing is bought; then the book is the exchange's again."""
    async with trading(tmp_path) as it:
        await it.until(lambda: it.book.is_synced)
        await it.fault(kind="late_reply", operation="depth", ms=500)
        await it.fault(kind="drop", what="depth@100ms")
        await it.until(lambda: not it.market.book.is_in_sync)
        assert (await it.buy()).code == "C5_BOOK_OUT_OF_SYNC"
        await it.until(lambda: it.book.is_synced)
        assert (it.book.gaps, it.book.resyncs) == (1, 1)
        assert "a gap in the depth stream" in it.notices("C5_BOOK_OUT_OF_SYNC")[0]
        await _same_book(it)
        await it.bought()
        await it.squared()


async def test_f04_a_snapshot_older_than_the_first_event_is_fetched_again(tmp_path: Path) -> None:
    """While the snapshot is on its way an update is lost too, so that what comes can't be joined to what waits."""
    async with trading(tmp_path) as it:
        await it.until(lambda: it.book.is_synced)
        await it.fault(kind="late_reply", operation="depth", ms=500)
        await it.fault(kind="drop", what="depth@100ms")
        await it.until(lambda: not it.book.is_synced)
        await it.fault(kind="drop", what="depth@100ms")
        assert (await it.buy()).code == "C5_BOOK_OUT_OF_SYNC"
        await it.until(lambda: it.book.is_synced)
        assert (it.book.gaps, it.book.resyncs) == (1, 2)
        await _same_book(it)
        await it.bought()
        await it.squared()

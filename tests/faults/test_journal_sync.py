"""When the journal is on the disk: before each order's bytes with ``JOURNAL_SYNC=always``, soon after without."""

from __future__ import annotations

from pathlib import Path

import pytest
from fault_bench import trading

from engine.core.record_codec import decode_record
from engine.core.records import Intended
from engine.store import journal as store
from engine.store.journal import Journal
from engine.venues.binance.line import OrderLine


@pytest.mark.parametrize("always", [True, False])
async def test_the_disk_comes_before_the_bytes_where_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, always: bool
) -> None:
    """What happens in turn: the intent is appended, the disk has it, its bytes leave; by default, without the disk."""
    seen: list[str] = []
    append, to_disk, send = Journal.append, store._fdatasync, OrderLine.send

    def appended(journal: Journal, payload: bytes) -> None:
        if isinstance(decode_record(payload), Intended):
            seen.append("appended")
        append(journal, payload)

    def synced(fd: int) -> None:
        to_disk(fd)
        seen.append("synced")

    def sent(line: OrderLine, data: bytes) -> bool:
        seen.append("sent")
        return send(line, data)

    async with trading(tmp_path, told={"sync_always": always}) as scene:
        monkeypatch.setattr(Journal, "append", appended)
        monkeypatch.setattr(store, "_fdatasync", synced)
        monkeypatch.setattr(OrderLine, "send", sent)
        await scene.bought()
        first = seen[: seen.index("sent") + 1]
        monkeypatch.undo()
        await scene.squared()
    start = first.index("appended")
    assert first[start:] == (["appended", "synced", "sent"] if always else ["appended", "sent"])

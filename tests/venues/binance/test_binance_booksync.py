"""The local-book rule: what is applied, what is dropped, and when a new snapshot is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.types import BookUpdate, Symbol
from engine.venues.binance.booksync import BUFFER_MAX, BookSync, SyncState


def depth(first: int, final: int) -> BookUpdate:
    """An update with these ids."""
    empty = np.empty((0, 2), np.int64)
    return BookUpdate(Symbol("ETHUSDT"), False, first, final, empty, empty, 0, 0)


def snapshot(last: int) -> BookUpdate:
    """A snapshot up to this id."""
    empty = np.empty((0, 2), np.int64)
    return BookUpdate(Symbol("ETHUSDT"), True, last, last, empty, empty, 0, 0)


def run(*steps: BookUpdate) -> tuple[BookSync, list[str]]:
    """Feed a book and write down what it asked for, in short."""
    book, told = BookSync(), []
    for step in steps:
        answer = book.on_snapshot(step) if step.is_snapshot else book.on_depth(step)
        applied = ",".join("S" if u.is_snapshot else str(u.final_update_id) for u in answer.apply)
        told.append(applied + "?" * answer.wants_snapshot + "!" * bool(answer.lost_reason))
    return book, told


@pytest.mark.parametrize(
    ("steps", "told", "state", "counts"),
    [
        # updates are buffered until the snapshot, then those it holds are dropped and the rest applied
        ([depth(1, 5), depth(6, 9), depth(10, 12), snapshot(8)], ["?", "", "", "S,9,12"], "synced", (2, 0, 0, 0)),
        # the snapshot holds all that was buffered: the next update joins it
        ([depth(1, 5), snapshot(5), depth(6, 9)], ["?", "S", "9"], "synced", (1, 0, 0, 0)),
        # after it, an older update is dropped and one that straddles it is applied
        ([depth(1, 5), snapshot(8), depth(6, 7), depth(8, 10)], ["?", "S", "", "10"], "synced", (1, 0, 0, 0)),
        # a snapshot older than the first update is asked for again (F4)
        ([depth(10, 12), snapshot(8), snapshot(11)], ["?", "?", "S,12"], "synced", (1, 0, 0, 1)),
        # a hole among the buffered ones that the snapshot doesn't cover
        ([depth(1, 5), depth(8, 9), snapshot(3), snapshot(8)], ["?", "", "?", "S,9"], "synced", (1, 0, 0, 1)),
        # a hole that it covers does no harm
        ([depth(1, 5), depth(8, 9), snapshot(7)], ["?", "", "S,9"], "synced", (1, 0, 0, 0)),
        # in sync: the next id is applied, one that is known is stale (F1)
        ([depth(1, 5), snapshot(5), depth(6, 7), depth(6, 7), depth(8, 8)], ["?", "S", "7", "", "8"], "synced",
         (2, 1, 0, 0)),
        # a gap: lost at once, one snapshot asked for, updates buffered meanwhile (F3)
        ([depth(1, 5), snapshot(5), depth(6, 7), depth(9, 9), depth(10, 11), snapshot(10)],
         ["?", "S", "7", "?!", "", "S,11"], "synced", (2, 0, 1, 1)),
        # a gap right after the snapshot
        ([depth(1, 5), snapshot(5), depth(8, 9)], ["?", "S", "?!"], "buffering", (0, 0, 1, 1)),
        # an update that overlaps what is known is out of sequence too
        ([depth(1, 5), snapshot(5), depth(6, 7), depth(7, 9)], ["?", "S", "7", "?!"], "buffering", (1, 0, 1, 1)),
        # a snapshot that nobody asked for
        ([depth(1, 5), snapshot(5), depth(6, 7), snapshot(7), depth(8, 8)], ["?", "S", "7", "", "8"], "synced",
         (2, 0, 0, 0)),
    ],
)  # fmt: skip
def test_the_rule_step_by_step(
    steps: list[BookUpdate], told: list[str], state: str, counts: tuple[int, int, int, int]
) -> None:
    book, heard = run(*steps)
    assert heard == told
    assert book.state is SyncState(state)
    assert (book.applied, book.stale, book.gaps, book.resyncs) == counts


def test_after_a_cut_the_book_is_lost_and_starts_anew() -> None:
    book, _ = run(depth(1, 5), snapshot(5), depth(6, 7))
    assert book.on_disconnect().lost_reason
    assert not book.is_synced
    assert book.on_disconnect() == ((), False, "")
    assert book.on_depth(depth(1, 2)).wants_snapshot


def test_the_buffer_is_bounded_and_what_fell_out_makes_the_snapshot_too_old() -> None:
    book = BookSync()
    for number in range(BUFFER_MAX + 10):
        book.on_depth(depth(number, number))
    assert book.on_snapshot(snapshot(5)).wants_snapshot
    assert len(book.on_snapshot(snapshot(20)).apply) == 1 + BUFFER_MAX + 10 - 21

"""Rebuilt equals live: however the journal grew and whenever the projector was killed, the tables are the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_records import A_TRADE, RECORDS, contents, framed, journal_of, project, sqlite_url
from needs import IS_FULL
from sqlalchemy import Engine, event

from engine.core.record_codec import AnyRecord
from engine.store import frames
from engine.store.ledger import projector
from engine.store.ledger.database import Ledger
from engine.store.ledger.errors import LedgerDown, LedgerOvertaken
from engine.store.ledger.projector import Projector
from engine.store.ledger.verify import verify

GROWTH = st.lists(st.integers(1, 400), max_size=12)
"""Bytes that the journal grows by, records cut anywhere."""
KILLS = st.lists(st.integers(0, 60), max_size=5)
"""After how many statements of a transaction the process is gone, its end being the last of them."""


class Killed(BaseException):
    """The process is gone: nothing of it gets to run, and its transaction is never ended."""


@contextmanager
def killed_after(statements: int) -> Iterator[None]:
    """Kill whoever works on a database after so many statements, commits counted with them."""
    left = statements

    def count(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", count)
        event.remove(Engine, "commit", count)


def grown(whole: bytes, steps: list[int]) -> Iterator[bytes]:
    """Yield what the journal is after each step, and at last all of it."""
    size = 0
    for step in steps:
        size = min(size + step, len(whole))
        yield whole[:size]
    yield whole


def live(url: str, journal: Path, whole: bytes, growth: list[int], kills: list[int]) -> dict[str, Any]:
    """Project a journal while it grows, killed and begun again; return what the ledger has in the end."""
    waiting = list(kills)
    for content in grown(whole, growth):
        journal.write_bytes(content)
        try:
            with closing(Ledger(url)) as ledger, killed_after(waiting.pop(0) if waiting else 10**9):
                project(journal, ledger)
        except Killed:
            continue
    with closing(Ledger(url)) as ledger:
        project(journal, ledger)
        assert verify(journal, ledger).problems == ()
        return contents(ledger)


def rebuilt(url: str, journal: Path) -> dict[str, Any]:
    """Project a journal at once into a database without a ledger."""
    with closing(Ledger(url)) as ledger:
        ledger.reset()
        project(journal, ledger)
        return contents(ledger)


@settings(max_examples=80 if IS_FULL else 20)
@given(records=RECORDS, growth=GROWTH, kills=KILLS)
def test_rebuilt_equals_live(
    tmp_path_factory: pytest.TempPathFactory, records: list[AnyRecord], growth: list[int], kills: list[int]
) -> None:
    """No kill loses a row or doubles one, and the audit trail has the same hashes."""
    folder = tmp_path_factory.mktemp("live")
    whole = frames.HEADER + framed(records)
    lived = live(sqlite_url(folder / "live.sqlite"), folder / "journal.bin", whole, growth, kills)
    assert lived == rebuilt(sqlite_url(folder / "rebuilt.sqlite"), folder / "journal.bin")


@settings(max_examples=8 if IS_FULL else 4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=RECORDS, growth=GROWTH, kills=KILLS)
def test_rebuilt_equals_live_in_postgresql(
    tmp_path: Path, postgres: Any, records: list[AnyRecord], growth: list[int], kills: list[int]
) -> None:
    """The same in a real PostgreSQL, and SQLite makes the same tables of it."""
    with closing(Ledger(postgres.url)) as ledger:
        ledger.reset()
    lived = live(postgres.url, tmp_path / "journal.bin", frames.HEADER + framed(records), growth, kills)
    assert lived == rebuilt(postgres.url, tmp_path / "journal.bin")
    assert lived == rebuilt(sqlite_url(tmp_path / "rebuilt.sqlite"), tmp_path / "journal.bin")


def test_a_trade_is_the_same_however_often_it_is_killed(tmp_path: Path) -> None:
    """Killed after every single statement in turn, the first transaction's and the last one's too."""
    journal = journal_of(tmp_path / "journal.bin", A_TRADE)
    wanted = rebuilt(sqlite_url(tmp_path / "rebuilt.sqlite"), journal)
    for statement in range(200):
        url, is_killed = sqlite_url(tmp_path / f"{statement}.sqlite"), False
        with closing(Ledger(url)) as ledger:
            try:
                with killed_after(statement):
                    project(journal, ledger)
            except Killed:
                is_killed = True
        with closing(Ledger(url)) as ledger:
            project(journal, ledger)
            assert contents(ledger) == wanted, statement
        if not is_killed:
            assert statement > 20
            return
    pytest.fail("it never came to its end")


@pytest.mark.parametrize("size", [1, 2, 5])
def test_batches_of_any_size_make_the_same_tables(tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a batch finds in the database it changes there."""
    journal = journal_of(tmp_path / "journal.bin", [*A_TRADE, *A_TRADE])
    wanted = rebuilt(sqlite_url(tmp_path / "rebuilt.sqlite"), journal)
    monkeypatch.setattr(projector, "BATCH_RECORDS", size)
    assert rebuilt(sqlite_url(tmp_path / "batches.sqlite"), journal) == wanted


def test_two_projectors_of_one_ledger_write_everything_once(tmp_path: Path) -> None:
    """The second one finds that somebody was there before, and goes on from what is there."""
    journal, url = journal_of(tmp_path / "journal.bin", A_TRADE[:3]), sqlite_url(tmp_path / "ledger.sqlite")
    with closing(Ledger(url)) as ledger:
        first, second = Projector(journal, ledger), Projector(journal, ledger)
        assert first.step()
        assert not second.step()
        journal_of(journal, A_TRADE[:5])
        assert first.step()
        journal_of(journal, A_TRADE)
        with pytest.raises(LedgerOvertaken):
            second.step()
        assert second.step()
        assert not second.step()
        assert contents(ledger) == rebuilt(sqlite_url(tmp_path / "rebuilt.sqlite"), journal)


def test_a_transaction_whose_end_was_not_heard_is_not_written_twice(tmp_path: Path) -> None:
    """The connection broke after the commit: the next step asks what became of it."""
    journal, url = journal_of(tmp_path / "journal.bin", A_TRADE), sqlite_url(tmp_path / "ledger.sqlite")
    with closing(Ledger(url)) as ledger:
        follower, write = Projector(journal, ledger), ledger.write

        def broken(*given: Any) -> None:
            write(*given)
            raise LedgerDown("the line broke")

        ledger.write = broken  # type: ignore[method-assign]
        with pytest.raises(LedgerDown):
            follower.step()
        ledger.write = write  # type: ignore[method-assign]
        assert follower.progress is not None
        assert follower.progress.records == 0
        assert follower.step()
        assert follower.progress.records == len(A_TRADE)
        assert contents(ledger) == rebuilt(sqlite_url(tmp_path / "rebuilt.sqlite"), journal)

"""Following the journal: a database that is gone, frozen or foreign delays nothing and loses nothing."""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from ledger_postgres import wait_for
from ledger_records import (
    A_TRADE,
    STARTED,
    approved,
    contents,
    filled,
    framed,
    journal_of,
    listed,
    project,
    rows,
    sqlite_url,
)

from engine.core.record_codec import AnyRecord, UnknownRecord, encode_record
from engine.core.records import ArmedSet, Intended
from engine.core.safeguard_records import EquityMarked
from engine.core.types import Side
from engine.store import frames
from engine.store.journal import Journal
from engine.store.ledger import database
from engine.store.ledger import follow as following
from engine.store.ledger.database import Ledger
from engine.store.ledger.errors import LedgerDown, LedgerForeign, LedgerOvertaken
from engine.store.ledger.follow import follow
from engine.store.ledger.projector import Projector


class Over(BaseException):
    """Ends ``follow``."""


def steps_of(projector: Projector, *between: Callable[[], object]) -> list[float]:
    """Follow with something done at each pause, until there is nothing left to do; return how long the pauses were."""
    pauses: list[float] = []
    left, now_s = list(between), [0.0]

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        now_s[0] += seconds
        if not left:
            raise Over
        left.pop(0)()

    with pytest.raises(Over):
        follow(projector, pause, lambda: now_s[0])
    return pauses


def nothing() -> None:
    """Only let time pass."""


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, bool]]:
    """Return what the health said: its words, and whether all was well."""
    return [(record.getMessage(), vars(record)["ok"]) for record in caplog.records]


@contextmanager
def trader_ledger(home: Path, url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``trader ledger follow`` as a process of its own."""
    env = {**os.environ, "TRADER_HOME": str(home), "LEDGER_URL": url}
    with (home / "log").open("ab") as log:
        words = [sys.executable, "-m", "engine.cli.main", "ledger", "follow"]
        process = subprocess.Popen(words, env=env, stdout=log, stderr=log, cwd=home)
    try:
        yield process
    finally:
        process.kill()
        process.wait(20)


def project_all(projector: Projector) -> None:
    """Step until there is nothing left."""
    while projector.step():
        pass


def many_trades(count: int) -> list[AnyRecord]:
    """Return the records of so many round trips."""
    records: list[AnyRecord] = [STARTED, listed()]
    for number in range(count):
        buy, sell = f"tr-b{number}", f"tr-s{number}"
        records += [Intended(approved(buy)), filled(buy, 2 * number + 1, 100)]
        records += [Intended(approved(sell, Side.SELL)), filled(sell, 2 * number + 2, 100, side=Side.SELL)]
    return records


def test_it_waits_for_the_journal_and_then_for_more(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Started before the engine, it has what the engine writes, and says that it is well."""
    caplog.set_level(logging.INFO, following.__name__)
    journal, url = tmp_path / "journal.bin", sqlite_url(tmp_path / "ledger.sqlite")
    with closing(Ledger(url)) as ledger:
        first = lambda: journal_of(journal, A_TRADE[:4])  # noqa: E731
        pauses = steps_of(Projector(journal, ledger), nothing, first, lambda: journal_of(journal, A_TRADE))
        assert set(pauses) == {following.POLL_S}
        assert len(rows(ledger, "fills")) == 2
    assert told(caplog) == [("the ledger follows the journal", True)]


def test_a_database_that_is_not_there_is_asked_again_later_and_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The health says so once, then that all is well; nothing is lost."""
    caplog.set_level(logging.INFO, following.__name__)
    (tmp_path / "ledger.sqlite").mkdir()
    journal = journal_of(tmp_path / "journal.bin", A_TRADE)
    with closing(Ledger(sqlite_url(tmp_path / "ledger.sqlite"))) as ledger:
        mended = (tmp_path / "ledger.sqlite").rmdir
        assert steps_of(Projector(journal, ledger), nothing, nothing, mended) == [0.5, 1.0, 2.0, following.POLL_S]
        assert len(rows(ledger, "fills")) == 2
    (trouble, was_ok), well = told(caplog)
    assert "can't be used" in trouble
    assert not was_ok
    assert well == ("the ledger follows the journal", True)


def test_the_health_is_told_every_minute_with_its_figures(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """How many records are in, how far behind it is, and the head of the audit trail."""
    caplog.set_level(logging.INFO, following.__name__)
    with closing(Ledger(sqlite_url(tmp_path / "ledger.sqlite"))) as ledger:
        projector = Projector(journal_of(tmp_path / "journal.bin", A_TRADE), ledger)
        steps_of(projector, *[nothing] * int(following.TELL_S / following.POLL_S + 2))
        head = rows(ledger, "ledger_progress")[0]["audit_hash"]
    assert len(caplog.records) == 2
    figures = vars(caplog.records[-1])
    assert (figures["records"], figures["behind_bytes"], figures["audit_head"]) == (len(A_TRADE), 0, head)


def test_another_journal_is_not_mixed_in(tmp_path: Path) -> None:
    """Moved away and begun anew, shorter or longer: it is refused, with what to do."""
    with closing(Ledger(sqlite_url(tmp_path / "ledger.sqlite"))) as ledger:
        journal = journal_of(tmp_path / "journal.bin", A_TRADE)
        project(journal, ledger)
        for other in (A_TRADE[1:], [*A_TRADE[1:], *A_TRADE]):
            journal_of(journal, other)
            with pytest.raises(LedgerForeign, match="trader ledger rebuild"):
                project(journal, ledger)


def test_a_rebuild_by_another_process_is_followed(tmp_path: Path) -> None:
    """The follower looks every few seconds whether the ledger is as it left it."""
    journal = journal_of(tmp_path / "journal.bin", A_TRADE)
    with closing(Ledger(sqlite_url(tmp_path / "ledger.sqlite"))) as ledger:
        pauses = int(following.CHECK_S / following.POLL_S) + 2
        steps_of(Projector(journal, ledger), ledger.reset, *[nothing] * pauses)
        assert len(rows(ledger, "fills")) == 2


def test_a_journal_damaged_in_the_middle_is_told(tmp_path: Path) -> None:
    """What stands behind the damage is not projected; a record that is being written is only waited for."""
    whole = bytearray(frames.HEADER + framed(A_TRADE))
    end = len(frames.HEADER + framed(A_TRADE[:3]))
    journal = tmp_path / "journal.bin"
    journal.write_bytes(whole[: end + 5])
    with closing(Ledger(sqlite_url(tmp_path / "ledger.sqlite"))) as ledger:
        projector = Projector(journal, ledger)
        assert projector.step()
        projector.check()
        whole[end + 20] ^= 1
        journal.write_bytes(whole)
        assert not projector.step()
        with pytest.raises(LedgerForeign, match=f"damaged at offset {end}"):
            projector.check()


def test_a_record_of_a_later_version_is_told_after_what_stands_before_it(tmp_path: Path) -> None:
    """The ledger has all that this version can read."""
    journal = journal_of(tmp_path / "journal.bin", A_TRADE)
    with journal.open("ab") as file:
        file.write(frames.frame(encode_record(STARTED).replace(b"started", b"strange")))
    with closing(Ledger(sqlite_url(tmp_path / "ledger.sqlite"))) as ledger:
        projector = Projector(journal, ledger)
        for _ in range(3):
            with pytest.raises(UnknownRecord, match="'strange', which this version does not know"):
                project_all(projector)
        assert len(rows(ledger, "fills")) == 2


def test_an_amount_that_no_table_has_room_for_is_told(tmp_path: Path) -> None:
    """The journal is right and the ledger stands still; the process goes on saying so."""
    journal = journal_of(tmp_path / "journal.bin", [EquityMarked(2**63, 0, 0, 0)])
    with (
        closing(Ledger(sqlite_url(tmp_path / "ledger.sqlite"))) as ledger,
        pytest.raises(LedgerDown, match="too large"),
    ):
        Projector(journal, ledger).step()


def test_tables_of_somebody_else_are_left_alone(tmp_path: Path) -> None:
    """A database with an own table `orders` is refused, and keeps it."""
    with closing(Ledger(sqlite_url(tmp_path / "ledger.sqlite"))) as ledger:
        with ledger.connected() as connection:
            connection.exec_driver_sql("CREATE TABLE orders (theirs INTEGER)")
        with pytest.raises(LedgerDown, match="orders already exists"):
            ledger.reset()
        with ledger.connected() as connection:
            assert connection.exec_driver_sql("SELECT theirs FROM orders").all() == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_follower_that_is_killed_at_random_loses_and_doubles_nothing(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    """kill -9, several times, while an engine's journal grows."""
    url = sqlite_url(tmp_path / "ledger.sqlite") if kind == "sqlite" else request.getfixturevalue("postgres").url
    dice, records = random.Random(7), many_trades(400)
    with closing(Ledger(url)) as ledger, Journal.open(tmp_path / "journal.bin") as journal:
        ledger.reset()
        for _ in range(4):
            wanted = dice.randrange(1, 600)
            with trader_ledger(tmp_path, url) as process:
                for record in records[:wanted]:
                    journal.append(encode_record(record))
                del records[:wanted]
                before = ledger.progress()
                if dice.random() < 0.7:  # else it may be killed before it has done anything
                    wait_for(lambda before=before: ledger.progress() != before)
                process.kill()
        for record in records:
            journal.append(encode_record(record))
        with trader_ledger(tmp_path, url) as process:
            wait_for(lambda: ledger.progress().byte_offset == journal.path.stat().st_size)  # type: ignore[union-attr]
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        lived = contents(ledger)
    with closing(Ledger(sqlite_url(tmp_path / "rebuilt.sqlite"))) as ledger:
        project(tmp_path / "journal.bin", ledger)
        assert contents(ledger) == lived
        assert len(rows(ledger, "round_trips")) == 400
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert {line["process"] for line in lines} == {"ledger"}


def test_f18_postgresql_that_goes_down_is_caught_up_with(tmp_path: Path, postgres: Any) -> None:
    """F18: it is down while the journal grows; the projector says so each time, and is level once it is back."""
    with closing(Ledger(postgres.url)) as ledger:
        ledger.reset()
        projector = Projector(journal_of(tmp_path / "journal.bin", A_TRADE[:4]), ledger)
        assert projector.step()
        postgres.stop()
        journal_of(tmp_path / "journal.bin", A_TRADE)
        for _ in range(3):
            with pytest.raises(LedgerDown, match="can't be used"):
                projector.step()
        postgres.start()
        project_all(projector)
        assert len(rows(ledger, "fills")) == 2


def test_f18_postgresql_that_stands_still_is_given_up_after_a_while(
    tmp_path: Path, postgres: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F18: its connections are open and silent; a step ends all the same, and nothing is written twice."""
    monkeypatch.setattr(database, "TIMEOUT_S", 0.5)
    with closing(Ledger(postgres.url)) as ledger:
        ledger.reset()
        projector = Projector(journal_of(tmp_path / "journal.bin", A_TRADE[:4]), ledger)
        assert projector.step()
        journal_of(tmp_path / "journal.bin", [*A_TRADE, ArmedSet(True, "cli:ann", "", 0)])
        postgres.freeze(on=True)
        try:
            with pytest.raises(LedgerDown):
                projector.step()
        finally:
            postgres.freeze(on=False)
        caught_up(projector)
        assert (len(rows(ledger, "fills")), len(rows(ledger, "armed"))) == (2, 1)


def caught_up(projector: Projector) -> None:
    """Step until all is written, however often somebody else's work or a broken line is found."""

    def is_done() -> bool:
        try:
            return not projector.step()
        except (LedgerDown, LedgerOvertaken):
            return False

    wait_for(is_done)

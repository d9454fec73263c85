"""A start: from the snapshot and the rest of the journal or from all of it, to the same state; when one is made."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Final

import pytest
from ledger_records import A_TRADE, BTC, E8, ETH, T0, approved, filled, journal_of

from engine.cli.journal import main as journal_main
from engine.core.config import TradingConfig
from engine.core.engine import Engine
from engine.core.instrument import Instrument
from engine.core.queries import Identity
from engine.core.record_codec import decode_record, encode_record
from engine.core.records import Intended
from engine.core.types import Symbol
from engine.recall import recall
from engine.store.journal import Journal
from engine.store.snapshot import FILE

PASSED_OVER: Final = "the snapshot is passed over, and the whole journal folded"


def started(home: Path, *symbols: Symbol, grown_bytes: int = 1) -> Engine:
    """Start an engine on the journal there."""
    units = (E8 // 100, E8 // 10_000, 10, 9_000 * 10_000, 5 * E8, 0, 1, 100_000_000, True)
    made = {one: Instrument(one, one.removesuffix("USDT"), "USDT", *units) for one in symbols or (ETH,)}
    engine = Engine(TradingConfig(), made, "paper", Identity("1.0", "abc", "test", T0))
    with Journal.open(home / "journal.bin") as journal:
        recall(engine, journal, T0, grown_bytes)
    return engine


def bought(home: Path) -> None:
    """Append a purchase to the journal there."""
    with Journal.open(home / "journal.bin") as journal:
        for record in (Intended(approved("tr-7")), filled("tr-7", 7, 100)):
            journal.append(encode_record(record))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with a journal of one closed trade, and a snapshot of it."""
    journal_of(tmp_path / "journal.bin", A_TRADE)
    started(tmp_path)
    assert (tmp_path / FILE).exists()
    return tmp_path


def test_the_rest_is_folded_on_top_of_the_snapshot(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What was bought since is held, and what was closed before is remembered."""
    bought(home)
    caplog.set_level(logging.INFO)
    engine = started(home)
    assert "goes on from a snapshot at offset" in caplog.text
    assert list(engine.trading.portfolio.open) == [ETH]
    assert [trip.pnl_e8(0) for trip in engine.trading.portfolio.closed] == [6 * E8 // 10]


def test_the_part_before_it_is_not_folded_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the journal only what came since is decoded."""
    bought(home)
    read: list[bytes] = []
    decode = "engine.recall.decode_record"
    monkeypatch.setattr(decode, lambda payload: read.append(payload) or decode_record(payload))
    started(home)
    assert len(read) == 2


def test_one_is_written_only_when_the_journal_has_grown(home: Path) -> None:
    """And the journal stays as it was, to the byte."""
    before, journal = (home / FILE).read_bytes(), (home / "journal.bin").read_bytes()
    started(home)
    bought(home)
    started(home, grown_bytes=10_000)
    assert (home / FILE).read_bytes() == before
    started(home, grown_bytes=100)
    assert (home / FILE).read_bytes() != before
    assert (home / "journal.bin").read_bytes().startswith(journal)


def test_a_damaged_one_is_passed_over(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One line says so, the whole journal is folded, and a sound one takes its place."""
    whole = (home / FILE).read_bytes()
    (home / FILE).write_bytes(whole[:-1] + b"x")
    engine = started(home)
    assert caplog.text.count(PASSED_OVER) == 1
    assert len(engine.trading.portfolio.closed) == 1
    assert (home / FILE).read_bytes() == whole


def test_other_symbols_or_units_need_the_whole_journal(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What was not followed then is in no snapshot."""
    started(home, ETH, BTC)
    assert "it was made with other symbols" in caplog.text


def test_one_of_another_journal_is_passed_over(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The journal was moved away: nothing of the old one is believed."""
    (home / "journal.bin").unlink()
    engine = started(home)
    assert "it is newer than the journal" in caplog.text
    assert not engine.trading.portfolio.closed


def test_a_full_disk_stops_no_start(
    home: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot that can't be written costs time at the next start, and nothing else."""

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    bought(home)
    monkeypatch.setattr("engine.recall.files.write_snapshot", refuse)
    assert list(started(home).trading.portfolio.open) == [ETH]
    assert "no snapshot of the journal could be written" in caplog.text


@pytest.mark.parametrize("is_damaged", [False, True])
def test_the_journals_check_says_whether_it_is_sound(
    home: Path, is_damaged: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A damaged one is told, and is no damage of the journal."""
    if is_damaged:
        (home / FILE).write_bytes(b"TRADERS\x01")
    monkeypatch.setenv("TRADER_HOME", str(home))
    assert journal_main(argparse.Namespace(what="check", json=False)) == 0
    size = (home / "journal.bin").stat().st_size
    wanted = "snapshot: passed over at the next start" if is_damaged else f"snapshot: sound, of the first {size} bytes"
    assert wanted in capsys.readouterr().out

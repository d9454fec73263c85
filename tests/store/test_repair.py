"""A damaged journal is looked over, and cut so that everything sound stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.main import main
from engine.core.record_codec import encode_record
from engine.core.records import ModeSet
from engine.core.safeguard_records import KillReset
from engine.store.frames import HEAD_BYTES, HEADER
from engine.store.journal import Journal, JournalDamaged
from engine.store.repair import cut, survey

RECORDS = [encode_record(ModeSet("", mode, "cli:ann", 1)) for mode in ("off", "ask", "auto")]
RECORDS.append(encode_record(KillReset("cli:ann", "a drill", 2)))


@pytest.fixture(name="path")
def a_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four records in a home of their own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRADER_HOME", str(tmp_path))
    path = tmp_path / "journal.bin"
    with Journal.open(path) as journal:
        for payload in RECORDS:
            journal.append(payload)
    return path


def flip(path: Path, offset: int) -> None:
    """Flip a bit."""
    data = bytearray(path.read_bytes())
    data[offset] ^= 0x10
    path.write_bytes(data)


def start_of(number: int) -> int:
    """Return where a record begins."""
    return len(HEADER) + sum(HEAD_BYTES + len(payload) for payload in RECORDS[:number])


def records(path: Path) -> list[bytes]:
    """Return what a start would find."""
    with Journal.open(path) as journal:
        return list(journal.records())


def test_a_sound_journal_is_left_as_it_is(path: Path) -> None:
    before = path.read_bytes()
    assert survey(path)[:1] == (4,)
    assert cut(path)[1] is None
    assert path.read_bytes() == before


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_flipped_bit_in_any_byte_of_a_record_costs_that_record_alone(path: Path, number: int) -> None:
    whole = path.read_bytes()
    for offset in range(start_of(number), start_of(number + 1)):
        path.write_bytes(whole)
        flip(path, offset)
        with pytest.raises(JournalDamaged, match="trader journal check"):
            Journal.open(path)
        found, kept = cut(path)
        assert [(damage.offset, damage.record) for damage in found.damages] == [(start_of(number), number)]
        assert records(path) == RECORDS[:number] + RECORDS[number + 1 :]
        assert kept is not None
        assert kept.stat().st_size == len(whole)


def test_the_verbs_say_what_is_wrong_what_is_lost_and_what_to_do(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["journal", "check"]) == 0
    flip(path, start_of(1) + HEAD_BYTES)
    assert main(["journal", "check"]) == 1
    assert "behind record 1 (after ModeSet, before ModeSet)" in capsys.readouterr().out
    with Journal.open(path.with_name("other.bin")):
        assert main(["journal", "cut"]) == 0
    assert "trader ledger rebuild --force" in capsys.readouterr().out
    assert main(["journal", "check", "--json"]) == 0
    assert '"records": 3' in capsys.readouterr().out


def test_a_journal_that_an_engine_writes_to_is_not_cut(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Journal.open(path):
        assert main(["journal", "cut"]) == 2
    assert "stop it first" in capsys.readouterr().err

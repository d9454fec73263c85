"""The snapshot's file: whole or not at all, and passed over wherever it does not fit the journal or the program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import msgspec
import pytest

from engine.store import frames
from engine.store.snapshot import (
    FILE,
    HEADER,
    Snapshot,
    SnapshotUnusable,
    Stand,
    digest_of,
    program_digest,
    read_snapshot,
    write_snapshot,
)

PROGRAM: Final = "p1"


def journal_in(folder: Path, records: int = 3) -> Path:
    """Write a journal of small records."""
    path = folder / "journal.bin"
    path.write_bytes(frames.HEADER + b"".join(frames.frame(b"record %d" % number) for number in range(records)))
    return path


def snapshot_of(journal: Path, kept: bytes = b"kept", **changed: object) -> Snapshot:
    """Make a snapshot that stands on all of a journal."""
    size = journal.stat().st_size
    stand = Stand(PROGRAM, "u1", size, digest_of(journal, size))
    return Snapshot(msgspec.structs.replace(stand, **changed), kept)


def written(folder: Path, **changed: object) -> tuple[Path, Path]:
    """Write a journal and a snapshot of it; return where they are, the snapshot first."""
    journal = journal_in(folder)
    write_snapshot(folder / FILE, snapshot_of(journal, **changed))  # type: ignore[arg-type]
    return folder / FILE, journal


def test_what_was_written_is_read_also_when_the_journal_has_grown(tmp_path: Path) -> None:
    """It stands on a part of the journal, and what comes behind that is not its business."""
    path, journal = written(tmp_path)
    with open(journal, "ab") as file:
        file.write(frames.frame(b"one more"))
    found = read_snapshot(path, journal, PROGRAM)
    assert found is not None
    assert found.kept == b"kept"
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_there_may_be_none(tmp_path: Path) -> None:
    assert read_snapshot(tmp_path / FILE, journal_in(tmp_path), PROGRAM) is None


def test_each_byte_of_it_counts(tmp_path: Path) -> None:
    """Whichever bit flips, and wherever it ends too early, it is passed over."""
    path, journal = written(tmp_path)
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(SnapshotUnusable):
            read_snapshot(path, journal, PROGRAM)
        path.write_bytes(data[:at])
        with pytest.raises(SnapshotUnusable):
            read_snapshot(path, journal, PROGRAM)


def test_another_layout_or_program_is_passed_over(tmp_path: Path) -> None:
    path, journal = written(tmp_path)
    with pytest.raises(SnapshotUnusable, match="another version of the program"):
        read_snapshot(path, journal, "p2")
    path.write_bytes(path.read_bytes().replace(HEADER, HEADER[:-1] + b"\x02"))
    with pytest.raises(SnapshotUnusable, match="its layout has version 2"):
        read_snapshot(path, journal, PROGRAM)


def test_one_that_is_newer_than_the_journal_is_passed_over(tmp_path: Path) -> None:
    """The journal was moved away, or a power cut took its end: what it lacks must not be believed."""
    path, journal = written(tmp_path)
    journal_in(tmp_path, 2)
    with pytest.raises(SnapshotUnusable, match=r"newer than the journal, which lacks 16 of its \d+ bytes"):
        read_snapshot(path, journal, PROGRAM)


def test_a_journal_that_was_changed_is_noticed_wherever_it_was(tmp_path: Path) -> None:
    """Also where the record's own checksum was made right again."""
    path, journal = written(tmp_path)
    journal.write_bytes(journal.read_bytes().replace(frames.frame(b"record 0"), frames.frame(b"rec0rd 0")))
    with pytest.raises(SnapshotUnusable, match="the journal has changed"):
        read_snapshot(path, journal, PROGRAM)


def test_the_program_is_known_by_what_it_is_made_of() -> None:
    """16 hex digits, the same each time it is asked."""
    assert len(program_digest()) == 16
    assert program_digest() == program_digest()


_WRITER: Final = """
import sys
from pathlib import Path
import msgspec
from engine.store.snapshot import Snapshot, Stand, digest_of, write_snapshot
journal, path = Path(sys.argv[1]), Path(sys.argv[2])
size = journal.stat().st_size
stand = Stand("p1", "u1", size, digest_of(journal, size))
while True:
    write_snapshot(path, Snapshot(stand, bytes(20_000_000)))
"""


def test_killed_while_it_is_written_the_one_before_is_there(tmp_path: Path) -> None:
    """SIGKILL while the new one is being written, again and again: the old one or a new one, and never half of one."""
    path, journal = written(tmp_path)
    part = path.with_name(path.name + ".part")
    for _ in range(3):
        part.unlink(missing_ok=True)
        with subprocess.Popen([sys.executable, "-c", _WRITER, str(journal), str(path)]) as writer:
            until = time.monotonic() + 30
            while not part.exists() and time.monotonic() < until:
                time.sleep(0.0005)
            writer.send_signal(signal.SIGKILL)
        found = read_snapshot(path, journal, PROGRAM)
        assert found is not None
        assert found.kept in (b"kept", bytes(20_000_000))


def test_where_there_is_no_room_the_one_before_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk refuses to sync: nothing half written stays beside it."""
    path, journal = written(tmp_path)

    def refuse(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.whole_file.os.fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        write_snapshot(path, snapshot_of(journal, b"other"))
    found = read_snapshot(path, journal, PROGRAM)
    assert found is not None
    assert found.kept == b"kept"
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".part"] == []

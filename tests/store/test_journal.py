"""The journal: what was appended is found again, a torn tail is cut, a damaged middle refuses, a full disk refuses."""

from __future__ import annotations

import os
import resource
import shutil
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import google_crc32c
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.store.frames import HEADER, LARGEST_RECORD
from engine.store.journal import Journal, JournalDamaged, JournalInUse, JournalUnwritable

INTENTS = [b"intent one", b"", b'{"client_order_id":"x-7","qty":"0.1"}', b"\x00" * 9, b"the last intent"]


def wait_for(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    """Wait until a condition set by another thread holds."""
    pause, deadline = threading.Event(), time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        pause.wait(0.001)


def written(path: Path, payloads: list[bytes]) -> bytes:
    """Write a journal and return its bytes."""
    with Journal.open(path) as journal:
        for payload in payloads:
            journal.append(payload)
    return path.read_bytes()


def reopened(path: Path) -> tuple[list[bytes], bool]:
    """Open a journal and return its records, and whether a tail was cut."""
    with Journal.open(path) as journal:
        return list(journal.records()), journal.torn is not None


@contextmanager
def as_nobody() -> Iterator[None]:
    """Give up root's right to write everywhere, if the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_layout_is_header_length_checksum_payload(tmp_path: Path) -> None:
    """Each record is its length, the CRC32C of length and payload, and the payload."""
    length = struct.pack("<I", 3)
    checksum = struct.pack("<I", google_crc32c.value(length + b"abc"))
    assert written(tmp_path / "j", [b"abc"]) == HEADER + length + checksum + b"abc"


def test_records_come_back_in_order(tmp_path: Path) -> None:
    """What was appended is there after a restart, and more can follow."""
    written(tmp_path / "j", INTENTS)
    with Journal.open(tmp_path / "j") as journal:
        journal.append(b"after the restart")
        assert list(journal.records()) == [*INTENTS, b"after the restart"]
        assert journal.torn is None


def test_tail_torn_at_every_byte_of_the_last_three_records_is_cut(tmp_path: Path) -> None:
    """Wherever the file ends, every whole record is kept, the rest is cut and reported, and appending goes on."""
    whole = written(tmp_path / "whole", INTENTS)
    ends = [len(HEADER)]
    for payload in INTENTS:
        ends.append(ends[-1] + 8 + len(payload))
    path = tmp_path / "torn"
    for size in range(ends[-4], len(whole) + 1):
        path.write_bytes(whole[:size])
        kept = [payload for payload, end in zip(INTENTS, ends[1:], strict=True) if end <= size]
        with Journal.open(path) as journal:
            assert list(journal.records()) == kept, size
            assert (journal.torn is None) == (size in ends), size
            journal.append(b"next")
        assert reopened(path) == ([*kept, b"next"], False), size


def test_torn_tail_says_what_was_cut(tmp_path: Path) -> None:
    """The report names offset and size."""
    whole = written(tmp_path / "j", INTENTS)
    (tmp_path / "j").write_bytes(whole[:-2])
    with Journal.open(tmp_path / "j") as journal:
        assert journal.torn == (len(whole) - 23, 21)
        assert str(journal.torn) == f"21 bytes of an unfinished record were cut off at offset {len(whole) - 23}"


def test_zeros_at_the_end_are_a_torn_tail(tmp_path: Path) -> None:
    """A file that the file system lengthened before it wrote the data is cut, and zeros are no records."""
    whole = written(tmp_path / "j", INTENTS)
    (tmp_path / "j").write_bytes(whole + bytes(5000))
    assert reopened(tmp_path / "j") == (INTENTS, True)


def test_every_flipped_bit_before_the_last_record_is_refused_with_its_place(tmp_path: Path) -> None:
    """A flip in any byte of an earlier record refuses to open, names the record, and leaves the file as it is."""
    whole = written(tmp_path / "j", INTENTS)
    path = tmp_path / "j"
    last = len(whole) - 8 - len(INTENTS[-1])
    for place in range(len(HEADER), last):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        with pytest.raises(JournalDamaged, match="trader journal check") as error:
            Journal.open(path)
        assert len(HEADER) <= error.value.offset <= place
        assert path.read_bytes() == damaged


def test_every_flipped_bit_of_the_last_record_is_a_torn_tail(tmp_path: Path) -> None:
    """A last record that fails its check is cut: what follows a restart is a reconciliation."""
    whole = written(tmp_path / "j", INTENTS)
    for place in range(len(whole) - 8 - len(INTENTS[-1]), len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        (tmp_path / "j").write_bytes(damaged)
        assert reopened(tmp_path / "j") == (INTENTS[:-1], True), place


def test_the_advised_repair_works(tmp_path: Path) -> None:
    """Cutting where the message says gives a journal that opens with all that was sound before."""
    whole = bytearray(written(tmp_path / "j", INTENTS))
    whole[len(HEADER) + 20] ^= 1
    (tmp_path / "j").write_bytes(whole)
    with pytest.raises(JournalDamaged) as error:
        Journal.open(tmp_path / "j")
    os.truncate(tmp_path / "j", error.value.offset)
    assert reopened(tmp_path / "j") == (INTENTS[:1], False)


def test_a_tail_longer_than_any_record_is_no_tail(tmp_path: Path) -> None:
    """Noise for more bytes than one record can have is damage, though no sound record follows."""
    with open(tmp_path / "j", "wb") as file:
        file.write(written(tmp_path / "sound", INTENTS) + b"\xff" * (LARGEST_RECORD + 9))
    with pytest.raises(JournalDamaged):
        Journal.open(tmp_path / "j")


@pytest.mark.parametrize("content", [b"#!/bin/sh\nexit\n", b"TRADERX\x01", b"\x00" * 8, b"x"])
def test_a_foreign_file_is_left_alone(tmp_path: Path, content: bytes) -> None:
    """A file that doesn't begin as a journal does is refused and not touched."""
    (tmp_path / "j").write_bytes(content)
    with pytest.raises(JournalDamaged, match="does not begin"):
        Journal.open(tmp_path / "j")
    assert (tmp_path / "j").read_bytes() == content


def test_a_later_layout_is_refused(tmp_path: Path) -> None:
    """A journal of another version says so."""
    (tmp_path / "j").write_bytes(HEADER[:-1] + b"\x02")
    with pytest.raises(JournalDamaged, match="version 2, and this program knows version 1"):
        Journal.open(tmp_path / "j")


def test_a_header_cut_short_begins_anew(tmp_path: Path) -> None:
    """A crash while the file was being made leaves nothing to lose."""
    for size in range(len(HEADER)):
        (tmp_path / "j").write_bytes(HEADER[:size])
        assert reopened(tmp_path / "j") == ([], False)


def test_a_second_engine_is_refused(tmp_path: Path) -> None:
    """One writer at a time; another process gets a clear error, and may open it once it is free."""
    script = "import sys; from engine.store.journal import Journal; Journal.open(sys.argv[1])"
    with Journal.open(tmp_path / "j"):
        with pytest.raises(JournalInUse, match="Another engine writes"):
            Journal.open(tmp_path / "j")
        second = subprocess.run(
            [sys.executable, "-c", script, tmp_path / "j"], capture_output=True, text=True, check=False
        )
        assert "JournalInUse: Another engine writes to the journal" in second.stderr
    Journal.open(tmp_path / "j").close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_refuses_then_and_ever_after(tmp_path: Path) -> None:
    """No room for a record raises; so does every later append, even when there is room again."""
    journal = Journal.open(tmp_path / "j")
    journal.append(b"fits")
    disk = os.dup(journal.fileno())
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, journal.fileno())
    with pytest.raises(JournalUnwritable, match=r"No space left on device.*no order may leave"):
        journal.append(b"does not")
    os.dup2(disk, journal.fileno())
    with pytest.raises(JournalUnwritable, match="No space left"):
        journal.append(b"would fit now")
    assert "No space left" in journal.failure
    journal.close()
    os.close(disk)
    os.close(full)
    assert reopened(tmp_path / "j") == ([b"fits"], False)


def test_a_record_that_fits_in_part_is_taken_back(tmp_path: Path) -> None:
    """A short write (here at the file size limit) raises and leaves no half record behind."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Journal.open(tmp_path / "j") as journal:
        journal.append(b"fits")
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(HEADER) + 12 + 10, hard))
        try:
            with pytest.raises(JournalUnwritable, match="only 10 of 23 bytes fitted"):
                journal.append(b"fits in part :(")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        with pytest.raises(JournalUnwritable):
            journal.append(b"")
    assert reopened(tmp_path / "j") == ([b"fits"], False)


def test_a_sync_that_fails_in_the_background_closes_the_journal(tmp_path: Path) -> None:
    """When the disk refuses to sync, the next append refuses: what was written may be lost."""
    journal = Journal.open(tmp_path / "j")
    reader, writer = os.pipe()  # takes writes, and can't be synced
    os.dup2(writer, journal.fileno())
    journal.append(b"who knows where")
    wait_for(lambda: journal.failure != "")
    with pytest.raises(JournalUnwritable, match="Invalid argument"):
        journal.append(b"next")
    journal.close()
    os.close(reader)
    os.close(writer)


def test_appended_records_are_synced_by_themselves(tmp_path: Path) -> None:
    """Without anyone asking, what was appended gets to the disk."""
    with Journal.open(tmp_path / "j") as journal:
        journal.append(b"intent")
        wait_for(lambda: journal.is_synced)
        assert not journal.failure


def test_sync_always_has_synced_when_append_returns(tmp_path: Path) -> None:
    """The option makes append wait for the disk."""
    with Journal.open(tmp_path / "j", sync_always=True) as journal:
        for _ in range(20):
            journal.append(b"intent")
            assert journal.is_synced


def test_a_read_only_journal_is_refused_at_opening(tmp_path: Path) -> None:
    """A file without the right to write says what to do."""
    folder = Path("/tmp") / f"journal-{os.getpid()}"
    folder.mkdir(mode=0o755)
    try:
        written(folder / "j", INTENTS)
        (folder / "j").chmod(0o444)
        with as_nobody():
            with pytest.raises(JournalUnwritable, match="Permission denied"):
                Journal.open(folder / "j")
            with pytest.raises(JournalUnwritable, match="Permission denied"):
                Journal.open(folder / "new" / "j")
    finally:
        shutil.rmtree(folder)


def test_a_journal_turned_read_only_refuses(tmp_path: Path) -> None:
    """A descriptor that may no longer write refuses the append."""
    journal = Journal.open(tmp_path / "j")
    read_only = os.open(tmp_path / "j", os.O_RDONLY)
    os.dup2(read_only, journal.fileno())
    with pytest.raises(JournalUnwritable, match="Bad file descriptor"):
        journal.append(b"intent")
    journal.close()
    os.close(read_only)


@pytest.mark.parametrize("path", ["/dev/null", "/tmp"])
def test_what_is_no_file_is_refused(path: str) -> None:
    """A device or a folder is no journal."""
    with pytest.raises(JournalUnwritable):
        Journal.open(path)


def test_a_closed_journal_refuses(tmp_path: Path) -> None:
    """Nothing may be appended after closing; closing twice is one closing."""
    journal = Journal.open(tmp_path / "j")
    journal.close()
    journal.close()
    with pytest.raises(JournalUnwritable, match="is closed"):
        journal.append(b"late")


def test_a_record_too_large_is_the_callers_mistake(tmp_path: Path) -> None:
    """The largest record fits; one byte more is refused without closing the journal."""
    with Journal.open(tmp_path / "j") as journal:
        journal.append(b"x" * LARGEST_RECORD)
        with pytest.raises(ValueError, match="larger than"):
            journal.append(b"x" * (LARGEST_RECORD + 1))
        journal.append(b"goes on")
        assert [len(payload) for payload in journal.records()] == [LARGEST_RECORD, 7]


def test_killed_engine_loses_no_record(tmp_path: Path) -> None:
    """Everything that append returned from survives kill -9."""
    script = (
        "import sys, os, signal; from engine.store.journal import Journal\n"
        "journal = Journal.open(sys.argv[1])\n"
        "for number in range(1000): journal.append(b'%d' % number)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", script, tmp_path / "j"], check=False)
    records, was_torn = reopened(tmp_path / "j")
    assert records == [b"%d" % number for number in range(1000)]
    assert not was_torn


@settings(max_examples=60)
@given(payloads=st.lists(st.binary(max_size=60), max_size=6), noise=st.binary(min_size=1, max_size=40))
def test_noise_at_the_end_never_costs_a_record(
    tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes], noise: bytes
) -> None:
    """Whatever stands behind the last sound record, the sound ones come back."""
    path = tmp_path_factory.mktemp("noise") / "j"
    whole = written(path, payloads)
    path.write_bytes(whole + noise)
    assert reopened(path) == (payloads, True)

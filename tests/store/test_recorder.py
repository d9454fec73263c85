"""The recorder: a session comes back as it was received, and a damaged file names its record."""

from __future__ import annotations

import gzip
import os
import resource
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.store.recorder import (
    BLOCK_BYTES,
    Recorder,
    SessionDamaged,
    SessionRecord,
    SessionUnwritable,
    read_session,
)

SESSION = [
    SessionRecord(1_511_877_600_000_000_000, "snapshot", b'{"lastUpdateId":1}'),
    SessionRecord(1_511_877_600_000_000_001, "frame", b'{"e":"trade"}'),
    SessionRecord(1_511_877_600_000_000_001, "order", b"POST /api/v3/order HTTP/1.1\r\n\r\nside=BUY\n"),
    SessionRecord(1_511_877_599_000_000_000, "timer", b""),
]


def recorded(path: Path, session: list[SessionRecord]) -> None:
    """Record a session."""
    with Recorder(path) as recorder:
        for record in session:
            recorder.record(record.ts_recv_ns, record.kind, record.data)


@pytest.mark.parametrize("name", ["session", "session.gz"])
def test_a_session_comes_back_as_received(tmp_path: Path, name: str) -> None:
    """Order, stamps, kinds and bytes are kept, packed or not."""
    recorded(tmp_path / "new" / name, SESSION)
    assert list(read_session(tmp_path / "new" / name)) == SESSION


def test_a_plain_session_can_be_read_by_people(tmp_path: Path) -> None:
    """The file is lines, with lengths in them."""
    recorded(tmp_path / "s", SESSION[1:2])
    assert (tmp_path / "s").read_bytes() == b'trader-session 1\n1511877600000000001 frame 13\n{"e":"trade"}\n'


@pytest.mark.parametrize("name", ["session", "session.gz"])
def test_a_long_session_is_written_in_blocks(tmp_path: Path, name: str) -> None:
    """Many times a block's size comes back whole, and the file grows before it is closed."""
    session = [SessionRecord(number, "frame", b"x" * 1000) for number in range(5 * BLOCK_BYTES // 1000)]
    recorded(tmp_path / name, session)
    assert list(read_session(tmp_path / name)) == session


@settings(max_examples=60)
@given(data=st.lists(st.tuples(st.integers(0, 2**63 - 1), st.sampled_from(["frame", "order"]), st.binary())))
def test_any_bytes_can_be_recorded(
    tmp_path_factory: pytest.TempPathFactory, data: list[tuple[int, str, bytes]]
) -> None:
    """Newlines, zeros and what looks like a record's line come back as they were."""
    path = tmp_path_factory.mktemp("any") / "s"
    session = [SessionRecord(*row) for row in data]
    recorded(path, session)
    assert list(read_session(path)) == session


@pytest.mark.parametrize(("name", "lost"), [("session", 3), ("session.gz", 12)])
def test_a_session_cut_short_gives_what_is_whole_and_names_the_record(tmp_path: Path, name: str, lost: int) -> None:
    """After a crash every record before the cut comes back, then an error with the number."""
    path = tmp_path / name
    with Recorder(path) as recorder:
        for record in SESSION[:2]:
            recorder.record(record.ts_recv_ns, record.kind, record.data)
        recorder.flush()
        recorder.record(SESSION[2].ts_recv_ns, SESSION[2].kind, SESSION[2].data)
    os.truncate(path, path.stat().st_size - lost)
    with pytest.raises(SessionDamaged, match=r"record 3: .* records before it are sound"):
        list(read_session(path))
    records = read_session(path)
    assert [next(records), next(records)] == SESSION[:2]


def test_every_cut_is_an_error_or_a_shorter_session(tmp_path: Path) -> None:
    """A file that ends anywhere never gives a record that was not recorded."""
    recorded(tmp_path / "s", SESSION)
    whole = (tmp_path / "s").read_bytes()
    for size in range(len(whole)):
        (tmp_path / "cut").write_bytes(whole[:size])
        found: list[SessionRecord] = []
        try:
            found.extend(read_session(tmp_path / "cut"))
        except SessionDamaged:
            continue
        assert found == SESSION[: len(found)]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is no recorded session"),
        (b"hello\n", "is no recorded session"),
        (b"trader-session 2\n", "is no recorded session"),
        (b"trader-session 1\n1 frame 1\na\nwhat\n", "record 2: .*is not 'ts_recv_ns kind length'"),
        (b"trader-session 1\n1 frame x\na\n", "record 1: invalid literal"),
        (b"trader-session 1\n1 frame -1\n\n", "record 1: a length of -1"),
        (b"trader-session 1\n1 frame 99999999999\n\n", "record 1: a length of 99999999999"),
        (b"trader-session 1\n1 frame 1\nab\n", "record 1: it is cut off or its length is wrong"),
        (b"trader-session 1\n1 \xff\xfe 1\na\n", "record 1: .*decode"),
    ],
)
def test_a_damaged_session_names_the_record(tmp_path: Path, content: bytes, problem: str) -> None:
    """Each kind of damage is one sentence with the record's number."""
    (tmp_path / "s").write_bytes(content)
    with pytest.raises(SessionDamaged, match=problem):
        list(read_session(tmp_path / "s"))


def test_what_is_not_packed_is_no_packed_session(tmp_path: Path) -> None:
    """A plain file with a packed file's name is an error, as is noise inside a packed one."""
    (tmp_path / "a.gz").write_bytes(b"trader-session 1\n")
    with pytest.raises(SessionDamaged, match="Not a gzipped file"):
        list(read_session(tmp_path / "a.gz"))
    packed = bytearray(gzip.compress(b"trader-session 1\n" + b"1 frame 100\n" + bytes(range(100)) + b"\n"))
    packed[40] ^= 0xFF
    (tmp_path / "b.gz").write_bytes(packed)
    with pytest.raises(SessionDamaged, match="record 1"):
        list(read_session(tmp_path / "b.gz"))


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    """What isn't there can't be read."""
    with pytest.raises(SessionDamaged, match="can't be read: No such file"):
        list(read_session(tmp_path / "nothing"))


def test_a_session_is_never_overwritten(tmp_path: Path) -> None:
    """A file that exists is refused and kept."""
    (tmp_path / "s").write_text("yesterday")
    with pytest.raises(SessionUnwritable, match="File exists"):
        Recorder(tmp_path / "s")
    assert (tmp_path / "s").read_text() == "yesterday"


def test_a_full_disk_ends_the_recording_and_nothing_else(tmp_path: Path) -> None:
    """When the file can't grow, recording stops and says so; record() goes on taking and dropping."""
    recorder = Recorder(tmp_path / "s")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        recorder.record(1, "frame", b"x" * 200)
        recorder.close()
        recorder.record(2, "frame", b"y")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "recording" in recorder.failure
    assert "File too large" in recorder.failure

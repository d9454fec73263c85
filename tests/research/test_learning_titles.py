"""Files of headlines: what they may look like; whatever else they are is said in one sentence with its line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from engine.research.learning.titles import Told, UnreadableError, is_headlines, read_titles

THEN_MS = 1_512_000_000_000


def written(folder: Path, data: bytes, name: str = "headlines.csv") -> Path:
    """A file with this in it."""
    path = folder / name
    path.write_bytes(data)
    return path


def test_a_table_is_read_with_a_mark_of_its_encoding_in_front(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbfts_ms,title\n%d,ETH hack\n" % THEN_MS)
    assert is_headlines(path)
    assert read_titles(path) == [Told(THEN_MS, "ETH hack")]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (b"abc,x", "line 2: 'abc' is no time in milliseconds since 1970"),
        (b"1,x\nNaN,x", "line 3: 'NaN' is no time"),
        (b"99999999999999999999,x", "line 2: '99999999999999999999' is no time"),
        (b"-5,x", "line 2: '-5' is no time"),
        (b"1512000000000", "line 2 has no title"),
        (b"1512000000000," + b"x" * 200_000, "field larger than field limit"),
    ],
)
def test_a_row_that_can_not_be_meant_is_refused_with_its_line(tmp_path: Path, rows: bytes, words: str) -> None:
    with pytest.raises(UnreadableError, match="is no file of headlines") as refused:
        read_titles(written(tmp_path, b"ts_ms,title\n" + rows + b"\n"))
    assert words in str(refused.value)


def test_a_table_that_calls_its_moments_otherwise_is_refused(tmp_path: Path) -> None:
    """Its name begins as the one that is wanted, so that it is taken for headlines."""
    path = written(tmp_path, b"ts_ms_utc,title\n%d,ETH hack\n" % THEN_MS)
    assert is_headlines(path)
    with pytest.raises(UnreadableError, match="line 2: None is no time"):
        read_titles(path)


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (b'[{"releaseDate":1e400,"title":"x"}]', "entry 1: inf is no time"),
        (b'[{"releaseDate":1,"title":"x"},{"releaseDate":1,"title":null}]', "entry 2 has no title"),
        (b'{"events":[{"date":"2017-02-30","title":"x"}]}', "day is out of range"),
        (b"[" * 100_000, "recursion"),
    ],
)
def test_an_entry_that_can_not_be_meant_is_refused(tmp_path: Path, tree: bytes, words: str) -> None:
    with pytest.raises(UnreadableError, match=words):
        read_titles(written(tmp_path, tree, "announcements.json"))


def test_a_packed_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(b"ts_ms,title\n" + b"1512000000000,ETH hack\n" * 1000)
    with pytest.raises(UnreadableError, match="can't be read"):
        read_titles(written(tmp_path, packed[:60], "headlines.csv.gz"))

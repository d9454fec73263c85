"""Reads recordings of raw Binance frames, one a line: ``local_ns {json}``; gzip or plain, never all in memory.

A line is a combined-stream message, or the REST depth snapshot that its recorder fetched on the way::

    1723161254340863867 {"stream":"ethusdt@trade","data":{"e":"trade","E":1723161255612,"s":"ETHUSDT", …}}
    1723161254152322667 {"lastUpdateId":35346513512,"bids":[["2683.80000000","3.02920000"], …],"asks":[ … ]}
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine.venues.paper.tape.events import TapeError
from engine.venues.paper.tape.files import numbered_lines


class RecordedFrame(msgspec.Struct, frozen=True, gc=False):
    """One line of a recording."""

    ts_recv_ns: int
    """The recorder's clock at receipt."""
    data: bytes
    """The JSON as it was received."""
    line: int
    """Counted from 1."""


class _AnyObject(msgspec.Struct):
    """Any JSON object at all: decoding into it checks the syntax and keeps nothing."""


_checker = msgspec.json.Decoder(_AnyObject)


def read_recording(path: str | Path) -> Iterator[RecordedFrame]:
    """Go through a recording line by line; raises TapeError with path and line for whatever is wrong with one."""
    before_ns = 0
    for number, line in numbered_lines(Path(path)):
        frame = _frame(path, number, line)
        if frame.ts_recv_ns < before_ns:
            raise TapeError(
                f"{path}, line {number}: its time {frame.ts_recv_ns} is before the previous line's {before_ns}. "
                "Sort the recording by its first column, or record it again."
            )
        before_ns = frame.ts_recv_ns
        yield frame
    if not before_ns:
        raise TapeError(f"{path}: the file is empty. Give a recording with lines of the form: local_ns {{json}}")


def _frame(path: str | Path, number: int, line: bytes) -> RecordedFrame:
    stamp, space, data = line.rstrip(b"\r\n").partition(b" ")
    if not space or not stamp.isdigit() or not data.startswith(b"{"):
        raise TapeError(
            f"{path}, line {number}: expected `local_ns {{json}}` but found {_shown(line)}. "
            "This is no recording of raw frames; for candles say candles:PATH."
        )
    try:
        _checker.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TapeError(
            f"{path}, line {number}: the line is truncated or damaged ({error}). "
            f"Cut the file before line {number}, or record it again."
        ) from None
    return RecordedFrame(int(stamp), data, number)


def _shown(line: bytes) -> str:
    text = line[:40].decode("utf-8", "replace").rstrip()
    return repr(text + ("…" if len(line) > 40 else ""))

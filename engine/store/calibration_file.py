"""`calibration.json` in the home folder: what each strategy's scores have been worth, with a hash over all of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from engine.core.calibration import Calibration
from engine.core.sealed import Sealed
from engine.whole_file import replace_file

CALIBRATION_FILE: Final = "calibration.json"


class CalibrationUnreadable(Exception):
    """The file can't be believed; the message says what to do."""


class CalibrationFile(Sealed, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the file holds."""

    version: str
    """Of the trader that measured."""
    made: str
    """The day of the last signal that it rests on, ISO 8601."""
    sources: tuple[str, ...]
    """What was looked at: each file's name and the first 16 hex digits of its SHA-256."""
    strategies: tuple[Calibration, ...]


def read_calibration(home: Path) -> tuple[Calibration, ...]:
    """Return what was measured, () where there is no file; raises CalibrationUnreadable with one sentence."""
    path = home / CALIBRATION_FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise CalibrationUnreadable(f"{path} can't be read ({error.strerror}): correct its permissions.") from None
    try:
        file = msgspec.json.decode(data, type=CalibrationFile)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CalibrationUnreadable(f"{path} makes no sense ({error}): {_AGAIN}") from None
    if not file.is_sound:
        raise CalibrationUnreadable(f"{path} was changed after it was measured: {_AGAIN}")
    return file.strategies


def write_calibration(home: Path, file: CalibrationFile) -> Path:
    """Write the file whole or not at all, and return its path."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / CALIBRATION_FILE
    text = msgspec.json.format(msgspec.json.encode(file.sealed(), order="deterministic"), indent=1)
    replace_file(path, (text, b"\n"))
    return path


_AGAIN: Final = "remove it, or measure again with `trader calibrate`."

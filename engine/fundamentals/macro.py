"""What the economy at large does to what everything is worth: series such as interest rates or money, each by a weight.

A series counts by how unusual its change over 90 days is against such changes of the years before. Per standard
deviation it moves the logarithm of fair value by its weight.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_CHANGE_DAYS: Final = 90
_HISTORY_DAYS: Final = 5 * 365
_LEAST_CHANGES: Final = 24
"""A monthly series has so many in two years."""
_MOST_Z: Final = 2.0
_MAX_AGE_DAYS: Final = 75
"""Monthly series come out some six weeks after their month."""
_EPOCH: Final = date(1970, 1, 1)


class BadSeries(ValueError):
    """A file is no macro series; the text says where and what it should be."""


class Shift(NamedTuple):
    """By how much fair value is moved, as a logarithm, and why."""

    log: float
    reasons: tuple[str, ...]


def read_series(text: str, name: str) -> NDArray[np.float64]:
    """Read a series as FRED gives it: a header, then ``YYYY-MM-DD,VALUE``, a missing value as ``.`` or empty.

    Returns float64, shape (observations, 2): day since the epoch and value, by day. Raises BadSeries.
    """
    rows = csv.reader(io.StringIO(text))
    try:
        return _of_rows(rows, name)
    except csv.Error as error:
        raise BadSeries(f"{name}, line {rows.line_num}: {error}") from None


def _of_rows(rows: Any, name: str) -> NDArray[np.float64]:
    header: list[str] = next(rows, [])
    if len(header) < 2 or "date" not in header[0].lower():
        raise BadSeries(
            f"{name}, line 1: a header like observation_date,{name} is wanted, not {','.join(header)[:60]!r}"
        )
    found = []
    for number, row in enumerate(rows, 2):
        if not row or row[1:2] in ([""], ["."]):
            continue
        try:
            day, value = (date.fromisoformat(row[0]) - _EPOCH).days, float(row[1])
        except (ValueError, IndexError):
            raise BadSeries(
                f"{name}, line {number}: a date and a number are wanted, not {','.join(row)[:60]!r}"
            ) from None
        if not math.isfinite(value):
            raise BadSeries(f"{name}, line {number}: {row[1]!r} is no number to count with")
        found.append((day, value))
    if not found:
        raise BadSeries(f"{name}: there is not one observation in it")
    found.sort()
    return np.array(found, np.float64)


def shift_of(series: Mapping[str, NDArray[np.float64]], weights: Mapping[str, float], today: int) -> Shift:
    """Work out by how much macro series move fair value on a day; one that is late or too short moves nothing."""
    total, reasons = 0.0, []
    for name, weight in sorted(weights.items()):
        z, why_not = _unusual(series.get(name), today)
        if why_not:
            reasons.append(f"{name} counts nothing: {why_not}")
            continue
        total += weight * z
        reasons.append(f"{name} {z:+.1f} standard deviations in {_CHANGE_DAYS} days: {weight * z:+.1%}")
    return Shift(total, tuple(reasons))


def _unusual(series: NDArray[np.float64] | None, today: int) -> tuple[float, str]:
    """Return how many standard deviations the last change is from the mean of those before, or why that can't be."""
    if series is None:
        return 0.0, "it was not read"
    known = series[series[:, 0] < today]
    if not len(known) or today - known[-1, 0] > _MAX_AGE_DAYS:
        return 0.0, f"its last observation is more than {_MAX_AGE_DAYS} days old"
    known = known[known[:, 0] > today - _HISTORY_DAYS]
    days, values = known[:, 0], known[:, 1]
    before = np.searchsorted(days, days - _CHANGE_DAYS, side="right") - 1
    changes = (values - values[before])[before >= 0]
    if len(changes) < _LEAST_CHANGES:
        return 0.0, "less than two years of it are known"
    spread = float(np.std(changes[:-1]))
    if not spread > 0:
        return 0.0, "it has never moved"
    return float(np.clip((changes[-1] - np.mean(changes[:-1])) / spread, -_MOST_Z, _MOST_Z)), ""

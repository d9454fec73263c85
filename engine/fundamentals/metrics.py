"""The slow numbers of an asset by day, each taken only where it makes sense: missing, absurd and future ones are not.

One row a day (UTC), one column a metric, NaN where nothing is known. What is refused changes nothing, and says why.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

FIRST_DAY: Final = 14_000
"""Days since the epoch of the first row: 1 May 2008, before there was anything to measure."""
_CAPACITY: Final = 12_000
"""Rows: until 2041."""
COLUMNS: Final[Mapping[str, float]] = {
    "price_usd": 3.0,
    "market_cap_usd": 3.0,
    "realised_cap_usd": 2.0,
    "supply": 1.2,
    "transfer_usd": 50.0,
    "fees_usd": 50.0,
    "issuance_usd": 50.0,
    "active_addresses": 20.0,
}
"""The metrics that are known, and how many times its usual size a value may have, or be below it, to be believed."""
_MAY_BE_ZERO: Final = frozenset({"issuance_usd", "fees_usd"})
_SMALLEST, _LARGEST = 1e-18, 1e24
"""Beyond these nothing is an amount, a price or a count, and sums and quotients would run over."""
_USUAL_OF: Final = 7
"""Values whose median is the usual size; at least ``_USUAL_LEAST`` of them, from the last ``_USUAL_DAYS`` days."""
_USUAL_LEAST: Final = 3
_USUAL_DAYS: Final = 30
_BELIEVED_ON: Final = 3
"""A jump that has lasted for so many days running is how it is now."""


class Metric(msgspec.Struct, frozen=True):
    """One metric of one asset on one day."""

    asset: str
    """As instruments name the base asset: ``ETH``."""
    name: str
    """One of ``COLUMNS``."""
    day: int
    """Days since the Unix epoch (UTC) of the day that it describes."""
    value: float


class Refused(msgspec.Struct, frozen=True):
    """A number that was not taken, and why."""

    metric: Metric
    reason: str

    def __str__(self) -> str:
        metric = self.metric
        return f"{metric.asset} {metric.name} of day {metric.day} ({metric.value:g}): {self.reason}"


class AssetMetrics:
    """What is known of one asset."""

    def __init__(self, asset: str) -> None:
        self.asset = asset
        self.values: NDArray[np.float64] = np.full((_CAPACITY, len(COLUMNS)), np.nan)
        """float64, shape (days since ``FIRST_DAY``, columns as in ``COLUMNS``)."""
        self.newest_day = 0
        """The latest day of which the price and at least one other number are known; 0 for none."""
        self._doubted: dict[str, list[Metric]] = {}

    def column(self, name: str) -> NDArray[np.float64]:
        """Return a metric by day: float64, shape (days,), a view; raises KeyError for one that is not known."""
        return self.values[:, _PLACES[name]]

    def take(self, metrics: Iterable[Metric], today: int) -> list[Refused]:
        """Take numbers, oldest first, on a day (UTC, since the epoch); return those that were refused."""
        refused = [
            Refused(metric, reason)
            for metric in sorted(metrics, key=lambda one: one.day)
            if (reason := self._why_not(metric, today))
        ]
        known = np.flatnonzero(
            np.isfinite(self.column("price_usd")) & (np.count_nonzero(np.isfinite(self.values), axis=1) > 1)
        )
        self.newest_day = int(known[-1]) + FIRST_DAY if len(known) else 0
        return refused

    def market_cap(self) -> NDArray[np.float64]:
        """Return the market capitalisation in USD by day; price times supply where it is not told itself."""
        told = self.column("market_cap_usd")
        return np.where(np.isfinite(told), told, self.column("price_usd") * self.column("supply"))

    def _why_not(self, metric: Metric, today: int) -> str:
        """Take a number; or say why it is refused."""
        place, row = _PLACES.get(metric.name), metric.day - FIRST_DAY
        if place is None:
            return f"no metric of that name is known here: {', '.join(COLUMNS)}"
        if (
            not math.isfinite(metric.value)
            or metric.value < 0
            or (not metric.value and metric.name not in _MAY_BE_ZERO)
        ):
            return "not a number above zero"
        if metric.value and not _SMALLEST <= metric.value <= _LARGEST:
            return "no such amount was ever measured"
        if not 0 <= row < _CAPACITY:
            return "no such day"
        if metric.day >= today:
            return "the day is not over yet: its numbers can't be known"
        if self._is_absurd(metric, row, place):
            usual = self._usual(row, place)
            return f"more than {COLUMNS[metric.name]:g} times off its usual {usual:g}; believed on its third day"
        self.values[row, place] = metric.value
        return ""

    def _is_absurd(self, metric: Metric, row: int, place: int) -> bool:
        usual, most = self._usual(row, place), COLUMNS[metric.name]
        if not usual > 0 or not metric.value or usual / most <= metric.value <= usual * most:
            self._doubted.pop(metric.name, None)
            return False
        doubted = [one for one in self._doubted.get(metric.name, ()) if _agrees(one, metric, most)]
        self._doubted[metric.name] = doubted = [*doubted, metric]
        if len(doubted) < _BELIEVED_ON:
            return True
        for one in doubted[:-1]:
            self.values[one.day - FIRST_DAY, place] = one.value
        del self._doubted[metric.name]
        return False

    def _usual(self, row: int, place: int) -> float:
        """Return the median of the last values before a day; NaN where there are too few."""
        before = self.values[max(row - _USUAL_DAYS, 0) : row, place]
        known = before[np.isfinite(before)][-_USUAL_OF:]
        return float(np.median(known)) if len(known) >= _USUAL_LEAST else math.nan


_PLACES: Final = {name: place for place, name in enumerate(COLUMNS)}


def _agrees(earlier: Metric, later: Metric, most: float) -> bool:
    """Say whether a doubted value of one of the days right before says the same as this one."""
    is_near = 0 < later.day - earlier.day < _BELIEVED_ON
    return is_near and earlier.value / most <= later.value <= earlier.value * most

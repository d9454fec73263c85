"""What an asset is worth by its own history: four measures, each against its usual range, make a band of fair value.

=================  ==============================================  =======================================
measure            is                                              dear when
=================  ==============================================  =======================================
``nvt``            market cap / mean daily transfers of 90 days    high (a price to what is done with it)
``mvrv``           market cap / realised cap                       high (the average holder sits on gains)
``fee_yield``      a year's fees at the pace of 30 days / cap      low (little is paid for using it)
``growth``         market cap per active address, divided by the   high (the price has run ahead of use)
                   year's growth of active addresses
=================  ==============================================  =======================================

Each is in proportion to the price, or to one over it. So where a measure stands at its median of the last years, the
price that it had then is the fair one by it, and its quartiles are the edges of the band. The measures' bands are
averaged in logarithms by their weights. Sources: NVT, W. Woo 2017; MVRV, M. Mahmudov and D. Puell 2018.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.core.config import FairValueBand
from engine.core.tidings import FairValue, Measure
from engine.fundamentals.macro import Shift
from engine.fundamentals.metrics import FIRST_DAY, AssetMetrics

_TRANSFERS_DAYS: Final = 90
_FEES_DAYS: Final = 30
_ADDRESSES_DAYS: Final = 30
_YEAR: Final = 365
_COVERED: Final = 0.8
"""So much of a mean's days must be known."""
_GROWTH: Final = (0.5, 3.0)
"""The year's growth counts within these: a chain that was born last year would be priceless."""
_THINNEST: Final = 0.05
"""Half of a band is at least 5 % wide: history that stood still would make every move an extreme."""
_ROUNDING: Final = 0.1
"""Market cap may differ from price times supply by so much."""

Floats = NDArray[np.float64]


class NoValue(Exception):
    """Nothing can be said of an asset; the text says why, and what is missing."""


class _Band(NamedTuple):
    low: float
    mid: float
    high: float


def fair_value(metrics: AssetMetrics, band: FairValueBand, today: int, shift: Shift) -> FairValue:
    """Value an asset on a day, by what was known the day before at the latest.

    ``shift`` moves the band by what the economy at large does. Raises NoValue where the numbers are late, too short,
    too few, or contradict each other.
    """
    day = metrics.newest_day
    if not day or today - day > band.max_age_days:
        latest = f"are of {_iso(day)}" if day else "were never complete"
        raise NoValue(f"the latest numbers {latest}, and may be {band.max_age_days} days old")
    _check_cap(metrics, day)
    price = float(metrics.column("price_usd")[day - FIRST_DAY])
    bands, measures = [], []
    for name, series in _measures(metrics).items():
        weight = getattr(band.weights, name)
        window = series[max(day - FIRST_DAY + 1 - band.window_days, 0) : day - FIRST_DAY + 1]
        known = window[np.isfinite(window)]
        if not weight or not np.isfinite(window[-1]) or len(known) < band.min_days:
            continue
        low, mid, high = np.quantile(known, (0.25, 0.5, 0.75))
        now = float(window[-1])
        # The further the measure is above its usual place, the lower is the price that would bring it back there.
        bands.append((weight, _Band(np.log(price) - now + low, np.log(price) - now + mid, np.log(price) - now + high)))
        measures.append(Measure(name, float(np.exp(now - mid)), weight))
    if len(bands) < band.min_measures:
        raise NoValue(_too_few(measures, band))
    weights = np.array([weight for weight, _ in bands])
    low, mid, high = np.average(np.array([one for _, one in bands]), axis=0, weights=weights) + shift.log
    half = max((high - low) / 2, _THINNEST)
    return FairValue(
        asset=metrics.asset,
        day=day,
        price_usd=price,
        fair_usd=float(np.exp(mid)),
        low_usd=float(np.exp(mid - half)),
        high_usd=float(np.exp(mid + half)),
        measures=tuple(measures),
        macro=shift.reasons,
    )


def _measures(metrics: AssetMetrics) -> dict[str, Floats]:
    """Return the logarithm of each measure by day, turned so that high is dear; NaN where it can't be worked out."""
    cap, addresses = metrics.market_cap(), _mean(metrics.column("active_addresses"), _ADDRESSES_DAYS)
    year_ago = np.concatenate((np.full(_YEAR, np.nan), addresses[:-_YEAR]))
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.clip(addresses / year_ago, *_GROWTH)
        series = {
            "nvt": cap / _mean(metrics.column("transfer_usd"), _TRANSFERS_DAYS),
            "mvrv": cap / metrics.column("realised_cap_usd"),
            "fee_yield": cap / (_mean(metrics.column("fees_usd"), _FEES_DAYS) * _YEAR),
            "growth": cap / addresses / growth,
        }
        return {name: _finite(np.log(values)) for name, values in series.items()}


def _mean(values: Floats, days: int) -> Floats:
    """Return the mean of the last days, each day's own included; NaN where less than ``_COVERED`` of them is known."""
    known = np.isfinite(values)
    sums = np.cumsum(np.concatenate(([0.0], np.where(known, values, 0.0))))
    counts = np.cumsum(np.concatenate(([0], known)))
    firsts = np.maximum(np.arange(len(values)) + 1 - days, 0)
    lasts = np.arange(len(values)) + 1
    number = counts[lasts] - counts[firsts]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(number >= _COVERED * days, (sums[lasts] - sums[firsts]) / number, np.nan)


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, np.nan)


def _check_cap(metrics: AssetMetrics, day: int) -> None:
    row = day - FIRST_DAY
    told = metrics.column("market_cap_usd")[row]
    counted = metrics.column("price_usd")[row] * metrics.column("supply")[row]
    if np.isfinite(told) and np.isfinite(counted) and abs(told / counted - 1) > _ROUNDING:
        raise NoValue(f"of {_iso(day)} the market cap {told:g} is not price times supply {counted:g}")


def _too_few(measures: list[Measure], band: FairValueBand) -> str:
    has = ", ".join(one.name for one in measures) or "none"
    wanted = f"{band.min_measures} that are known on {band.min_days} days or more are needed"
    return f"of the four measures there is only {has}: {wanted}"


def _iso(day: int) -> str:
    return str(np.datetime64(day, "D"))


class Valuation(msgspec.Struct, frozen=True):
    """What one look at an asset's numbers gave: its value, or why there is none, and what was refused."""

    asset: str
    value: FairValue | None
    reason: str
    refused: tuple[str, ...]
    """At most the last 20, in words."""
    refusals: int

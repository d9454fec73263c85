"""Metrics as Coin Metrics gives them: a CSV file per asset, or the JSON of its API.

Source: Coin Metrics, API v4, "timeseries/asset-metrics" (values are texts, ``null`` where there is none), and its
community archive of ``csv/ASSET.csv`` (first column ``time``, one column a metric, empty where there is none).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

import msgspec

from engine.fundamentals.metrics import Metric

_EPOCH: Final = date(1970, 1, 1)
_NAMES: Final[Mapping[str, str]] = {
    "PriceUSD": "price_usd",
    "ReferenceRateUSD": "price_usd",
    "CapMrktCurUSD": "market_cap_usd",
    "CapRealUSD": "realised_cap_usd",
    "SplyCur": "supply",
    "TxTfrValAdjUSD": "transfer_usd",
    "FeeTotUSD": "fees_usd",
    "IssTotUSD": "issuance_usd",
    "AdrActCnt": "active_addresses",
}
_RATIOS: Final[Mapping[str, str]] = {"CapMVRVCur": "realised_cap_usd", "NVTAdj": "transfer_usd"}
"""Market cap divided by what these are made of: the archive has them where it has not the amount itself."""


class BadMetrics(ValueError):
    """A file or an answer holds no metrics; the text says where and what it should be."""


class _Answer(msgspec.Struct):
    data: list[dict[str, Any]]


def read_csv(text: str, asset: str) -> list[Metric]:
    """Read the metrics of one asset from a CSV file; columns that are not known are passed over. Raises BadMetrics."""
    rows = csv.DictReader(io.StringIO(text))
    try:
        return _of_rows(rows, asset)
    except csv.Error as error:
        raise BadMetrics(f"{asset}, line {rows.reader.line_num}: {error}") from None


def _of_rows(rows: csv.DictReader[str], asset: str) -> list[Metric]:
    if rows.fieldnames is None or "time" not in rows.fieldnames:
        raise BadMetrics(f"{asset}: the first line must name the columns, with time among them")
    if not {*_NAMES, *_RATIOS} & set(rows.fieldnames):
        raise BadMetrics(f"{asset}: none of {', '.join((*_NAMES, *_RATIOS))} is among the columns")
    return [
        metric
        for number, row in enumerate(rows, 2)
        for metric in _metrics(row, asset.upper(), f"{asset}, line {number}")
    ]


def read_json(data: bytes) -> list[Metric]:
    """Read the metrics of one or more assets from an answer of the API; raises BadMetrics."""
    try:
        answer = msgspec.json.decode(data, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadMetrics(f'no answer of the metrics API: {error}; an object with a list "data" is wanted') from error
    found: list[Metric] = []
    for number, row in enumerate(answer.data, 1):
        asset = row.get("asset")
        if not isinstance(asset, str) or not asset:
            raise BadMetrics(f'row {number} of "data" names no asset')
        found += _metrics(row, asset.upper(), f"{asset}, row {number}")
    return found


def _metrics(row: Mapping[str, Any], asset: str, where: str) -> Iterator[Metric]:
    try:
        day = (date.fromisoformat(str(row["time"])[:10]) - _EPOCH).days
    except (KeyError, ValueError):
        raise BadMetrics(f"{where}: a time like 2024-01-31 is wanted, not {row.get('time')!r}") from None
    numbers = {name: _number(row[name], where, name) for name in (*_NAMES, *_RATIOS) if row.get(name) not in (None, "")}
    told = {_NAMES[name]: value for name, value in numbers.items() if name in _NAMES}
    for ratio, of in _RATIOS.items():
        cap = told.get("market_cap_usd")
        if of not in told and cap and numbers.get(ratio):
            told[of] = cap / numbers[ratio]
    for name, value in told.items():
        yield Metric(asset, name, day, value)


def _number(value: Any, where: str, name: str) -> float:
    try:
        return float(str(value) if isinstance(value, bool) else value)  # True is no 1
    except (TypeError, ValueError, OverflowError):
        raise BadMetrics(f"{where}: {name} is {str(value)[:40]!r}, and a number is wanted") from None

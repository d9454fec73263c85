"""One look at all that is known: texts in, a valuation of each asset out.

``python -m engine.fundamentals.look`` reads a question on standard input and writes its answer on standard output.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

import msgspec

from engine.core.config import FairValueBand
from engine.core.tidings import FairValue
from engine.fundamentals.coinmetrics import BadMetrics, read_csv, read_json
from engine.fundamentals.macro import BadSeries, read_series, shift_of
from engine.fundamentals.metrics import AssetMetrics, Metric, Refused
from engine.fundamentals.valuation import NoValue, Valuation, fair_value

_REFUSALS_TOLD: Final = 20


class Text(msgspec.Struct, frozen=True):
    """What a source said."""

    name: str
    """Of the asset for a CSV file (``eth``), of the series for a macro one; empty for JSON, which names its assets."""
    data: bytes


class Question(msgspec.Struct, frozen=True):
    """What is to be judged."""

    metrics: tuple[Text, ...]
    macro: tuple[Text, ...]
    band: FairValueBand
    today: int
    """Days since the Unix epoch (UTC)."""


class Look(msgspec.Struct, frozen=True):
    """What came of one look."""

    valuations: tuple[Valuation, ...]
    troubles: tuple[str, ...]
    """Texts that could not be read, each with what it should be."""


def look(metrics: Sequence[Text], macro: Sequence[Text], band: FairValueBand, today: int) -> Look:
    """Value every asset that the texts tell of, on a day (UTC, since the epoch)."""
    troubles: list[str] = []
    by_asset: dict[str, list[Metric]] = {}
    for text in metrics:
        try:
            found = read_csv(_decoded(text), text.name) if text.name else read_json(text.data)
        except BadMetrics as error:
            troubles.append(str(error))
            continue
        for metric in found:
            by_asset.setdefault(metric.asset, []).append(metric)
    series = {}
    for text in macro:
        try:
            series[text.name] = read_series(_decoded(text), text.name)
        except BadSeries as error:
            troubles.append(str(error))
    shift = shift_of(series, band.macro, today)
    valuations = []
    for asset, found in sorted(by_asset.items()):
        known = AssetMetrics(asset)
        refused = known.take(found, today)
        try:
            valuations.append(_valuation(asset, refused, fair_value(known, band, today, shift), ""))
        except NoValue as error:
            valuations.append(_valuation(asset, refused, None, str(error)))
    return Look(tuple(valuations), tuple(troubles))


def _valuation(asset: str, refused: list[Refused], value: FairValue | None, reason: str) -> Valuation:
    told = tuple(str(one) for one in refused[-_REFUSALS_TOLD:])
    return Valuation(asset, value, reason, told, len(refused))


def _decoded(text: Text) -> str:
    return text.data.decode("utf-8-sig", errors="replace")


encode_question = msgspec.msgpack.Encoder().encode
decode_look = msgspec.msgpack.Decoder(Look).decode


if __name__ == "__main__":
    os.nice(10)  # whoever trades goes first
    asked = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Question)
    answer = look(asked.metrics, asked.macro, asked.band, asked.today)
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))

"""The files and answers that metrics and macro series come in, sound and damaged."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.config import FairValueBand, MeasureWeights
from engine.fundamentals.coinmetrics import BadMetrics, read_csv, read_json
from engine.fundamentals.look import Text, look
from engine.fundamentals.macro import BadSeries, read_series, shift_of
from engine.fundamentals.metrics import Metric

DAY = 19_723  # 1 January 2024


def test_a_csv_file_of_one_asset() -> None:
    text = "time,AdrActCnt,PriceUSD,HashRate\n2024-01-01,500000,2281.5,\n2024-01-02,,2300,9\n"
    assert read_csv(text, "eth") == [
        Metric("ETH", "price_usd", DAY, 2281.5),
        Metric("ETH", "active_addresses", DAY, 500_000.0),
        Metric("ETH", "price_usd", DAY + 1, 2300.0),
    ]


def test_realised_cap_and_transfers_are_worked_out_from_the_ratios_of_the_archive() -> None:
    text = "time,CapMrktCurUSD,CapMVRVCur,NVTAdj\n2024-01-01,300,1.5,60\n"
    assert {one.name: one.value for one in read_csv(text, "btc")} == {
        "market_cap_usd": 300.0,
        "realised_cap_usd": 200.0,
        "transfer_usd": 5.0,
    }


def test_an_answer_of_the_api_with_a_null() -> None:
    data = b'{"data":[{"asset":"btc","time":"2024-01-01T00:00:00.000000000Z","PriceUSD":"44000.5","AdrActCnt":null}]}'
    assert read_json(data) == [Metric("BTC", "price_usd", DAY, 44_000.5)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the first line must name the columns"),
        ("day,PriceUSD\n", "with time among them"),
        ("time,HashRate\n", "none of PriceUSD"),
        ("time,PriceUSD\n01/02/2024,5\n", "eth, line 2: a time like 2024-01-31"),
        ("time,PriceUSD\n2024-01-01,5\n2024-01-02,abc\n", "eth, line 3: PriceUSD is 'abc'"),
        ("time,PriceUSD\n2024-01-01,5\n2024-01-02," + "9" * 200_000, "eth, line 3: field larger"),
    ],
)
def test_a_csv_file_that_is_none_is_refused_with_its_line(text: str, words: str) -> None:
    with pytest.raises(BadMetrics, match=words):
        read_csv(text, "eth")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<html>", "no answer of the metrics API"),
        (b'{"data":[{"asset":"\xff"}]}', "no answer of the metrics API"),
        (b'{"data":[{"asset":"eth","time":' + b"[" * 100_000, "no answer of the metrics API"),
        (b'{"error":{"type":"bad"}}', 'a list "data" is wanted'),
        (b'{"data":[{"time":"2024-01-01","PriceUSD":"1"}]}', "row 1"),
        (b'{"data":[{"asset":"eth","time":"2024-01-01","PriceUSD":[1]}]}', "a number is wanted"),
        (b'{"data":[{"asset":"eth","time":"2024-01-01","PriceUSD":true}]}', "a number is wanted"),
        (b'{"data":[{"asset":"eth","PriceUSD":"1"}]}', "a time like"),
        (b'{"data":[{"asset":"eth","time":"2024-01-01","PriceUSD":' + b"9" * 400 + b"}]}", "a number is wanted"),
    ],
)
def test_an_answer_that_is_none_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(BadMetrics, match=words):
        read_json(data)


def test_a_macro_series_with_missing_values() -> None:
    series = read_series(
        "observation_date,DGS10\n2024-01-01,.\n2024-01-02,3.95\n2024-01-03,\n2024-01-04,3.99\n", "DGS10"
    )
    assert series.tolist() == [[DAY + 1, 3.95], [DAY + 3, 3.99]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "X, line 1: a header"),
        ("when,X\n2024-01-01,1\n", "line 1: a header"),
        ("DATE,X\n2024-13-01,1\n", "line 2: a date and a number"),
        ("DATE,X\n2024-01-01,inf\n", "no number to count with"),
        ("DATE,X\n2024-01-01,.\n", "not one observation"),
        ("DATE,X\n2024-01-01," + "9" * 200_000, "X, line 2: field larger"),
    ],
)
def test_a_macro_series_that_is_none_is_refused_with_its_line(text: str, words: str) -> None:
    with pytest.raises(BadSeries, match=words):
        read_series(text, "X")


def monthly(values: np.ndarray, last: int) -> np.ndarray:
    days = last - 30.0 * np.arange(len(values))[::-1]
    return np.stack((days, values), axis=1)


def test_an_unusual_change_moves_the_band_by_its_weight_and_at_most_two_deviations() -> None:
    rng = np.random.default_rng(3)
    calm = np.cumsum(rng.normal(0, 0.1, 60))
    calm[-1] = calm[-4] + 50
    shift = shift_of({"DGS10": monthly(calm, DAY - 1)}, {"DGS10": -0.05}, DAY)
    assert shift.log == pytest.approx(-0.1)
    assert shift.reasons == ("DGS10 +2.0 standard deviations in 90 days: -10.0%",)


@pytest.mark.parametrize(
    ("series", "words"),
    [
        ({}, "it was not read"),
        ({"M2": monthly(np.arange(60.0), DAY - 90)}, "more than 75 days old"),
        ({"M2": monthly(np.arange(20.0), DAY - 1)}, "less than two years"),
        ({"M2": monthly(np.zeros(60), DAY - 1)}, "it has never moved"),
    ],
)
def test_a_series_that_can_not_be_judged_moves_nothing_and_says_why(series: dict[str, np.ndarray], words: str) -> None:
    shift = shift_of(series, {"M2": 0.1}, DAY)
    assert shift.log == 0.0
    assert words in shift.reasons[0]


def test_one_look_values_what_it_can_and_says_what_it_could_not() -> None:
    rows = "".join(f"{np.datetime64(DAY - 400 + i, 'D')},2000,100000000,1.4\n" for i in range(400))
    eth = Text("eth", f"time,PriceUSD,SplyCur,CapMVRVCur\n{rows}".encode())
    band = FairValueBand(min_measures=1, weights=MeasureWeights(nvt=0, fee_yield=0, growth=0))
    caps = Text("btc", f"time,PriceUSD,CapMrktCurUSD,CapMVRVCur\n{rows.replace('100000000', '2e11')}".encode())
    seen = look([eth, caps, Text("bad", b"nothing")], [Text("M2", b"x")], band, DAY)
    assert [one.asset for one in seen.valuations] == ["BTC", "ETH"]
    assert seen.valuations[0].value is not None
    assert seen.valuations[0].value.fair_usd == pytest.approx(2000.0)
    assert seen.valuations[1].value is None
    assert "there is only none" in seen.valuations[1].reason
    assert len(seen.troubles) == 2

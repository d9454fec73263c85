"""What an asset is worth: each measure, the band, and why sometimes nothing can be said."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from engine.core.config import FairValueBand, MeasureWeights
from engine.fundamentals.macro import Shift
from engine.fundamentals.metrics import FIRST_DAY, AssetMetrics, Metric
from engine.fundamentals.valuation import NoValue, fair_value

TODAY = 20_000
NO_SHIFT = Shift(0.0, ())
ONLY_MVRV = FairValueBand(min_measures=1, weights=MeasureWeights(nvt=0.0, fee_yield=0.0, growth=0.0), min_days=90)


def history(days: int, last: int = TODAY - 1, **columns: float | np.ndarray) -> AssetMetrics:
    """Return metrics that stand still, or follow an array."""
    metrics = AssetMetrics("ETH")
    rows = slice(last - days + 1 - FIRST_DAY, last + 1 - FIRST_DAY)
    for name, values in columns.items():
        metrics.column(name)[rows] = values
    metrics.take([], TODAY)
    return metrics


def test_where_a_measure_is_at_its_median_the_price_is_fair() -> None:
    metrics = history(400, price_usd=2_000.0, supply=1e8, realised_cap_usd=1.5e11)
    value = fair_value(metrics, ONLY_MVRV, TODAY, NO_SHIFT)
    assert value.fair_usd == pytest.approx(2_000.0)
    assert (value.low_usd, value.high_usd) == pytest.approx((2_000 * np.exp(-0.05), 2_000 * np.exp(0.05)))
    assert value.measures[0].dearness == pytest.approx(1.0)


def test_the_band_is_the_price_at_which_the_measure_would_stand_at_its_quartiles() -> None:
    """MVRV of 1, 2 and 4 on a third of the days each, and 4 today: fair is half of today's price."""
    ratios = np.tile([1.0, 2.0, 4.0], 150)
    metrics = history(450, price_usd=100.0 * ratios, supply=1e6, realised_cap_usd=1e8)
    value = fair_value(metrics, ONLY_MVRV, TODAY, NO_SHIFT)
    assert value.price_usd == 400.0
    assert value.fair_usd == pytest.approx(200.0)
    assert (value.low_usd, value.high_usd) == pytest.approx((100.0, 400.0))
    assert value.measures[0].dearness == pytest.approx(2.0)


def test_two_measures_are_averaged_in_logarithms_by_their_weights() -> None:
    """By MVRV fair is a half of the price, by fee yield four times it; weighed 3 to 1 that is 2^(-3/4 + 2/4)."""
    days = 1_400
    realised = np.full(days, 1e10)
    realised[-1] = 0.5e10
    fees = np.full(days, 1e6)
    fees[-30:] = 4e6
    weights = MeasureWeights(nvt=0.0, mvrv=0.75, fee_yield=0.25, growth=0.0)
    metrics = history(days, price_usd=100.0, supply=1e8, realised_cap_usd=realised, fees_usd=fees)
    value = fair_value(metrics, FairValueBand(weights=weights), TODAY, NO_SHIFT)
    assert value.fair_usd == pytest.approx(100.0 * 2**-0.25)
    assert {one.name: one.dearness for one in value.measures} == pytest.approx({"mvrv": 2.0, "fee_yield": 0.25})


def test_growth_makes_a_dear_address_cheaper() -> None:
    """Twice the addresses of a year ago: the same cap per address counts half."""
    days = 1_200
    weights = MeasureWeights(nvt=0.0, mvrv=0.0, fee_yield=0.0, growth=1.0)
    grown = np.full(days, 1e5)
    grown[-365:] = 2e5
    cap = np.full(days, 1e9)
    cap[-365:] = 2e9  # as much per address as before
    metrics = history(days, price_usd=cap / 1e6, supply=1e6, active_addresses=grown)
    band = FairValueBand(min_measures=1, weights=weights, window_days=1_000)
    assert fair_value(metrics, band, TODAY, NO_SHIFT).measures[0].dearness == pytest.approx(0.5, rel=0.1)


def test_nvt_divides_by_the_mean_transfers_of_ninety_days() -> None:
    days = 500
    transfers = np.full(days, 1e9)
    transfers[-90:] = 3e9
    weights = MeasureWeights(nvt=1.0, mvrv=0.0, fee_yield=0.0, growth=0.0)
    metrics = history(days, price_usd=100.0, supply=1e8, transfer_usd=transfers)
    band = FairValueBand(min_measures=1, weights=weights)
    assert fair_value(metrics, band, TODAY, NO_SHIFT).measures[0].dearness == pytest.approx(1 / 3)


def test_what_the_economy_does_moves_the_whole_band() -> None:
    metrics = history(400, price_usd=2_000.0, supply=1e8, realised_cap_usd=1.5e11)
    value = fair_value(metrics, ONLY_MVRV, TODAY, Shift(-0.1, ("DGS10 +1.0: -10%",)))
    assert value.fair_usd == pytest.approx(2_000 * np.exp(-0.1))
    assert value.macro == ("DGS10 +1.0: -10%",)


def test_numbers_of_tomorrow_change_nothing_about_today() -> None:
    """The value of a day is the same with and without the days after it: nothing looks ahead."""
    rng = np.random.default_rng(1)
    prices = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.03, 900)))
    whole = history(900, price_usd=prices, supply=1e6, realised_cap_usd=1e8)
    until = history(800, last=TODAY - 101, price_usd=prices[:800], supply=1e6, realised_cap_usd=1e8)
    known = fair_value(until, ONLY_MVRV, TODAY - 100, NO_SHIFT)
    whole.values[TODAY - 100 - FIRST_DAY :] = np.nan
    whole.take([], TODAY - 100)
    assert fair_value(whole, ONLY_MVRV, TODAY - 100, NO_SHIFT) == known


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"last": TODAY - 4}, "the latest numbers are of 2024-09-30, and may be 3 days old"),
        ({"supply": 2e8, "market_cap_usd": 2e11}, "is not price times supply"),
        ({"days": 80}, "there is only none: 1 that are known on 90 days or more are needed"),
    ],
)
def test_why_nothing_can_be_said(change: dict[str, float], words: str) -> None:
    told = {"days": 400, "price_usd": 2_000.0, "supply": 1e8, "realised_cap_usd": 1.5e11, **change}
    days = int(told.pop("days"))
    last = int(told.pop("last", TODAY - 1))
    with pytest.raises(NoValue, match=words):
        fair_value(history(days, last, **told), ONLY_MVRV, TODAY, NO_SHIFT)


def test_one_measure_alone_is_not_enough_where_two_are_wanted() -> None:
    metrics = history(400, price_usd=2_000.0, supply=1e8, realised_cap_usd=1.5e11)
    with pytest.raises(NoValue, match="there is only mvrv: 2 that are known"):
        fair_value(metrics, FairValueBand(), TODAY, NO_SHIFT)


def test_nothing_was_ever_told() -> None:
    metrics = AssetMetrics("ETH")
    metrics.take([Metric("ETH", "price_usd", TODAY - 1, 5.0)], TODAY)
    with pytest.raises(NoValue, match="never complete"):
        fair_value(metrics, msgspec.structs.replace(ONLY_MVRV), TODAY, NO_SHIFT)

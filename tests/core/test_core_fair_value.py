"""Fair values through the core: what they say once a day, and what is left to other strategies of what is dear."""

from __future__ import annotations

import math

import msgspec
import pytest
from core_builders import ETH, T0, Desk, config, sent, told

from engine.core.actions import Action
from engine.core.config import FairValueBand, TradingConfig
from engine.core.records import Refused
from engine.core.tidings import FairValue, Measure
from engine.core.types import Symbol
from engine.wire.events import Notice, ProposalOpened, SignalActed

DAY = T0 // 86_400_000_000_000
HALF = 0.1
"""Half of the band, as a logarithm."""


def value(
    fair_usd: float, *, day: int = DAY - 1, asset: str = "ETH", dear: float = 1.0, cheap: float = 0.0
) -> FairValue:
    """Make a value whose measures call the asset dear and cheap by these weights."""
    measures = tuple(
        Measure(name, dearness, weight)
        for name, dearness, weight in (("nvt", 2.0, dear), ("mvrv", 0.5, cheap))
        if weight
    )
    edges = fair_usd * math.exp(-HALF), fair_usd * math.exp(HALF)
    return FairValue(asset, day, 2000.0, fair_usd, *edges, measures, (), T0)


def fair_for(distance: float, price: float = 2000.0) -> float:
    """Return the fair value from which a price is so many halves of the band away."""
    return price * math.exp(-distance * HALF)


def settings(mode: str = "auto", **changed: object) -> TradingConfig:
    band = FairValueBand(**{"mode": "auto", "ask": 0.25, "act": 0.9, **changed})  # type: ignore[arg-type]
    made = config(mode=mode)
    return msgspec.structs.replace(made, strategies=msgspec.structs.replace(made.strategies, fair_value=band))


def hear(desk: Desk, told_value: FairValue) -> list[Action]:
    return desk.keep(desk.engine.on_fair_value(told_value))


@pytest.mark.parametrize(
    ("distance", "confidence"), [(-1.0, None), (-1.4, None), (-1.51, 0.255), (-2.0, 0.5), (-2.7, 0.85)]
)
def test_a_question_is_asked_by_how_far_below_its_band_a_price_is(distance: float, confidence: float | None) -> None:
    """Nothing within the band, one at three halves, and the same of the measures that agree."""
    desk = Desk(settings()).ready()
    opened = told(hear(desk, value(fair_for(distance), dear=0.0, cheap=1.0)), ProposalOpened)
    assert [round(one.proposal.confidence, 3) for one in opened] == ([] if confidence is None else [confidence])


def test_it_acts_where_it_may_with_its_target_at_fair_value() -> None:
    """Three halves below: the stop is 15 % away, the target at fair value, which is nearer than 40 %."""
    desk = Desk(settings(target_pct=40.0)).ready()
    (order,) = sent(hear(desk, value(fair_for(-3.0), dear=0.0, cheap=1.0)))
    assert order.stop_ticks == 170_000
    assert order.target_ticks == int(fair_for(-3.0) * 100)


def test_measures_that_do_not_agree_take_confidence_away() -> None:
    desk = Desk(settings()).ready()
    (opened,) = told(hear(desk, value(fair_for(-3.0), dear=1.0, cheap=1.0)), ProposalOpened)
    assert opened.proposal.confidence == pytest.approx(0.5)
    assert "26% below fair value 2,699.72" in opened.proposal.reasons[0]


def test_a_dear_asset_that_is_held_is_proposed_for_sale() -> None:
    desk = Desk(settings(mode="ask")).ready().holding("900")
    (opened,) = told(hear(desk, value(fair_for(2.5))), ProposalOpened)
    assert opened.proposal.side == "sell"


def test_the_same_day_again_says_nothing_and_a_later_day_does() -> None:
    desk = Desk(settings(mode="ask")).ready()
    cheap = value(fair_for(-2.5), dear=0.0, cheap=1.0)
    assert told(hear(desk, cheap), ProposalOpened)
    assert not told(hear(desk, cheap), ProposalOpened)
    desk.wait(7200)
    assert told(hear(desk, msgspec.structs.replace(cheap, day=DAY)), ProposalOpened)


@pytest.mark.parametrize("other", [{"asset": "BTC"}, {"asset": "eth"}])
def test_another_asset_s_value_says_nothing(other: dict[str, str]) -> None:
    desk = Desk(settings()).ready()
    actions = hear(desk, value(fair_for(-3.0), dear=0.0, cheap=1.0, **other))
    assert not sent(actions)
    assert not told(actions, ProposalOpened)


def test_a_price_in_something_else_than_dollars_is_held_against_none() -> None:
    """A price in EUR is not compared with one in dollars."""
    desk = Desk(msgspec.structs.replace(settings(), quote_asset="EUR"), symbols=(Symbol("ETHEUR"),), quote_asset="EUR")
    desk.price(2000.0, Symbol("ETHEUR"))
    assert not told(hear(desk, value(fair_for(-3.0), dear=0.0, cheap=1.0)), ProposalOpened)


def test_a_value_that_came_before_price_and_account_is_said_with_them() -> None:
    desk = Desk(settings(mode="ask"))
    assert not told(hear(desk, value(fair_for(-2.5), dear=0.0, cheap=1.0)), ProposalOpened)
    desk.price(2000.0)
    assert not told(desk.wait(0.1), ProposalOpened)
    desk.account()
    assert told(desk.wait(0.1), ProposalOpened)


@pytest.mark.parametrize(
    ("distance", "part"), [(-3.0, 1.0), (0.0, 1.0), (1.0, 1.0), (2.0, 0.625), (3.0, 0.25), (9.0, 0.25)]
)
def test_the_dearer_it_is_the_less_other_strategies_may_hold(distance: float, part: float) -> None:
    desk = Desk(settings(mode="ask")).ready()
    hear(desk, value(fair_for(distance)))
    gate = desk.engine.trading.gate
    assert gate.limits_of(ETH, "headlines").max_position_pct == pytest.approx(5.0 * part)
    assert gate.limits_of(ETH, "fair_value").max_position_pct == 5.0
    assert gate.limits_of(ETH).max_position_pct == 5.0, "people keep the whole"


def test_a_headline_on_a_dear_asset_is_refused_where_its_part_is_held() -> None:
    """Held: 1.8 % of equity. Of the largest position of 5 % a quarter is left, so a strategy may add nothing."""
    desk = Desk(settings()).ready().holding("900").holding("900")
    hear(desk, value(fair_for(4.0)))
    actions = desk.headline(1.0)
    assert not sent(actions)
    assert [one.proposal.state for one in told(actions, SignalActed)] == ["refused"]
    assert [one.refusal.code for one in desk.journal if isinstance(one, Refused)] == ["C3_POSITION"]


def test_the_part_follows_the_price_each_hour() -> None:
    desk = Desk(settings(mode="ask")).ready()
    hear(desk, value(2000.0))
    desk.price(2000.0 * math.exp(2 * HALF))
    assert desk.engine.trading.limits.parts[ETH] == 1.0
    desk.wait(3601)
    assert desk.engine.trading.limits.parts[ETH] == pytest.approx(0.625, abs=1e-4)


@pytest.mark.parametrize("price_usd", [6100.0, 650.0])
def test_numbers_of_another_price_are_refused_with_both_and_the_value_before_stays(price_usd: float) -> None:
    """Of another coin of that name, or counted in another unit: the distance would be 1.0 sure."""
    desk = Desk(settings()).ready()
    hear(desk, value(fair_for(2.0)))
    held = desk.engine.trading.limits.parts
    assert held[ETH] < 1.0
    wrong = msgspec.structs.replace(value(fair_for(-3.0), day=DAY, dear=0.0, cheap=1.0), price_usd=price_usd)
    actions = hear(desk, wrong)
    assert sent(actions) == []
    assert told(actions, ProposalOpened) == []
    (notice,) = told(actions, Notice)
    assert (notice.severity, notice.code) == ("warning", "FAIR_VALUE")
    assert f"a price of {price_usd:,.6g}, and it is at 2,000." in notice.text
    assert desk.engine.trading.limits.parts == held

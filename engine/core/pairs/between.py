"""Puts the pair desk between two engines, live and in a replay alike: the first one's people are asked and told."""

from __future__ import annotations

from collections.abc import Callable

from engine.core.engine import Engine
from engine.core.pairs.circle_asking import ask_about_circles
from engine.core.pairs.circling import CircleDesk
from engine.core.pairs.desk import PairDesk
from engine.core.pairs.pair import Place
from engine.core.pairs.pair_asking import ask_about_pairs
from engine.core.pairs.stuck import StuckCircles, StuckPairs
from engine.core.pairs.views import pairs_view


def around(engine: Engine) -> CircleDesk:
    """Return a desk for the circles of one venue; raises ValueError for symbols that are no circle."""
    desk = CircleDesk(engine.trading, engine.arbitrage, engine.calibrations.uncalibrated)
    ask_about_circles(desk, engine.people)
    StuckCircles(desk, engine.people)
    desk.ended = engine.reports.equity.on_closed
    return desk


def between(near: Engine, far: Engine, far_name: str, flush: Callable[[], None]) -> PairDesk:
    """Return a desk between two engines; ``flush`` has the second one's actions done when the first one's are."""
    config = near.arbitrage.config
    places = (
        Place("first", near.trading, config.near_fee_pct / 100.0),
        Place(far_name, far.trading, config.far_fee_pct / 100.0),
    )
    desk = PairDesk(*places, near.arbitrage, near.calibrations.uncalibrated)
    desk.flush = flush
    ask_about_pairs(desk, near.people)
    StuckPairs(desk, near.people)
    near.people.lookups.pairs = lambda: pairs_view(desk)
    return desk

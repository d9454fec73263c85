"""Circles as people are asked about them, and as they are taken: all three legs with one click."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.core.amounts import Unclear
from engine.core.calibration import CIRCLES
from engine.core.instrument import E8, scaled_text
from engine.core.pairs.asking import Kind, LegQuestions, Legs
from engine.core.pairs.circling import CircleDesk
from engine.core.people import People
from engine.core.strategies.triangle import Round
from engine.core.types import ApprovedOrder, Refusal, Symbol

_SHOWN: Final = 5
_CIRCLE: Final = Kind("circle", CIRCLES, "all three legs", "the first of three legs is on its way")


def ask_about_circles(desk: CircleDesk, people: People) -> None:
    """Have a desk ask people and write down what it takes by itself, and let them ask how it does."""
    questions = LegQuestions(_CIRCLE, desk.trading, people, lambda: desk.config, lambda symbol: _again(desk, symbol))
    desk.ask = lambda found, now_ns: questions.ask(_legs(desk, found, now_ns), now_ns)
    desk.count = lambda found, now_ns: questions.count(_legs(desk, found, now_ns), now_ns)
    people.lookups.circles = lambda: tuple(_lines(desk))


def _again(desk: CircleDesk, symbol: Symbol) -> Legs | None:
    now_ns = desk.trading.now_ns
    if why := desk.why_not(now_ns):
        raise Unclear("NOT_READY", f"Not now: {why}.")
    found = desk.chance(now_ns)
    is_it = found is not None and found.path.first.instrument.symbol == symbol
    return _legs(desk, found, now_ns) if found is not None and is_it else None


def _legs(desk: CircleDesk, found: Round, now_ns: int) -> Legs:
    def send(origin: str) -> ApprovedOrder | Refusal:
        circle = desk.send(found, now_ns, origin)
        return circle if isinstance(circle, Refusal) else circle.legs[0].approved

    return Legs(
        found.path.first.instrument.symbol,
        found.lots[0],
        found.ticks[0],
        found.confidence,
        _reasons(found, desk.trading.config.quote_asset),
        lambda: desk.tried(found),
        send,
    )


def _reasons(found: Round, asset: str) -> Iterator[str]:
    path, verbs = found.path, ("buy", "buy" if found.path.is_buy else "sell", "sell")
    for verb, market, lots, ticks in zip(verbs, path.markets, found.lots, found.ticks, strict=True):
        it = market.instrument
        yield f"{verb} {it.qty_text(lots)} {it.base_asset} ({it.symbol}), at {it.price_text(ticks)} at the worst"
    yield f"after fees {found.profit * 1e4:.1f} bps, at least {found.needed * 1e4:.1f} are wanted"
    yield f"{found.paid_e8 * found.profit / E8:.2f} {asset} if all three fill as the books stand"


def _lines(desk: CircleDesk) -> Iterator[str]:
    made = f"{desk.taken} taken, {scaled_text(desk.made_e8, 4)} {desk.trading.config.quote_asset} made"
    symbols = ", ".join(desk.config.circle) or "of an earlier run"
    yield f"circle {symbols}: {desk.bar or 'looking'}; {made}"
    shown = [*([desk.open] if desk.open else []), *reversed(desk.done)][:_SHOWN]
    yield from (desk.words(circle) for circle in shown)

"""Pairs as people are asked about them, and as they are taken: both legs with one click."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.core.amounts import Unclear
from engine.core.instrument import E8, scaled_text
from engine.core.pairs.asking import NAME, Kind, LegQuestions, Legs
from engine.core.pairs.desk import Chance, PairDesk
from engine.core.people import People
from engine.core.types import ApprovedOrder, Refusal, Symbol

_PAIR: Final = Kind("pair", NAME, "both legs", "both legs are on their way")


def ask_about_pairs(desk: PairDesk, people: People) -> None:
    """Have a desk ask the first core's people, and write down what it takes by itself."""
    trading = desk.near.trading
    questions = LegQuestions(_PAIR, trading, people, lambda: desk.config, lambda symbol: _again(desk, symbol))
    desk.ask = lambda chance, now_ns: questions.ask(_legs(desk, chance, now_ns), now_ns)
    desk.count = lambda chance, now_ns: questions.count(_legs(desk, chance, now_ns), now_ns)


def _again(desk: PairDesk, symbol: Symbol) -> Legs | None:
    now_ns = desk.near.trading.now_ns
    desk.far.trading.now_ns = max(now_ns, desk.far.trading.now_ns)
    if symbol in desk.open or (why := desk.why_not(now_ns)):
        raise Unclear("NOT_READY", f"Not now: {'another pair is open' if symbol in desk.open else why}.")
    chance = desk.chance(symbol, now_ns)
    return None if chance is None else _legs(desk, chance, now_ns)


def _legs(desk: PairDesk, chance: Chance, now_ns: int) -> Legs:
    market, edge = chance.buy_at.market(chance.symbol), chance.edge

    def send(origin: str) -> ApprovedOrder | Refusal:
        pair = desk.send(chance, now_ns, origin)
        return pair if isinstance(pair, Refusal) else pair.legs[0][1].approved

    return Legs(
        chance.symbol,
        edge.base_e8 // market.instrument.lot_e8,
        market.ask_ticks,
        edge.confidence,
        _reasons(chance),
        lambda: desk.tried(chance, now_ns),
        send,
    )


def _reasons(chance: Chance) -> Iterator[str]:
    edge, cheap, dear = chance.edge, chance.buy_at.market(chance.symbol), chance.sell_at.market(chance.symbol)
    it = cheap.instrument
    base = scaled_text(edge.base_e8, 8).rstrip("0").rstrip(".")
    yield f"buy {base} {it.base_asset} on {chance.buy_at.name} at {edge.paid_e8 / edge.base_e8:.6g}"
    yield f"sell them on {chance.sell_at.name} at {edge.received_e8 / edge.base_e8:.6g}"
    yield f"after fees {edge.profit * 1e4:.1f} bps, at least {edge.needed * 1e4:.1f} are wanted"
    yield f"{edge.paid_e8 * edge.profit / E8:.2f} {dear.instrument.quote_asset} if both fill as the books stand"

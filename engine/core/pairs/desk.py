"""Trades pairs: looks at both venues' books, sends both legs in one turn, and brings what falls short back to flat.

======================  ===================================================================================
a pair is               and then
======================  ===================================================================================
seen                    above cost in both books: asked about or, above *act* in mode auto, sent; with real money only
                        where it is known what such a score has been worth
sent                    both gates were asked before either order left; now both venues' words are waited for
settled, flat           booked: its result is told, and a loss begins a rest
settled, one leg short  made up for at once on the venue where that is better, within the loss limit; again until flat
short for too long      told every minute, with what it would cost now; nothing new until it is flat (``stuck``)
======================  ===================================================================================

Nothing here waits: ``look`` is called many times a second, and beside the way of a frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Set
from typing import Final, NamedTuple

import msgspec

from engine.core.bars import seconds_left
from engine.core.instrument import E8, exit_levels, scaled_text
from engine.core.orders import Order
from engine.core.pairs.mending import Mend, best_mend, is_crumb
from engine.core.pairs.pair import Pair, Place, pairs_of
from engine.core.pairs.ready import may_act, why_not_there
from engine.core.pairs.stock import Stock
from engine.core.queries import is_fresh
from engine.core.risk import least_lots
from engine.core.sales import pieces
from engine.core.strategies.arbitrage import ArbitrageStrategy, Edge
from engine.core.strategies.arbitrage_settings import Arbitrage
from engine.core.types import BUY, ApprovedOrder, Mode, OrderRequest, Refusal, Symbol

MEND_AGAIN_NS: Final = 250_000_000
"""So long after an order that did not make up for a leg the next one may: the book has moved by then."""
REFUSED_NS: Final = 1_000_000_000
"""So long after a refusal of a gate's nothing new is tried."""
DONE_KEPT: Final = 200
_LATENCY_PART: Final = 0.2
"""How much the last answer counts in the average of what a venue takes to answer."""
NAME: Final = ArbitrageStrategy.name
_ORIGIN: Final = f"strategy:{NAME}"


class Chance(NamedTuple):
    """An edge, and where it is."""

    symbol: Symbol
    buy_at: Place
    sell_at: Place
    edge: Edge


class PairDesk:
    """The pairs of two venues; the first is the engine's own, whose modes count and whose people are told."""

    def __init__(self, near: Place, far: Place, strategy: ArbitrageStrategy, uncalibrated: Set[str]) -> None:
        """Begin with no pair; ``uncalibrated``: whose scores mean nothing known, as it changes."""
        self.near, self.far = near, far
        self._uncalibrated = uncalibrated
        self.places = (near, far)
        self._strategy = strategy
        self._stock = Stock(self.places, strategy)
        self.open: dict[Symbol, Pair] = {}
        self.done: deque[Pair] = deque(maxlen=DONE_KEPT)
        self.taken = self.mended = self.refused = 0
        self.made_e8 = 0
        """The result of all pairs of this run, in 1e-8 of the quote asset."""
        self.loose_e8: dict[Symbol, int] = {}
        """What closed pairs left that was too little for an order, in 1e-8 of the base asset."""
        self.latency_s: dict[str, float] = {}
        """What each venue takes to answer, by its name."""
        self.ask: Callable[[Chance, int], None] = _nothing
        """Puts a chance to people."""
        self.count: Callable[[Chance, int], None] = _nothing
        """Hears of a chance that was acted on."""
        self.stuck: Callable[[Pair, int], None] = _not_told
        """Hears again and again of a pair that has been short for too long, and when."""
        self.flush: Callable[[], None] = _no_flush
        """Has the second core do at once what waits in it, when the first does."""
        self.bar = ""
        """Why nothing new is tried, in words; empty where nothing is in the way."""
        self._rest_ns, self._rest_why = 0, ""
        self._ended_ns: dict[Symbol, int] = {}
        """When the last pair of each symbol ended: what the books said before may be what it has taken itself."""

    @property
    def config(self) -> Arbitrage:
        """How the strategy is set now."""
        return self._strategy.config

    def restore(self, now_ns: int) -> None:
        """Take up the pairs of earlier runs from both venues' orders; those that are not flat go on."""
        self._take_time(now_ns)
        for pair in pairs_of(self.places):
            if pair.symbol in self.symbols():
                self._take_up(pair)

    def symbols(self) -> tuple[Symbol, ...]:
        """Return what is traded on both venues, and wanted."""
        wanted, far = self.config.symbols, self.far.trading.markets
        return tuple(s for s in self.near.trading.markets if s in far and (not wanted or s in wanted))

    def look(self, now_ns: int) -> None:
        """Follow the open pairs, and begin a new one where there is an edge; what is to be done waits in both cores."""
        self._take_time(now_ns)
        for pair in tuple(self.open.values()):
            self._follow(pair)
        self.bar = self.why_not(now_ns)
        if self.bar:
            return
        if self.config.stock_quote and self.near.trading.modes.effective(NAME) is Mode.AUTO:
            self._stock.look(now_ns, self.symbols(), self.open)
        for symbol in self.symbols():
            if symbol not in self.open and (chance := self.chance(symbol, now_ns)) is not None:
                self._on_chance(chance, now_ns)

    # ------------------------------------------------------------------ what is seen

    def why_not(self, now_ns: int) -> str:
        """Say what keeps new pairs from being tried; either side's halt, kill, clock or silence does."""
        if self.near.trading.modes.effective(NAME) is Mode.OFF:
            return "the mode is off"
        for name, trading, _ in self.places:
            if why := why_not_there(trading, now_ns, name):
                return why
        if stuck := next((pair for pair in self.open.values() if pair.told_ns), None):
            return f"a pair in {stuck.symbol} is not flat, and would lose more than it may"
        if now_ns < self._rest_ns:
            return f"it rests for {seconds_left(self._rest_ns, now_ns)} s: {self._rest_why}"
        return ""

    def chance(self, symbol: Symbol, now_ns: int) -> Chance | None:
        """Return the better of both ways in which a symbol is above cost now, within what is held; or None."""
        heard_ns = [place.market(symbol).heard_ns for place in self.places]
        age_s = (now_ns - min(heard_ns)) / 1e9
        if age_s > self.config.max_age_s or min(heard_ns) <= self._ended_ns.get(symbol, 0):
            return None
        if not all(is_fresh(place.trading, symbol) for place in self.places):
            return None
        needed = self._strategy.needed(age_s, max(self.latency_s.values(), default=0.0))
        found = (self._one_way(symbol, *way, needed) for way in (self.places, self.places[::-1]))
        return max(filter(None, found), key=lambda chance: chance.edge.profit, default=None)

    def _one_way(self, symbol: Symbol, buy_at: Place, sell_at: Place, needed: float) -> Chance | None:
        cheap, dear = buy_at.market(symbol), sell_at.market(symbol)
        held_e8 = sell_at.trading.unoffered_lots(symbol) * dear.instrument.lot_e8
        if held_e8 <= 0 or not cheap.ask_ticks:
            return None
        quote_e8 = int(self.config.pair_quote * E8)
        most_e8 = cheap.instrument.lots_for_quote(quote_e8, cheap.ask_ticks) * cheap.instrument.lot_e8
        edge = self._strategy.edge(cheap, dear, buy_at.fee, sell_at.fee, needed, min(most_e8, held_e8))
        if edge is None or any(
            edge.base_e8 // market.instrument.lot_e8 < least_lots(ticks, market)
            for market, ticks in ((cheap, edge.ask_ticks), (dear, edge.bid_ticks))
        ):
            return None
        return Chance(symbol, buy_at, sell_at, edge)

    def _on_chance(self, chance: Chance, now_ns: int) -> None:
        config, edge = self.config, chance.edge
        is_free = may_act(self.near.trading, NAME, self._uncalibrated, edge.paid_e8)
        if edge.confidence >= config.act and is_free:
            if isinstance(self.send(chance, now_ns), Pair):
                self.count(chance, now_ns)
        elif edge.confidence >= config.ask:
            self.ask(chance, now_ns)

    # ------------------------------------------------------------------ both legs

    def tried(self, chance: Chance, now_ns: int) -> ApprovedOrder | Refusal:
        """Say what the gate makes of a chance's buy; nothing is done."""
        return _try(*self._requests(_named(chance, now_ns), chance, _ORIGIN)[0])

    def send(self, chance: Chance, now_ns: int, origin: str = _ORIGIN) -> Refusal | Pair:
        """Ask both gates, and send both legs or none."""
        pair = _named(chance, now_ns)
        legs = self._requests(pair, chance, origin)
        for place, request in legs:
            result = _try(place, request)
            if isinstance(result, Refusal):
                self.refused += 1
                self._rest_ns = now_ns + REFUSED_NS
                self.bar = self._rest_why = f"{place.name}: {result}"
                return place.trading.refuse(request, result)
        for place, request in legs:
            _submit(pair, place, request)
        self.near.trading.later(self.flush)
        self.open[chance.symbol] = pair
        self.taken += 1
        return pair

    def _requests(self, pair: Pair, chance: Chance, origin: str) -> tuple[tuple[Place, OrderRequest], ...]:
        """Word both legs: IOC, and at the worst level that the edge was reckoned with."""
        edge, (_, buy_at, sell_at, _) = chance.edge, chance
        cheap, dear = buy_at.market(pair.symbol), sell_at.market(pair.symbol)
        stop, _ = exit_levels(cheap.ask_ticks, self.config.stop_pct, 0.0)
        lots, sold = (edge.base_e8 // market.instrument.lot_e8 for market in (cheap, dear))
        buy = buy_at.trading.entry(pair.symbol, pair.cause("buy"), origin, lots, stop, 0)
        sale = sell_at.trading.reduction(pair.symbol, pair.cause("sell"), origin, sold)
        return (
            (buy_at, msgspec.structs.replace(buy, limit_ticks=edge.ask_ticks)),
            (sell_at, msgspec.structs.replace(sale, limit_ticks=edge.bid_ticks)),
        )

    # ------------------------------------------------------------------ back to flat

    def _follow(self, pair: Pair) -> None:
        """Close a pair that is flat, or send what makes up for a leg that is short."""
        if not pair.is_settled:
            return
        excess_e8 = self.excess_e8(pair)
        if not excess_e8 or is_crumb(pair, excess_e8, self.places) or self._is_killed():
            self._close(pair)
            return
        now_ns = self.near.trading.now_ns
        pair.short_ns = pair.short_ns or now_ns
        if now_ns >= pair.try_ns:
            self._mend(pair, excess_e8, now_ns)
        if pair.is_settled and now_ns - pair.short_ns > self.config.mend_s * 1e9:
            self.stuck(pair, now_ns)

    def _mend(self, pair: Pair, excess_e8: int, now_ns: int) -> None:
        pair.try_ns = now_ns + MEND_AGAIN_NS
        mend = self.mend_of(pair, excess_e8, pair.value_e8 * self.config.loss_pct / 100.0)
        if mend is not None and not isinstance(_try(mend.place, mend.request), Refusal):
            self._send_mend(pair, mend)

    def mend_of(self, pair: Pair, excess_e8: int, loss_e8: float) -> Mend | None:
        """Return the order that makes up for a leg now without the pair losing more than so much, or None."""
        words = (loss_e8, self.config.stop_pct, NAME)
        mend = best_mend(pair, excess_e8, self._untried(pair), *words)
        return mend or best_mend(pair, excess_e8, self.places, *words)

    def close_now(self, pair: Pair, loss_e8: float, origin: str) -> Mend | Refusal | None:
        """Make up for a leg at a price beyond the limit, because a person says so; None where no book allows it."""
        mend = self.mend_of(pair, self.excess_e8(pair), loss_e8)
        if mend is None:
            return None
        mend = mend._replace(request=msgspec.structs.replace(mend.request, origin=origin))
        if isinstance(result := _try(mend.place, mend.request), Refusal):
            return mend.place.trading.refuse(mend.request, result)
        self._send_mend(pair, mend)
        self.near.trading.later(self.flush)
        return mend

    def excess_e8(self, pair: Pair) -> int:
        """Return how much a pair, with what earlier ones left, holds too much or, negative, too little of."""
        return pair.net_e8 + self.loose_e8.get(pair.symbol, 0)

    def _send_mend(self, pair: Pair, mend: Mend) -> None:
        pair.tries += 1
        self.mended += pair.tries == 1
        _submit(pair, mend.place, mend.request)

    def _untried(self, pair: Pair) -> tuple[Place, ...]:
        """Leave the venue out whose last order got nothing, however good its book looks."""
        place, order = pair.legs[-1]
        is_vain = pair.tries > 0 and not order.filled_lots
        return tuple(one for one in self.places if not (is_vain and one is place))

    def _is_killed(self) -> bool:
        """The kill switch has its own way with what is held: a pair is left to it."""
        return any(place.trading.latch.is_on for place in self.places)

    def _close(self, pair: Pair) -> None:
        self.open.pop(pair.symbol, None)
        self.done.append(pair)
        self.loose_e8[pair.symbol] = self.loose_e8.get(pair.symbol, 0) + pair.net_e8
        self.made_e8 += pair.money_e8
        for place, order in pair.legs:
            self._learn(place, order)
        self._ended_ns[pair.symbol] = pair.ended_ns()
        if pair.money_e8 < 0 and pair.net_e8 == 0:
            self._rest_ns = pair.ended_ns() + int(self.config.cooldown_s * 1e9)
            self._rest_why = "the last pair lost"
        self._tell(pair)

    def _take_time(self, now_ns: int) -> None:
        for place in self.places:
            place.trading.now_ns = max(now_ns, place.trading.now_ns)

    def _take_up(self, pair: Pair) -> None:
        """Keep a pair of an earlier run: one that is flat is only remembered, the others are followed."""
        if pair.is_settled and not pair.net_e8:
            self.done.append(pair)
            return
        known = self.open.get(pair.symbol)
        if known is None:
            self.open[pair.symbol] = pair
        else:  # one at a time was open, so that what an older one left was too little for an order
            self.done.append(known)
            self.loose_e8[pair.symbol] = self.loose_e8.get(pair.symbol, 0) + known.net_e8
            self.open[pair.symbol] = pair

    def _learn(self, place: Place, order: Order) -> None:
        """Count what an answer took; one that got lost and was asked for says nothing of that."""
        if order.asked_ns:
            return
        took_s = (order.changed_ns - order.sent_ns) / 1e9
        before = self.latency_s.get(place.name, took_s)
        self.latency_s[place.name] = before + _LATENCY_PART * (took_s - before)

    # ------------------------------------------------------------------ words for people

    def _tell(self, pair: Pair) -> None:
        is_well = pair.money_e8 >= 0
        self.near.trading.notice("info" if is_well else "warning", "PAIR", f"{' '.join(self.words(pair))}")

    def words(self, pair: Pair) -> Iterator[str]:
        """Say what became of a pair."""
        it = self.near.market(pair.symbol).instrument
        yield f"Pair {pair.symbol}:"
        for place, order in pair.legs:
            verb = "bought" if order.approved.side is BUY else "sold"
            yield f"{verb} {it.qty_text(order.filled_lots)} {it.base_asset} on {place.name},"
        yield f"{'made' if pair.money_e8 >= 0 else 'lost'} {scaled_text(abs(pair.money_e8), 4)} {it.quote_asset}."


def _named(chance: Chance, now_ns: int) -> Pair:
    return Pair(f"{chance.symbol}-{now_ns}", chance.symbol, now_ns)


def _nothing(chance: Chance, now_ns: int) -> None:
    """Stand in where there are no people to ask."""


def _not_told(pair: Pair, now_ns: int) -> None:
    """Stand in where there are no people to tell."""


def _no_flush() -> None:
    """Stand in where both cores are performed together anyway."""


def _try(place: Place, request: OrderRequest) -> ApprovedOrder | Refusal:
    """Ask a gate, and do nothing with its answer."""
    return place.trading.gate.check(request, place.trading.facts(request.symbol, request.cause_id, NAME))


def _submit(pair: Pair, place: Place, request: OrderRequest) -> None:
    """Let an order leave whose gate has just said yes, and count it to its pair."""
    place.trading.last_hop.cause_in(request.cause_id)
    result = place.trading.submit(request, NAME)
    if isinstance(result, ApprovedOrder):
        pair.legs += [(place, order) for order in pieces(result, place.trading.orders)]

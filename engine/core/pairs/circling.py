"""Trades circles: money to a coin, to another coin, and back to money, at one venue, one leg after the other.

======================  ===================================================================================
a circle is             and then
======================  ===================================================================================
seen                    above cost in three books: asked about, or sent where a pair of that score would be
begun                   the gate has said yes to all three legs; the first leaves alone, since only what is
                        held can be sold
bought                  what the first leg brought is changed by the second, at the worst at the price reckoned
changed                 all that is held of either coin is sold for money, within the loss limit; again until flat
short for too long      told every minute, and may be closed at a price by a person; nothing new meanwhile
======================  ===================================================================================

A leg that fills in part or not at all needs no path of its own: what is held of either coin is sold. So it is after a
halt, a kill and a restart: what a circle holds is no position, and nobody else would sell it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Container
from typing import Final

import msgspec

from engine.core.calibration import CIRCLES
from engine.core.facts import Facts
from engine.core.instrument import E8, exit_levels, scaled_text
from engine.core.market import Market
from engine.core.orders import CROSS, FIRST
from engine.core.pairs.circle import Circle, circles_of
from engine.core.pairs.ready import may_act, why_not_there
from engine.core.portfolio import RoundTrip
from engine.core.queries import is_fresh
from engine.core.records import CircleEnded
from engine.core.risk import least_lots
from engine.core.strategies.arbitrage import ArbitrageStrategy
from engine.core.strategies.arbitrage_settings import Arbitrage
from engine.core.strategies.triangle import Path, Round, best_round, paths_of
from engine.core.trading import Trading
from engine.core.types import BUY, SELL, ApprovedOrder, Mode, OrderRequest, Refusal, Side

AGAIN_NS: Final = 250_000_000
"""So long after an order that did not sell all of it the next one may: the book has moved by then."""
REFUSED_NS: Final = 1_000_000_000
DONE_KEPT: Final = 200
NAME: Final = ArbitrageStrategy.name
_ORIGIN: Final = f"strategy:{NAME}"


class CircleDesk:
    """The circles of one venue, one at a time."""

    def __init__(self, trading: Trading, strategy: ArbitrageStrategy, uncalibrated: Container[str]) -> None:
        """Begin with the circles that earlier orders tell of; raises ValueError for symbols that are no circle.

        Where none is set, what an earlier one left is sold, and none is begun.
        ``uncalibrated``: whose scores mean nothing known, as it changes.
        """
        self.trading = trading
        self._uncalibrated = uncalibrated
        self._strategy = strategy
        self.paths = paths_of(strategy.config.circle, trading.heard, trading.config.quote_asset)
        self.open: Circle | None = None
        self.done: deque[Circle] = deque(maxlen=DONE_KEPT)
        self.taken = self.made_e8 = 0
        self.bar = ""
        """Why nothing new is tried, in words; empty where nothing is in the way."""
        self.ask: Callable[[Round, int], None] = lambda found, now_ns: None
        """Puts a circle to people."""
        self.count: Callable[[Round, int], None] = lambda found, now_ns: None
        """Hears of a circle that was begun without a person."""
        self.ended: Callable[[RoundTrip], None] = lambda trip: None
        """Hears of the round trip of one that is back to money."""
        self.stuck: Callable[[Circle, int], None] = lambda circle, now_ns: None
        """Hears again and again of a circle that can't be brought back to money."""
        self._rest_ns, self._rest_why, self._ended_ns = 0, "", 0
        self._is_restored = False

    @property
    def config(self) -> Arbitrage:
        """How the strategy is set now."""
        return self._strategy.config

    def look(self, now_ns: int) -> None:
        """Follow the open circle, or begin one; what is to be done waits in the core."""
        self.trading.now_ns = max(now_ns, self.trading.now_ns)
        if self.open is None and (self.trading.portfolio.circles or not self._is_restored):
            self._take_up()
        if self.open is not None:
            self._follow(self.open)
        self.bar = self.why_not(now_ns)
        if not self.bar and (found := self.chance(now_ns)) is not None:
            self._on_chance(found, now_ns)

    def why_not(self, now_ns: int) -> str:
        """Say what keeps a new circle from being tried."""
        trading = self.trading
        if not self.paths:
            return "no circle is set"
        if trading.modes.effective(NAME) is Mode.OFF:
            return "the mode is off"
        if why := why_not_there(trading, now_ns):
            return why
        if self.open is not None:
            return "a circle is open"
        return f"it rests: {self._rest_why}" if now_ns < self._rest_ns else ""

    def chance(self, now_ns: int) -> Round | None:
        """Return the better way around that is above cost now, or None."""
        markets = self.paths[0].markets
        oldest_ns = min(market.heard_ns for market in markets)
        age_s = (now_ns - oldest_ns) / 1e9
        is_new = oldest_ns > self._ended_ns
        if age_s > self.config.max_age_s or not is_new or not all(map(self._is_fresh, markets)):
            return None
        needed, most_e8 = self._strategy.needed(age_s, 0.0), self.config.pair_quote * E8
        found = (best_round(path, self.fee, needed, most_e8) for path in self.paths)
        fit = (one for one in found if one is not None and _is_taken_there(one))
        return max(fit, key=lambda one: one.profit, default=None)

    @property
    def fee(self) -> float:
        """What each leg takes of what it brings, as a part of it."""
        return self.config.near_fee_pct / 100.0

    # ------------------------------------------------------------------ all three legs, or none

    def send(self, found: Round, now_ns: int, origin: str = _ORIGIN) -> Refusal | Circle:
        """Ask the gate about all three legs, then let the first leave."""
        trading, path = self.trading, found.path
        circle = Circle(f"{path.first.instrument.symbol}-{now_ns}", path.first.instrument.symbol, now_ns)
        requests = self._requests(circle, found, origin)
        for request, facts in (*requests, self._end(circle, found, origin)):
            result = trading.gate.check(request, facts)
            if isinstance(result, Refusal):
                self._rest_ns, self._rest_why = now_ns + REFUSED_NS, str(result)
                return trading.refuse(request, result)
        self._submit(circle, *requests[0])
        circle.path, circle.ticks = path, found.ticks[1]
        self.open, self.taken = circle, self.taken + 1
        return circle

    def tried(self, found: Round) -> ApprovedOrder | Refusal:
        """Say what the gate makes of a circle's first leg; nothing is done."""
        symbol = found.path.first.instrument.symbol
        circle = Circle(f"{symbol}-{self.trading.now_ns}", symbol, 0)
        request, facts = self._requests(circle, found, _ORIGIN)[0]
        return self.trading.gate.check(request, facts)

    def _requests(self, circle: Circle, found: Round, origin: str) -> tuple[tuple[OrderRequest, Facts], ...]:
        """Word all three, each with what the gate decides it on once the one before has filled."""
        path, (lots_1, lots_2, lots_3), (ticks_1, ticks_2, ticks_3) = found.path, found.lots, found.ticks
        middle_e8 = lots_1 * path.first.instrument.lot_e8
        return (
            self._buy(circle.cause(FIRST), path.first, lots_1, ticks_1, origin, None),
            self._cross(circle, path, lots_2, ticks_2, middle_e8, origin),
            self._sale(circle.cause("out0"), path.last, lots_3, ticks_3, lots_3, origin),
        )

    def _end(self, circle: Circle, found: Round, origin: str) -> tuple[OrderRequest, Facts]:
        """Word a buy of what is sold at last, which never leaves: so much of that coin has to be allowed as well."""
        market, lots = found.path.last, found.lots[2]
        return self._buy(circle.cause("end"), market, lots, market.bid_ticks, origin, None)

    def _cross(
        self, circle: Circle, path: Path, lots: int, ticks: int, middle_e8: int, origin: str
    ) -> tuple[OrderRequest, Facts]:
        cause = circle.cause(CROSS)
        if path.is_buy:
            return self._buy(cause, path.cross, lots, ticks, origin, (path.first, middle_e8))
        return self._sale(cause, path.cross, lots, ticks, middle_e8 // path.cross.instrument.lot_e8, origin)

    def _buy(
        self, cause: str, market: Market, lots: int, ticks: int, origin: str, paid_with: tuple[Market, int] | None
    ) -> tuple[OrderRequest, Facts]:
        """Word a buy; ``paid_with``: the market of the coin that pays for it, and how much of that there is.

        What the account has is in money: by that market's bid it is put into the coin that the buy is priced in. What
        the circle holds is not counted besides: the buy adds nothing to it.
        """
        symbol = market.instrument.symbol
        stop, _ = exit_levels(ticks, self.config.stop_pct, 0.0)
        request = self.trading.entry(symbol, cause, origin, lots, stop, 0)
        facts = self.trading.facts(symbol, cause, NAME)
        if paid_with is not None:
            bridge, coin_e8 = paid_with
            rate = bridge.bid_ticks * bridge.instrument.tick_e8 / E8
            own_e8 = self.trading.portfolio.circled_e8(self.trading.by_coin)
            facts = msgspec.structs.replace(
                facts,
                equity_e8=int(facts.equity_e8 / rate),
                cash_e8=coin_e8,
                symbol_exposure_e8=0,  # of the cross nothing is held; its coin was asked about before it began
                gross_exposure_e8=int((facts.gross_exposure_e8 - own_e8) / rate),
            )
        return msgspec.structs.replace(request, limit_ticks=ticks), facts

    def _sale(
        self, cause: str, market: Market, lots: int, ticks: int, held_lots: int, origin: str
    ) -> tuple[OrderRequest, Facts]:
        symbol = market.instrument.symbol
        request = self.trading.reduction(symbol, cause, origin, lots)
        facts = self.trading.facts(symbol, cause, NAME)
        facts = msgspec.structs.replace(facts, position_lots=held_lots, sellable_lots=held_lots)
        return msgspec.structs.replace(request, limit_ticks=ticks), facts

    def _submit(self, circle: Circle, request: OrderRequest, facts: Facts) -> bool:
        self.trading.last_hop.cause_in(request.cause_id)
        result = self.trading.submit(request, NAME, facts)
        if isinstance(result, ApprovedOrder):
            circle.legs.append(self.trading.orders.of(result))
        return isinstance(result, ApprovedOrder)

    # ------------------------------------------------------------------ around, and back to money

    def _follow(self, circle: Circle) -> None:
        """Send the second leg, or sell what is held; close a circle that holds nothing."""
        if not circle.is_settled:
            return
        now_ns = self.trading.now_ns
        path, circle.path = circle.path, None
        if path is not None and self.trading.is_armed and self._send_cross(circle, path):
            return
        if not self.held(circle) and not self.unsaleable(circle):
            self._close(circle)
            return
        circle.short_ns = circle.short_ns or now_ns
        if now_ns >= circle.try_ns:
            circle.try_ns = now_ns + AGAIN_NS
            self.sell(circle, circle.paid_e8() * self.config.loss_pct / 100.0, _ORIGIN)
        if circle.is_settled and now_ns - circle.short_ns > self.config.mend_s * 1e9:
            self.stuck(circle, now_ns)

    def _send_cross(self, circle: Circle, path: Path) -> bool:
        """Change what the first leg brought, as much of it as the price reckoned with allows; False for nothing."""
        held_e8 = circle.nets_e8(self.trading).get(path.middle, 0)
        it, price = path.cross.instrument, circle.ticks * path.cross.instrument.tick_e8 / E8
        lots = math.floor(held_e8 / (price if path.is_buy else 1.0) / it.lot_e8)
        if lots < least_lots(circle.ticks, path.cross):
            return False
        request, facts = self._cross(circle, path, lots, circle.ticks, held_e8, _ORIGIN)
        return self._submit(circle, request, facts)

    def sell(self, circle: Circle, loss_e8: float, origin: str) -> Refusal | int:
        """Sell what is held of either coin, as far as the circle loses no more than so much; return how many orders.

        ``loss_e8``: in 1e-8 of the quote asset; ``inf`` leaves the collar alone. A refusal is the first one's.
        """
        sent, refused = 0, None
        for market, lots in self.held(circle):
            limit = self._limit_ticks(circle, market, lots, loss_e8)
            if limit <= 0 or market.bid_ticks < limit or not self._is_fresh(market):
                continue
            cause = circle.cause(f"out{circle.tries}")
            request, facts = self._sale(cause, market, lots, limit, lots, origin)
            result = self.trading.gate.check(request, facts)
            if isinstance(result, Refusal):
                refused = refused or self.trading.refuse(request, result)
            elif self._submit(circle, request, facts):
                circle.tries, sent = circle.tries + 1, sent + 1
        return refused if refused is not None and not sent else sent

    def held(self, circle: Circle) -> list[tuple[Market, int]]:
        """Return what of either coin the venue takes an order for: its market in money, and how many lots."""
        nets, found = circle.nets_e8(self.trading), []
        for asset, market in self.trading.by_coin.items():
            lots, price = nets.get(asset, 0) // market.instrument.lot_e8, market.bid_ticks or market.last_ticks
            if lots > 0 and not (price and lots < least_lots(price, market)):
                found.append((market, lots))
        return found

    def unsaleable(self, circle: Circle) -> dict[str, int]:
        """Return what a circle holds of coins that have no market here, in 1e-8: those are not followed any more."""
        known = {*self.trading.by_coin, self.trading.config.quote_asset}
        return {c: amount for c, amount in circle.nets_e8(self.trading).items() if amount > 0 and c not in known}

    def result_e8(self, circle: Circle) -> int:
        """Return what a circle has made, and what it holds at the bid less the fee, in 1e-8 of the quote asset."""
        nets = circle.nets_e8(self.trading)
        made_e8 = nets.get(self.trading.config.quote_asset, 0)
        return made_e8 + sum(self._worth_e8(asset, amount_e8) for asset, amount_e8 in nets.items())

    def _worth_e8(self, asset: str, amount_e8: int) -> int:
        market = self.trading.by_coin.get(asset)
        if market is None:
            return 0
        return int(amount_e8 * market.bid_ticks * market.instrument.tick_e8 / E8 * (1.0 - self.fee))

    def _limit_ticks(self, circle: Circle, market: Market, lots: int, loss_e8: float) -> int:
        """Return the worst price that the loss limit and the collar (C4) both allow, the other coin at its bid."""
        collar = self.trading.gate.collar_ticks(SELL, market)
        if loss_e8 == math.inf:
            return collar
        it, base_e8 = market.instrument, lots * market.instrument.lot_e8
        others_e8 = self.result_e8(circle) - self._worth_e8(it.base_asset, base_e8)
        worst = (-loss_e8 - others_e8) / (base_e8 * (1.0 - self.fee))
        return max(math.ceil(worst * E8 / it.tick_e8), collar)

    def _close(self, circle: Circle) -> None:
        self.open, self._ended_ns = None, circle.ended_ns()
        self.done.append(circle)
        self._end_trip(circle)
        made_e8 = self._made_e8(circle)
        self.made_e8 += made_e8
        if self.result_e8(circle) < 0:
            self._rest_ns, self._rest_why = self._ended_ns + int(self.config.cooldown_s * 1e9), "the last circle lost"
        self.trading.notice("info" if made_e8 >= 0 else "warning", "CIRCLE", f"{self.words(circle)}.")

    def _end_trip(self, circle: Circle) -> None:
        """Close what the books have of it, and write that down."""
        trip = self.trading.portfolio.end_circle(circle.circle_id, self.trading.now_ns)
        if trip is not None:
            self.trading.write(CircleEnded(circle.circle_id, self.trading.now_ns))
            self.ended(trip)

    def _made_e8(self, circle: Circle) -> int:
        """Return what came back less what went out; of an open one, with what it holds at the bid."""
        if circle is self.open:
            return self.result_e8(circle)
        return circle.nets_e8(self.trading).get(self.trading.config.quote_asset, 0)

    def words(self, circle: Circle) -> str:
        """Say what became of a circle."""
        done = [f"{_verb(order.approved.side)} {self._qty(order.approved, order.filled_lots)}" for order in circle.legs]
        made_e8, asset = self._made_e8(circle), self.trading.config.quote_asset
        result = f"{'made' if made_e8 >= 0 else 'lost'} {scaled_text(abs(made_e8), 4)} {asset}"
        return f"Circle {circle.symbol}: {', '.join(done)}; {result}{self._left(circle)}"

    def _left(self, circle: Circle) -> str:
        """Say what an ended circle has left of its coins: less than the venue takes an order for."""
        nets = circle.nets_e8(self.trading) if circle is not self.open else {}
        left = [f"{scaled_text(nets[c], 8).rstrip('0')} {c}" for c in self.trading.by_coin if nets.get(c, 0) > 0]
        return f", and {' and '.join(left)} left over" if left else ""

    def _qty(self, approved: ApprovedOrder, lots: int) -> str:
        it = self.trading.heard[approved.symbol].instrument
        return f"{it.qty_text(lots)} {it.base_asset} ({approved.symbol})"

    def _on_chance(self, found: Round, now_ns: int) -> None:
        config = self.config
        is_free = may_act(self.trading, CIRCLES, self._uncalibrated, found.paid_e8)
        if found.confidence >= config.act and is_free:
            if isinstance(self.send(found, now_ns), Circle):
                self.count(found, now_ns)
        elif found.confidence >= config.ask:
            self.ask(found, now_ns)

    def _is_fresh(self, market: Market) -> bool:
        return is_fresh(self.trading, market.instrument.symbol)

    def _take_up(self) -> None:
        """Take up the circles of earlier runs, and one whose fill came late: one that holds something is sold.

        That can't be said before the coins have a price.
        """
        if any(not market.bid_ticks for market in self._markets_of_coins()):
            return
        known = {circle.circle_id for circle in self.done}
        for circle in circles_of(self.trading):
            if circle.circle_id in self.trading.portfolio.circles or not circle.is_settled:
                self.open = circle
            elif not self._is_restored and circle.circle_id not in known:
                self.done.append(circle)
        self._is_restored = True

    def _markets_of_coins(self) -> list[Market]:
        """Return the markets in money of what circles are made of, or hold where none is set."""
        if self.paths:
            return [self.paths[0].first, self.paths[0].last]
        coins = {coin for circle in self.trading.portfolio.circles.values() for coin in circle.nets_e8}
        return [market for coin, market in self.trading.by_coin.items() if coin in coins]


def _is_taken_there(found: Round) -> bool:
    """Say whether the venue takes all three orders (C8)."""
    legs = zip(found.path.markets, found.lots, found.ticks, strict=True)
    return all(lots >= least_lots(ticks, market) for market, lots, ticks in legs)


def _verb(side: Side) -> str:
    return "bought" if side is BUY else "sold"

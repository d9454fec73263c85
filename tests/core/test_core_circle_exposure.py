"""With circles under way no sequence of events makes an order exceed a limit: what counts is what the exchange holds.

Circles come up, go around, lose a leg to a fault, get stuck; people buy, sell, halt and resume; prices move; the engine
restarts. Before each buy arrives, coins and money are looked up at the exchange, and not in what the engine believes.
"""

from __future__ import annotations

from itertools import count
from typing import Final

import pytest
from circle_bench import BTC, CROSS, ETH, Ring
from core_builders import ALICE
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pair_bench import FAULTS, Fault

from engine.core.config import Limits
from engine.core.instrument import E8
from engine.core.types import BUY, SELL, ApprovedOrder, Symbol
from engine.wire.commands import Amount, Buy, Close, Halt, ResetBreakers, Resume

LIMITS: Final = Limits(max_order_pct=2.0, max_position_pct=3.0, max_gross_pct=4.0, orders_per_s=50, repeats=1_000)
COINS: Final = {BTC: "BTC", ETH: "ETH"}
AMOUNTS: Final = st.sampled_from(["700", "1400", "1900", "all"])
LATE_NS: Final = 1_500_000_000
CRUMB_E8: Final = 6 * E8
"""What a circle may leave of each coin: less than the exchange takes an order for, at 5 USDT."""
GAIN_E8: Final = 30 * E8
"""What a leg brings that was not heard of yet: 1.2 % of 1,500 USDT more than it took; fees and spreads."""


class CircleExposure(RuleBasedStateMachine):
    """Somebody who looks at the exchange before each order arrives there."""

    def __init__(self) -> None:
        super().__init__()
        self.ring = Ring(limits=LIMITS, pair_quote=1_500.0, loss_pct=0.5, mend_s=1.0)
        self.ring.local.before = self._judge
        self._ids = count(1)
        self._late: list[tuple[int, ApprovedOrder]] = []
        self._taken: set[str] = set()
        self._sales = 0

    # ------------------------------------------------------------------ what the exchange holds

    def _coin_e8(self, symbol: Symbol) -> int:
        market = self.ring.engine.trading.markets[symbol]
        return self.ring.held(COINS[symbol]) * market.bid_ticks * market.instrument.tick_e8 // E8

    def _slack_e8(self) -> int:
        """What nobody counts: what circles and sold positions have left, and what was gained or paid unheard."""
        return 2 * CRUMB_E8 * len(self._taken) + E8 * self._sales + GAIN_E8

    def _cost_e8(self, order: ApprovedOrder) -> int:
        it = self.ring.engine.trading.heard[order.symbol].instrument
        return it.notional_e8(order.price_ticks, order.qty_lots)

    def _judge(self, order: ApprovedOrder, ts_ns: int) -> None:
        """Hold an order against the limits with what the exchange holds, and what is on its way to it."""
        local = self.ring.local
        local._arrive_until(ts_ns)
        self._late = [(at_ns, late) for at_ns, late in self._late if at_ns > ts_ns]
        circle_id = order.cause_id.split(":")[1] if order.cause_id.startswith("circle:") else ""
        self._taken |= {circle_id} - {""}
        self._sales += order.side is SELL and not circle_id
        part_e8 = (self.ring.held("USDT") + sum(map(self._coin_e8, COINS))) / 100.0
        if order.side is BUY and order.symbol != CROSS:
            waiting = {s: sum(self._cost_e8(o) for _, o in self._late if o.symbol == s) for s in COINS}
            symbol, gross_e8 = order.symbol, sum(map(self._coin_e8, COINS)) + sum(waiting.values())
            own_e8 = self._coin_e8(symbol) + waiting[symbol] + self._cost_e8(order)
            assert self._cost_e8(order) <= part_e8 * LIMITS.max_order_pct + self._slack_e8()
            assert own_e8 <= part_e8 * LIMITS.max_position_pct + self._slack_e8(), (order.cause_id, own_e8)
            assert gross_e8 + self._cost_e8(order) <= part_e8 * LIMITS.max_gross_pct + self._slack_e8(), order.cause_id
            if local.fault == "late" and local.leg in order.cause_id.rpartition(":")[2]:
                self._late.append((ts_ns + LATE_NS, order))
        elif order.symbol == CROSS:
            end, start = (ETH, BTC) if order.side is BUY else (BTC, ETH)
            share = order.qty_lots * 10_000 / max(self.ring.held("ETH"), 1) if order.side is SELL else 1.0
            moved_e8 = min(self._coin_e8(start) * share, 1_500 * E8)
            most_e8 = part_e8 * LIMITS.max_position_pct * 1.01
            assert self._coin_e8(end) + moved_e8 <= most_e8 + self._slack_e8(), order.cause_id

    # ------------------------------------------------------------------ what happens

    @rule(
        cross=st.sampled_from([0.0495, 0.0505, 0.05]),
        leg=st.sampled_from(["first", "cross", "out"]),
        fault=st.sampled_from(["", "", *FAULTS]),
    )
    def circle_comes_up(self, cross: float, leg: str, fault: Fault) -> None:
        self.ring.local.fault, self.ring.local.leg = fault, leg
        self.ring.once(cross=cross)

    @rule(seconds=st.sampled_from([0.0, 0.02, 0.3, 1.6, 7.0]))
    def time_passes(self, seconds: float) -> None:
        self.ring.later(seconds)
        self.ring.look()

    @rule(move=st.sampled_from([-0.003, -0.001, 0.0, 0.002]), cross=st.sampled_from([0.05, 0.0502, 0.06]))
    def moves(self, move: float, cross: float) -> None:
        self.ring.fair(btc=50_000.0 * (1 + move), eth=2_500.0 * (1 + move), cross=cross)
        self.ring.look()

    @rule(symbol=st.sampled_from(list(COINS)), amount=AMOUNTS)
    def buys(self, symbol: Symbol, amount: str) -> None:
        wanted = Amount("all", "") if amount == "all" else Amount("quote", amount)
        self.ring.on_command(Buy(id=self._id(), who=ALICE, symbol=symbol, amount=wanted))

    @rule(
        leg=st.sampled_from(["first", "cross", "out"]),
        fault=st.sampled_from(FAULTS),
        cross=st.sampled_from([0.0495, 0.0505]),
        seconds=st.sampled_from([0.0, 0.02, 1.6]),
        symbol=st.sampled_from(list(COINS)),
        amount=AMOUNTS,
    )
    def buys_while_one_goes_around(
        self, leg: str, fault: Fault, cross: float, seconds: float, symbol: Symbol, amount: str
    ) -> None:
        """From nothing held, so that there is room for a circle."""
        self.closes()
        self.circle_comes_up(cross, leg, fault)
        self.time_passes(seconds)
        self.buys(symbol, amount)
        self.time_passes(0.02)

    @rule()
    def closes(self) -> None:
        """And nothing is left of what tripped because of losses."""
        self.ring.on_command(Close(id=self._id(), who=ALICE, symbol="all"))
        self.ring.on_command(ResetBreakers(id=self._id(), who=ALICE, reason="a test"))

    @rule(is_back=st.booleans())
    def halts(self, is_back: bool) -> None:
        self.ring.on_command(Halt(id=self._id(), who=ALICE, reason="lunch"))
        self.ring.look()
        if is_back:
            self.ring.on_command(Resume(id=self._id(), who=ALICE))

    @rule(looks=st.booleans())
    def starts_again(self, looks: bool) -> None:
        """It may be armed before its desk has looked once."""
        self.ring.start_again()
        self.ring.fair()
        if looks:
            self.ring.look()
        self.ring.do(self.ring.engine.on_account(self.ring.local.account(self.ring.now_ns)))
        self.ring.on_command(Resume(id=self._id(), who=ALICE))

    @invariant()
    def gross_is_at_least_what_is_held(self) -> None:
        """Once each order's outcome is known, and crumbs apart."""
        ring, trading = self.ring, self.ring.engine.trading
        if trading.orders.unsettled():
            return
        counted_e8 = trading.facts(BTC).gross_exposure_e8
        held_e8 = sum(map(self._coin_e8, COINS))
        assert held_e8 <= counted_e8 + self._slack_e8(), ring.desk.open and ring.desk.words(ring.desk.open)

    def _id(self) -> str:
        return f"x{self.ring.now_ns}-{next(self._ids)}"


TestCircleExposure = CircleExposure.TestCase
TestCircleExposure.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@pytest.mark.parametrize(("symbol", "cross"), [(ETH, 0.0495), (BTC, 0.0505)])
def test_a_circle_is_not_begun_where_too_much_of_what_it_ends_in_is_held(symbol: Symbol, cross: float) -> None:
    """Its first leg alone would be allowed, and so would all of it with less."""
    for amount, is_begun in (("1900", False), ("1000", True)):
        ring = Ring(limits=LIMITS, pair_quote=1_500.0)
        assert ring.on_command(Buy(id="b", who=ALICE, symbol=symbol, amount=Amount("quote", amount))).ok
        assert ring.once(cross=cross) is is_begun
        assert ("C3_POSITION" in ring.desk.why_not(ring.now_ns)) is not is_begun


def test_what_a_restart_finds_half_way_counts_before_anybody_has_looked() -> None:
    ring = Ring(limits=LIMITS, pair_quote=1_500.0)
    assert ring.once(cross=0.0495)
    ring.later(0.01)
    ring.start_again()
    ring.fair()
    facts = [ring.engine.trading.facts(symbol) for symbol in COINS]
    for fact in facts:
        assert fact.symbol_exposure_e8 == fact.gross_exposure_e8 == pytest.approx(1_500 * E8, rel=0.01)

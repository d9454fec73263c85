"""No sequence of events makes an entry exceed a limit that holds at that moment: counted anew here, from what was sent.

Trades, quotes, partial and late fills, cancels, lost and refused answers, restarts, commands, signals, clicks and
changed limits come in any order. What is held and what is open is summed up from orders and fills alone.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from core_builders import ALICE, BTC, ETH, Desk, S, config, sent
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from engine.core.actions import Action
from engine.core.config import Breakers, Limits
from engine.core.config import TradingConfig as Config
from engine.core.instrument import E8
from engine.core.types import ApprovedOrder, OrderState, SendFailed, Side, Symbol
from engine.wire.commands import Amount, Buy, Close, Decide, SetLimit

SYMBOLS: Final = (ETH, BTC)
LIMITS: Final = Limits(max_order_pct=2.0, max_position_pct=3.0, max_gross_pct=5.0, orders_per_s=3, repeats=100)
CHOICES: Final = {
    "max_order_pct": (1.0, 2.0, 2.5, 3.0),
    "max_position_pct": (2.0, 3.0, 4.0, 5.0),
    "max_gross_pct": (3.0, 4.0, 5.0, 6.0),
    "orders_per_s": (1.0, 2.0, 3.0, 10.0),
}
ROUNDING_E8: Final = 10_000
"""A ten-thousandth of a unit of money: ticks and lots are whole, and percentages are floats."""


class Known(NamedTuple):
    """An order, and how many lots of it have filled."""

    order: ApprovedOrder
    filled: int
    is_open: bool


class NeverExceeded(RuleBasedStateMachine):
    """Somebody around an engine who keeps accounts of their own."""

    orders: Bundle[ApprovedOrder] = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        calm = Breakers(cooldown_s=0.0, daily_loss_pct=100.0, drawdown_pct=100.0, losses=100)
        made: Config = config(LIMITS)
        self.desk = Desk(Config(**{n: getattr(made, n) for n in made.__struct_fields__} | {"breakers": calm}),
                         symbols=SYMBOLS).ready()  # fmt: skip
        self.limits: dict[str, float] = {name: float(getattr(LIMITS, name)) for name in CHOICES}
        self.known: dict[str, Known] = {}
        self.sent_ns: list[int] = []
        self.shown: list[Any] = []

    # ------------------------------------------------------------------ accounts of our own

    def _cost_e8(self, order: ApprovedOrder, lots: int) -> int:
        return self.desk.instruments[order.symbol].notional_e8(order.price_ticks, lots)

    def _held(self, symbol: Symbol) -> int:
        mine = (known for known in self.known.values() if known.order.symbol == symbol)
        return sum(known.order.side * known.filled for known in mine)

    def _exposure_e8(self, symbol: Symbol) -> int:
        """Return what is held at the bid, and what open buys may still cost at their worst price."""
        bid = self.desk.engine.trading.markets[symbol].bid_ticks
        held = self.desk.instruments[symbol].notional_e8(bid, max(self._held(symbol), 0))
        waiting = (
            k for k in self.known.values() if k.is_open and k.order.side is Side.BUY and k.order.symbol == symbol
        )
        return held + sum(self._cost_e8(k.order, k.order.qty_lots - k.filled) for k in waiting)

    def _equity_e8(self) -> int:
        markets = self.desk.engine.trading.markets
        held = (self.desk.instruments[s].notional_e8(markets[s].bid_ticks, max(self._held(s), 0)) for s in SYMBOLS)
        return self.desk.balances["USDT"] + sum(held)

    def _take(self, actions: list[Action]) -> Any:
        """Hold each order that left against the limits of this moment, and remember it."""
        left = sent(actions)
        for order in left:
            self.sent_ns.append(self.desk.now_ns)
            if order.side is Side.BUY:
                self._judge(order)
            self.known[order.client_order_id] = Known(order, 0, is_open=True)
        return multiple(*left)

    def _judge(self, order: ApprovedOrder) -> None:
        cost_e8, part_e8 = self._cost_e8(order, order.qty_lots), self._equity_e8() / 100.0
        gross_e8 = sum(self._exposure_e8(symbol) for symbol in SYMBOLS)
        recent = sum(self.desk.now_ns - at_ns < S for at_ns in self.sent_ns)
        assert cost_e8 <= part_e8 * self.limits["max_order_pct"] + ROUNDING_E8
        assert self._exposure_e8(order.symbol) + cost_e8 <= part_e8 * self.limits["max_position_pct"] + ROUNDING_E8
        assert gross_e8 + cost_e8 <= part_e8 * self.limits["max_gross_pct"] + ROUNDING_E8
        assert recent <= self.limits["orders_per_s"]

    def _end(self, order: ApprovedOrder) -> None:
        self.known[order.client_order_id] = self.known[order.client_order_id]._replace(is_open=False)

    # ------------------------------------------------------------------ the market

    @rule(target=orders, symbol=st.sampled_from(SYMBOLS), price=st.integers(1_900, 2_100))
    def moves(self, symbol: Symbol, price: int) -> Any:
        return self._take(self.desk.price(float(price), symbol))

    @rule(target=orders, symbol=st.sampled_from(SYMBOLS), price=st.integers(1_900, 2_100))
    def trades(self, symbol: Symbol, price: int) -> Any:
        return self._take(self.desk.trade(float(price), symbol=symbol))

    @rule(target=orders, seconds=st.sampled_from([0.0, 0.05, 0.4, 1.1, 30.0]))
    def time_passes(self, seconds: float) -> Any:
        actions = self.desk.wait(seconds)
        return self._take(actions)

    # ------------------------------------------------------------------ signals and people

    @rule(target=orders, score=st.sampled_from([0.6, 0.95, -0.95]), symbol=st.sampled_from(SYMBOLS))
    def headline(self, score: float, symbol: Symbol) -> Any:
        actions = self.desk.headline(score, symbols=(symbol,))
        self.shown += self.desk.engine.trading.proposals.open()
        return self._take(actions)

    @rule(target=orders, symbol=st.sampled_from(SYMBOLS), amount=st.sampled_from(["900", "1900", "2400"]))
    def buys(self, symbol: Symbol, amount: str) -> Any:
        order = Buy(id=self.desk.new_id(), who=ALICE, symbol=symbol, amount=Amount("quote", amount))
        return self._take(self.desk.ask(order)[1])

    @rule(target=orders, symbol=st.sampled_from(SYMBOLS))
    def buys_all_that_is_left(self, symbol: Symbol) -> Any:
        order = Buy(id=self.desk.new_id(), who=ALICE, symbol=symbol, amount=Amount("all", ""))
        return self._take(self.desk.ask(order)[1])

    @rule(target=orders)
    def clicks(self) -> Any:
        if not self.shown:
            return multiple()
        shown = self.shown.pop()
        click = Decide(
            id=self.desk.new_id(), who=ALICE, proposal_id=shown.proposal_id, choice="buy", fingerprint=shown.fingerprint
        )
        return self._take(self.desk.ask(click)[1])

    @rule(target=orders)
    def closes(self) -> Any:
        return self._take(self.desk.ask(Close(id=self.desk.new_id(), who=ALICE, symbol="all"))[1])

    @rule(name=st.sampled_from(sorted(CHOICES)), which=st.integers(0, 3))
    def sets_a_limit(self, name: str, which: int) -> None:
        value = CHOICES[name][which]
        change = SetLimit(id=self.desk.new_id(), who=ALICE, name=name, value=value, reason="a test", loosen=True)
        if self.desk.ask(change)[0].ok:
            self.limits[name] = value

    # ------------------------------------------------------------------ the venue

    @rule(target=orders, order=orders, part=st.sampled_from([0.1, 0.5, 1.0]))
    def fills(self, order: ApprovedOrder, part: float) -> Any:
        """In part, whole, or late: also of an order whose answer was lost."""
        known = self.known[order.client_order_id]
        lots = min(max(int(order.qty_lots * part), 1), order.qty_lots - known.filled)
        if not known.is_open or lots <= 0:
            return multiple()
        filled = known.filled + lots
        self.known[order.client_order_id] = known._replace(filled=filled, is_open=filled < order.qty_lots)
        return self._take(self.desk.fill(order, lots=lots))

    @rule(target=orders, order=consumes(orders), state=st.sampled_from([OrderState.CANCELED, OrderState.EXPIRED]))
    def ends(self, order: ApprovedOrder, state: OrderState) -> Any:
        known = self.known[order.client_order_id]
        if not known.is_open:
            return multiple()
        self._end(order)
        return self._take(self.desk.execute(order, state, known.filled))

    @rule(target=orders, order=orders)
    def answer_is_lost(self, order: ApprovedOrder) -> Any:
        """What it may still buy stays reserved."""
        return self._take(self._fails(order, is_ambiguous=True, code=0))

    @rule(target=orders, order=orders)
    def is_refused(self, order: ApprovedOrder) -> Any:
        known = self.known[order.client_order_id]
        if not known.is_open or known.filled:
            return multiple()
        self._end(order)
        return self._take(self._fails(order, is_ambiguous=False, code=-2010))

    def _fails(self, order: ApprovedOrder, *, is_ambiguous: bool, code: int) -> list[Action]:
        now_ns = self.desk.now_ns
        failed = SendFailed(order.client_order_id, is_ambiguous, code, "no luck", now_ns)
        return self.desk.keep(self.desk.engine.on_send_failed(failed))

    @rule(target=orders)
    def starts_again(self) -> Any:
        """From the journal; the rate counts anew, and nothing leaves until somebody has resumed."""
        self.desk = self.desk.restarted()
        self.sent_ns.clear()
        self.desk.engine.trading.is_warm = True
        actions = [action for symbol in SYMBOLS for action in self.desk.price(2000.0, symbol)]
        actions += self.desk.account()
        self.desk.resume()
        return self._take(actions)

    @invariant()
    def what_is_held_is_what_was_filled(self) -> None:
        """Else the sums above would say nothing of the engine's."""
        portfolio = self.desk.engine.trading.portfolio
        assert {s: portfolio.position_lots(s) for s in SYMBOLS} == {s: self._held(s) for s in SYMBOLS}
        assert portfolio.cash_e8 == self.desk.balances["USDT"] > 0 * E8


TestNeverExceeded = NeverExceeded.TestCase
TestNeverExceeded.settings = settings(max_examples=150, stateful_step_count=40)

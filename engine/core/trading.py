"""The state that decisions are made on, and the one way from a wish to an order that everybody shares."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final, Literal

from engine.core.actions import Action, Later, Publish, Send, Write
from engine.core.alarms import Alarms
from engine.core.bars import Bars
from engine.core.booking import book
from engine.core.config import Sizing, TradingConfig
from engine.core.facts import Facts
from engine.core.instrument import Instrument
from engine.core.last_hop import LastHop
from engine.core.latch import Latch
from engine.core.limits import LimitBook
from engine.core.market import Market
from engine.core.modes import Modes
from engine.core.orders import Fill, Order, Orders
from engine.core.past import Past
from engine.core.plan import ExitPlan
from engine.core.portfolio import RECENT, Portfolio, RoundTrip
from engine.core.proposals import Proposals
from engine.core.record_codec import AnyRecord
from engine.core.records import ArmedSet, ModeSet, Refused
from engine.core.reserved import Reserved, reserved
from engine.core.resting import Resting
from engine.core.risk import Gate
from engine.core.selling import sell
from engine.core.sizing import NO_RECORD, Sized, record_of, size_entry
from engine.core.story_turns import StoryTurns
from engine.core.strangers import Strangers
from engine.core.types import (
    BUY,
    ORDER_PREFIX,
    SELL,
    ApprovedOrder,
    ExecutionReport,
    Mode,
    OrderRequest,
    OrderType,
    Refusal,
    Symbol,
    TradeId,
    as_trade_id,
    order_name,
)
from engine.core.views import order_view
from engine.wire import events

AccountKind = Literal["paper", "live"]
CAUSES_KEPT: Final = 20_000
_SECOND_NS: Final = 1_000_000_000
_PREFIX_SIZE: Final = len(ORDER_PREFIX)
_MARKET: Final = OrderType.MARKET
_NOT_BARRED: Final = ("", "")


class Trading:
    """Everything the core knows, and ``submit``; the engine and the people's commands both work on it."""

    # Of more than 30 attributes an object without slots keeps a dict, and each one that an order needs is looked up.
    __slots__ = (
        "_actions", "_causes", "_sent_ns", "_unsettled", "account", "alarms", "bars", "by_coin", "causes_kept",
        "circled", "clock_offset_ms", "config", "gate", "halt_reason", "heard", "is_armed", "is_live_confirmed",
        "is_reconciled", "is_warm", "last_hop", "latch", "limits", "markets", "modes", "now_ns", "orders", "past",
        "portfolio", "proposals", "refusals", "resting", "silent_until_ns", "stamp", "stories", "strangers",
    )  # fmt: skip

    def __init__(
        self,
        config: TradingConfig,
        instruments: dict[Symbol, Instrument],
        strategies: dict[str, str],
        account: AccountKind,
        minds: int,
    ) -> None:
        """Begin; ``minds``: how long the technical strategies' part of a market's array is."""
        for it in instruments.values():
            if it.quote_asset != config.quote_asset and it.symbol not in config.strategies.arbitrage.circle:
                raise ValueError(
                    f"{it.symbol} is priced in {it.quote_asset}, but equity is counted in {config.quote_asset}:"
                    f" follow symbols priced in {config.quote_asset}, or set quote_asset to {it.quote_asset}."
                )
        self.stamp: Callable[[], int] = _no_clock
        """Given by whoever keeps the time, for what ``Send`` carries; the core decides nothing by it."""
        self.config = config
        self.account = account
        self.limits = LimitBook(config, instruments)
        self.gate = Gate(self.limits.account)
        self.gate.take(self.limits.account, self.limits.narrower)
        self.heard = {symbol: Market(instrument, minds) for symbol, instrument in instruments.items()}
        """Every market that is followed, the one among them that a circle needs and equity is not counted in."""
        priced = (symbol for symbol, it in instruments.items() if it.quote_asset == config.quote_asset)
        self.markets = {symbol: self.heard[symbol] for symbol in priced}
        self.by_coin = {market.instrument.base_asset: market for market in self.markets.values()}
        self.circled = frozenset(config.strategies.arbitrage.circle)
        """The symbols of whose coins a circle may hold either."""
        self.orders = Orders()
        self._unsettled = self.orders.by_name_unsettled
        self.resting = Resting()
        self.portfolio = Portfolio(config.quote_asset)
        self.proposals = Proposals()
        self.past = Past()
        self.modes = Modes(config, strategies)
        self.now_ns = 0
        self.is_armed = self.is_live_confirmed = self.is_reconciled = self.is_warm = False
        self.halt_reason = "the engine has just started"
        self.refusals = 0
        self.last_hop = LastHop()
        self.bars = Bars()
        self.latch = Latch()
        self.alarms = Alarms(self.write, self.publish)
        self.strangers = Strangers()
        self.stories = StoryTurns()
        self.silent_until_ns = 0
        """The venue wants to hear nothing before (F7)."""
        self.clock_offset_ms: int | None = None
        """The venue's clock less ours; None until it was measured, and again once the venue refused ours (C17)."""
        self._sent_ns: deque[int] = deque()
        """When the orders of the last second were approved (C7)."""
        self.causes_kept = CAUSES_KEPT
        """How many causes are remembered at least, so that none is ordered twice (C6)."""
        self._causes: OrderedDict[str, None] = OrderedDict()  # a plain dict would look long for its first entry
        self._actions: list[Action] = []

    def do(self, action: Action) -> None:
        """Add an action to what the present event leads to."""
        self._actions.append(action)

    def write(self, record: AnyRecord) -> None:
        """Add a record for the journal."""
        self._actions.append(Write(record))

    def publish(self, make: Callable[[], events.AnyEvent]) -> None:
        """Add something to tell; ``make`` is called when everything else was done."""
        self._actions.append(Publish(make))

    def later(self, go_on: Callable[[], None]) -> None:
        """Put off what no order waits for; it may lead to more actions."""
        self._actions.append(Later(go_on))

    def notice(self, severity: Literal["info", "warning", "critical"], code: str, text: str) -> None:
        """Tell people something in words."""
        self.alarms.on_notice(events.Notice(ts_ns=self.now_ns, severity=severity, code=code, text=text))

    def take(self) -> list[Action]:
        """Hand out what was decided since the last call, in order."""
        if not self._actions:
            return []
        actions, self._actions = self._actions, []
        return actions

    def submit(
        self, request: OrderRequest, strategy: str = "", of_circle: Facts | None = None
    ) -> ApprovedOrder | Refusal:
        """Pass a request through the gate; an approved one is recorded as in flight, journaled, and then sent.

        ``strategy`` says whose signal it is, whoever decided about it: its own limits count as well. ``of_circle``: the
        facts of a circle's leg, which sells or spends what no position holds.
        """
        stamp = self.stamp  # fetched once: what is called as a method is looked for in the class first
        decided = stamp()
        facts = of_circle or self.facts(request.symbol, request.cause_id, strategy)
        result = self.gate.check(request, facts)
        if isinstance(result, Refusal):
            return self.refuse(request, result)
        gated = stamp()
        if result.reduce_only and of_circle is None:
            return sell(self, request, result, facts, (decided, gated))
        order = self.open(result)
        self._actions += (
            Send(result, decided, gated),
            Publish(lambda: events.OrderChanged(ts_ns=result.ts_ns, order=order_view(order, self.instrument(order)))),
        )
        return result

    def open(self, approved: ApprovedOrder) -> Order:
        """Record an approved order as in flight: its cause is used up, and it counts against the rate (C6, C7)."""
        self._causes[approved.cause_id] = None  # the oldest one is forgotten with time, and not before a send
        self._sent_ns.append(self.now_ns)
        return self.orders.open(approved)

    def refuse(self, request: OrderRequest, refusal: Refusal) -> Refusal:
        """Count a refusal and write it down (C22); return it."""
        self.refusals += 1
        refused = Refused(request.cause_id, request.origin, refusal, self.now_ns, request.symbol)
        self.past.refusals.append(refused)
        self.write(refused)
        return refusal

    def on_report(self, report: ExecutionReport) -> tuple[Order, Fill | None, RoundTrip | None] | None:
        """Count a report into orders and portfolio; return the order, its new fill and the round trip that changed.

        None where the report changed nothing. Live and a restart fold the same reports through here.
        """
        market = self.heard.get(report.symbol)
        if market is None:
            return None  # from a run that followed more symbols than this one
        booked = book(report, self.orders, self.portfolio, market.instrument)
        if booked is not None and (trip := booked[2]) is not None:
            market.watch(trip.is_open)
            trip.strategy = trip.strategy or self.proposals.strategy_behind(trip.cause_id)
        return booked

    def facts(self, symbol: Symbol, cause_id: str = "", strategy: str = "") -> Facts:
        """Gather what the gate decides on, as it stands now."""
        portfolio, equity_e8, held_lots = self.portfolio, self.portfolio.cash_e8, 0
        exposure_e8 = gross_e8 = selling_lots = offered_lots = 0
        if self._unsettled:
            exposure_e8, gross_e8, selling_lots, offered_lots = self._reserved(symbol)
        cash_e8 = portfolio.cash_e8 - gross_e8
        if portfolio.open or portfolio.circles:
            equity_e8, held_lots = self.equity_e8(), portfolio.position_lots(symbol)
            gross_e8 += sum(map(self._held_e8, portfolio.open))
            exposure_e8 += self._held_e8(symbol)
            if portfolio.circles:
                circled_e8 = portfolio.circled_e8(self.by_coin)
                gross_e8 += circled_e8
                exposure_e8 += circled_e8 if symbol in self.circled else 0
        sent_ns = self._sent_ns
        while sent_ns and self.now_ns - sent_ns[0] >= _SECOND_NS:
            sent_ns.popleft()
        # By place and not by name: half the time, in the one spot that every order waits for.
        return Facts(
            self.heard[symbol],
            self.now_ns,
            equity_e8,
            cash_e8,
            held_lots,
            held_lots - selling_lots,
            exposure_e8,
            gross_e8,
            self.is_armed,
            self.halt_reason,
            self.is_live_confirmed or self.account != "live",
            cause_id in self._causes,
            len(sent_ns),
            self.silent_until_ns,
            self.clock_offset_ms,
            self.bars.of(symbol, self.now_ns) if self.bars.are_any else _NOT_BARRED,
            strategy,
            offered_lots,
        )

    def entry(
        self,
        symbol: Symbol,
        cause_id: str,
        origin: str,
        lots: int,
        stop: int,
        target: int,
        plan: ExitPlan | None = None,
    ) -> OrderRequest:
        """Word a request to buy at the market; 0 lots asks the gate to size it by risk and stop distance."""
        name = order_name(cause_id)
        trade_id = self._trade_id(symbol) if self._unsettled or self.portfolio.open else None
        # By place and not by name, as above; 0: no limit of its own.
        return OrderRequest(
            name,
            symbol,
            BUY,
            _MARKET,
            lots,
            0,
            False,
            stop,
            target,
            cause_id,
            origin,
            trade_id or as_trade_id("t-" + name[_PREFIX_SIZE : _PREFIX_SIZE + 8]),
            self.now_ns,
            plan,
        )

    def reduction(self, symbol: Symbol, cause_id: str, origin: str, lots: int) -> OrderRequest:
        """Word a request to sell from a position at the market; 0 lots for all that can be sold."""
        name, trade_id = order_name(cause_id), self._trade_id(symbol) or TradeId("")
        return OrderRequest(
            name, symbol, SELL, _MARKET, lots, 0, True, 0, 0, cause_id, origin, trade_id, self.now_ns, None
        )

    def sellable_lots(self, symbol: Symbol) -> int:
        """Return what is held of a symbol less what is being sold; protection and offers make way for a sale."""
        return self.portfolio.position_lots(symbol) - self._reserved(symbol).selling_lots

    def offered_lots(self, symbol: Symbol) -> int:
        """Return what of that is on sale at a limit of a person's."""
        return self._reserved(symbol).offered_lots

    def unoffered_lots(self, symbol: Symbol) -> int:
        """Return what is sellable and on sale at no limit of a person's."""
        counted = self._reserved(symbol)
        return self.portfolio.position_lots(symbol) - counted.selling_lots - counted.offered_lots

    def size(self, sizing: Sizing, strategy: str, symbol: Symbol, entry_ticks: int, stop_ticks: int) -> Sized:
        """Size an entry of a strategy the way it is set to; by risk and stop distance where it says no other."""
        facts = self.facts(symbol, "", strategy)
        record = record_of(strategy, self.portfolio.closed[-RECENT:]) if sizing.method == "kelly" else NO_RECORD
        sized = size_entry(sizing, entry_ticks, facts, self.gate, record)
        if sized.lots or sized.why_not:
            return sized
        return Sized(self.gate.entry_lots(entry_ticks, stop_ticks, facts))

    def equity_e8(self) -> int:
        """Return cash plus positions at their bid, in 1e-8 of the quote asset."""
        held_e8 = self.portfolio.equity_e8({symbol: self.markets[symbol].bid_ticks for symbol in self.portfolio.open})
        return held_e8 + self.portfolio.circled_e8(self.by_coin) if self.portfolio.circles else held_e8

    def held_e8(self, symbol: Symbol) -> int:
        """Return what the account had of a symbol's base asset when it was last compared, in 1e-8 of it."""
        balance = self.portfolio.balances.get(self.markets[symbol].instrument.base_asset)
        return balance.free_e8 + balance.locked_e8 if balance else 0

    def instrument(self, order: Order) -> Instrument:
        """Return the instrument of an order of ours."""
        return self.heard[order.approved.symbol].instrument

    def remember_cause(self, cause_id: str) -> None:
        """Remember that something was ordered for this cause: there is no second order for it (C6)."""
        self._causes[cause_id] = None
        self.forget_causes()

    def forget_causes(self) -> None:
        """Forget the oldest causes where there are more than are kept."""
        while len(self._causes) > self.causes_kept:
            self._causes.popitem(last=False)

    def causes(self) -> list[str]:
        """Return the causes that are remembered, oldest first."""
        return list(self._causes)

    def was_ordered(self, cause_id: str) -> bool:
        """Say whether an order of this cause was already approved (C6)."""
        return cause_id in self._causes

    def halt(self, by: str, reason: str) -> None:
        """Stop entries from now on; closes and exits go on."""
        self.is_armed, self.halt_reason, now_ns = False, reason, self.now_ns
        halted = ArmedSet(False, by, reason, now_ns)
        self.past.note(halted)
        self.write(halted)
        self.publish(lambda: events.TradingHalted(ts_ns=now_ns, by=by, reason=reason))

    def arm(self, by: str) -> None:
        """Allow entries from now on."""
        self.is_armed, self.halt_reason, now_ns = True, "", self.now_ns
        self.write(ArmedSet(True, by, "", now_ns))
        self.publish(lambda: events.TradingArmed(ts_ns=now_ns, by=by))

    def set_mode(self, mode: Mode, strategy: str, by: str) -> Mode:
        """Set the global mode (empty ``strategy``) or a strategy's own; returns the one before."""
        now_ns = self.now_ns
        previous = self.modes.set(mode, strategy)
        self.write(ModeSet(strategy, mode, by, now_ns))
        self.publish(lambda: events.ModeChanged(ts_ns=now_ns, mode=mode, strategy=strategy, previous=previous, by=by))
        return previous

    def _trade_id(self, symbol: Symbol) -> TradeId | None:
        """Return the round trip that an order belongs to: the open one, or the one that a buy under way will open."""
        if (trip := self.portfolio.open.get(symbol)) is not None:
            return trip.trade_id
        for order in self.orders.unsettled():
            if order.approved.side is BUY and order.approved.symbol == symbol and not order.is_of_circle:
                return order.approved.trade_id
        return None

    def _reserved(self, symbol: Symbol) -> Reserved:
        return reserved(symbol, self.orders, self.resting, self.instrument, self.circled)

    def _held_e8(self, symbol: Symbol) -> int:
        """Value a position for C3: at the bid, else at the last trade, else at what was paid, never at nothing."""
        trip, market = self.portfolio.open.get(symbol), self.heard[symbol]
        if trip is None:
            return 0
        return trip.value_e8(market.bid_ticks or market.last_ticks or round(trip.entry_ticks()))


def _no_clock() -> int:
    """Keep no time."""
    return 0

"""How the engine's replies and events read in a terminal: pure functions from wire types to plain text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, get_args

from engine.cli.drill_text import drill_text
from engine.cli.hand_text import approval_text, missed_line, missed_text, preview_text
from engine.cli.kill_text import kill_text
from engine.cli.latency_text import latency_text
from engine.cli.mute_text import mutes_changed_text, mutes_text
from engine.cli.pairs_text import pairs_text
from engine.cli.past_text import PastView, choices_text, past_text, watch_text
from engine.cli.reconcile_text import foreign_text, reconciliation_text
from engine.cli.risk_text import risk_text
from engine.wire.answers import Choices
from engine.wire.events import (
    AlarmChanged,
    AnyEvent,
    ApprovalChanged,
    DrillChanged,
    ForeignOrderChanged,
    KillReported,
    ModeChanged,
    MutesChanged,
    NewsHeard,
    Notice,
    OrderChanged,
    PriceReached,
    PricesMoved,
    ProposalClosed,
    ProposalMissed,
    ProposalOpened,
    ProposalReviewed,
    Reconciled,
    SignalActed,
    StoryChanged,
    TradeChanged,
    TradingArmed,
    TradingHalted,
)
from engine.wire.figures import amount, gain, is_some, money, number, percent, plural, price, span
from engine.wire.hand_views import ApprovalView, MissedView, PreviewView
from engine.wire.helps import HELPS, nearest
from engine.wire.mutes import MutesView
from engine.wire.order_phrases import outcome, terms
from engine.wire.pairs import PairsView
from engine.wire.phrases import bands, made, stop_name, tally
from engine.wire.reconciliation import ReconciliationView
from engine.wire.replies import OrderPlaced, OrdersView, ProposalTaken, Reply, Result, Snapshot
from engine.wire.safeguard_views import KillView, RiskView
from engine.wire.views import (
    BalanceView,
    HealthView,
    LatencyView,
    OrderView,
    PositionsView,
    PriceView,
    ProposalView,
    StatusView,
    StrategyView,
    TradeView,
)

_VIEWS: Final = (
    StatusView,
    PositionsView,
    OrdersView,
    LatencyView,
    RiskView,
    PreviewView,
    MissedView,
    PairsView,
    *get_args(PastView),
)
_HELP: Final = """\
buy SYMBOL AMOUNT|all [STOP%] [TARGET%]   buy {example} 250 2% 5%
sell SYMBOL AMOUNT|all                    sell {example} 50%
close SYMBOL|all [PERCENT%]               cancel ID|all
confirm, cancel                           order what was previewed, or not
yes|no NUMBER, approve|dismiss NUMBER|ID  answer an alert
approve|decline ID                        say yes or no as the second person
auto off|ask|auto [STRATEGY]              what signals may do
halt [WHY], resume                        stop entries, arm trading
kill [flatten] [SYMBOL]                   halt, cancel, sell; kill reset WHY
risk, lock SYMBOL 1h|off                  the limits; no entries for a while
reconcile [adopt|ignore ID]               compare with the exchange now
status, positions, orders, balance        how things are
pnl [today|day|week|month|all], digest [day|week], trades [N] [SYMBOL], why ID
strategies [set NAME PARAMETER VALUE], news, latency
watch SYMBOL above|below PRICE            watch list, watch off ID
mute WHAT [1h], mute list, mute off       what the channel does not hear
help [COMMAND], quit"""


def command_help(word: str) -> str:
    """Write one command's help with its examples; of an unknown one, which was meant."""
    name = word.lower().removeprefix("/")
    if (it := HELPS.get(name)) is None:
        near = nearest(name)
        return f"There is no command {word!r}." + (f" Did you mean {near}?" if near else "")
    return "\n".join([f"{name} {it.words}".strip(), f"  {it.does}", *(f"  {example}" for example in it.examples)])


def help_text(example: str) -> str:
    """Write what can be typed; ``example`` is a symbol that is traded."""
    return _HELP.format(example=example)


def reply_text(reply: Reply) -> str:
    """Write a reply: its sentence, and below it what was asked for."""
    if not reply.ok:
        below = f"\n{choices_text(reply.result)}" if isinstance(reply.result, Choices) else ""
        code = f" ({reply.unsaid_code})" if reply.unsaid_code else ""
        return f"{reply.text}{code}{below}"
    if reply.result is None:
        return reply.text
    body = result_text(reply.result)
    # A view says it all; the sentence of an action says what was done.
    return body if isinstance(reply.result, _VIEWS) or not reply.text else f"{reply.text}\n{body}"


def result_text(result: Result) -> str:
    """Write what a command gave."""
    match result:
        case StatusView():
            return status_text(result)
        case PositionsView():
            return positions_text(result)
        case OrdersView():
            return orders_text(result)
        case LatencyView():
            return latency_text(result)
        case KillView():
            return kill_text(result)
        case PreviewView():
            return preview_text(result)
        case ApprovalView():
            return approval_text(result)
        case MissedView():
            return missed_text(result)
        case PairsView():
            return pairs_text(result)
        case RiskView():
            return risk_text(result)
        case MutesView():
            return mutes_text(result)
        case ReconciliationView():
            return reconciliation_text(result)
        case OrderPlaced():
            return "\n".join(order_text(order) for order in result.orders)
        case ProposalTaken():
            return "\n".join([f"  {change}" for change in result.changes] + _orders(result.order))
        case Snapshot():
            return status_text(result.status)
        case Choices():
            return choices_text(result)
        case _:
            return past_text(result)


def prices_text(prices: Sequence[PriceView]) -> str:
    """Write the market in one line."""
    return "   ".join(map(_price, prices)) or "no prices yet"


def status_text(status: StatusView) -> str:
    """Write mode, money, strategies and health."""
    armed = "armed" if status.is_armed else f"HALTED: {status.halt_reason or 'type resume to arm trading'}"
    equity = money(status.equity_quote, status.quote_asset)
    held, orders = plural(status.open_positions, "position"), plural(status.open_orders, "open order")
    counts = f"{held}, {orders}, {plural(status.open_proposals, 'alert')}, {status.refusals} refused"
    lines = [
        f"{status.account} account on {status.venue}, {armed}",
        f"mode {status.mode}, equity {equity}, {counts}",
        prices_text(status.prices),
        *(_strategy(strategy) for strategy in status.strategies),
        *(health_text(health) for health in status.health),
        f"version {status.version}, configuration {status.config_hash}",
    ]
    return "\n".join(lines)


def story_text(event: StoryChanged) -> str:
    """Say in one line where a story is now."""
    story = event.story
    by = f" by {story.confirmed_by}" if story.confirmed_by else ""
    return f"story {story.story_id} about {story.symbol} ({story.label}) is {story.state}{by}: {event.title}"


def health_text(health: HealthView) -> str:
    """Write whether one thing is well."""
    return f"  {'ok ' if health.is_ok else 'BAD'} {health.name}: {health.detail}"


def positions_text(view: PositionsView) -> str:
    """Write what is held and what it is worth."""
    equity = money(view.equity_quote, view.quote_asset)
    result = f"realised {gain(view.realised_quote)}, unrealised {gain(view.unrealised_quote)}"
    balances = ", ".join(_balance(balance, view.quote_asset) for balance in view.balances)
    held = [trade_text(trade) for trade in view.positions] or ["no open position"]
    return "\n".join([f"equity {equity} ({result})", *held, f"balances: {balances or 'none'}"])


def orders_text(view: OrdersView) -> str:
    """Write the open orders, and below them the finished ones."""
    finished = [f"  {order_text(order)}" for order in view.finished]
    lines = [order_text(order) for order in view.open] or ["no open order"]
    return "\n".join([*lines, *(["finished:", *finished] if finished else [])])


def order_text(order: OrderView) -> str:
    """Write one order in one line."""
    what = f"{order.side} {number(order.qty)} {order.symbol} {terms(order)}".rstrip()
    return f"{what}: {outcome(order)} [{order.client_order_id}]"


def trade_text(trade: TradeView) -> str:
    """Write one position or round trip in one line."""
    steps = "".join(f", {step.part_pct:g} % at {price(step.price)}" for step in trade.steps if not step.is_done)
    left = "" if trade.time_left_s is None else f", {span(trade.time_left_s)} left"
    exits = _exits(trade.stop_price, "", stop_name(trade)) + steps + _exits("", trade.target_price) + left
    return f"{trade.symbol} {number(trade.qty)} at {price(trade.entry_price)}: {made(trade)}{exits}"


def proposal_text(alert: int, proposal: ProposalView) -> str:
    """Write an alert: what is proposed, why, and what to type. One that sells has neither stop nor risk."""
    risk = f", at risk {money(proposal.risk_quote)}" if proposal.stop_price else ""
    size = amount(proposal.qty, proposal.base_asset)
    lines = [
        f"ALERT {alert}  {proposal.side.upper()} {proposal.symbol}  confidence {proposal.confidence:.2f} "
        f"({bands(proposal.ask, proposal.act)})",
        *([f"  {proposal.worth}"] if proposal.worth else []),
        f"  {proposal.strategy}: {_why(proposal)}",
        f"  price {price(proposal.price)}{_exits(proposal.stop_price, proposal.target_price)}",
        f"  {size} for {money(proposal.notional_quote, proposal.quote_asset)}{risk}",
        *([f"  {proposal.warning}"] if proposal.warning else []),
    ]
    if proposal.state == "open":
        stands = span((proposal.ts_expires_ns - proposal.ts_opened_ns) / 1e9)
        lines.append(f"  type: yes {alert} or no {alert}   (no answer within {stands} means no)")
    return "\n".join(lines)


def event_text(event: AnyEvent, alert: int = 0) -> str:
    """Write what happened; ``alert`` is the alert's number, where it is about one."""
    match event:
        case PricesMoved():
            return prices_text(event.prices)
        case ProposalOpened():
            return proposal_text(alert, event.proposal)
        case ProposalReviewed():
            return f"alert {alert}: second opinion: {event.proposal.opinion}"
        case ProposalClosed():
            return f"alert {alert} {event.proposal.state}: {event.proposal.outcome}"
        case SignalActed():
            return "\n".join(
                [proposal_text(alert, event.proposal), f"  {event.proposal.outcome}", *_orders(event.order)]
            )
        case OrderChanged():
            return order_text(event.order)
        case TradeChanged():
            return event.text
        case ModeChanged():
            return f"mode of {event.strategy or 'everything'}: {event.mode}, was {event.previous} ({event.by})"
        case TradingArmed():
            return f"trading armed by {event.by}"
        case TradingHalted():
            return f"TRADING HALTED by {event.by}: {event.reason}"
        case KillReported():
            return kill_text(event.kill)
        case ApprovalChanged():
            return approval_text(event.approval)
        case ProposalMissed():
            return missed_line(event.missed)
        case ForeignOrderChanged():
            return foreign_text(event.order)
        case Reconciled():
            return reconciliation_text(event.view)
        case NewsHeard():
            return f"news from {event.source}: {event.title} ({event.verdict})"
        case StoryChanged():
            return story_text(event)
        case AlarmChanged(alarm=alarm) if alarm.acknowledged_by:
            return f"{alarm.acknowledged_by} has acknowledged {alarm.code}"
        case AlarmChanged(alarm=alarm):
            return f"ALARM {alarm.code}: repeated until somebody acknowledges it (trader ack {alarm.code})"
        case DrillChanged():
            return "a drill is running" if event.report is None else drill_text(event.report)
        case PriceReached():
            return f"PRICE {price(event.price)} reached: {watch_text(event.watch)}"
        case MutesChanged():
            return mutes_changed_text(event)
        case Notice():
            return f"{event.severity.upper()} {event.code}: {event.text}"


def _price(it: PriceView) -> str:
    stale = "" if it.is_fresh else " (stale)"
    return f"{it.symbol} {price(it.last)} ({percent(it.change_pct)}){stale}"


def _strategy(strategy: StrategyView) -> str:
    return f"  {strategy.name} ({strategy.effective_mode}, {bands(strategy.ask, strategy.act)}) {tally(strategy)}"


def _balance(balance: BalanceView, quote_asset: str) -> str:
    free = (money if balance.asset == quote_asset else amount)(balance.free, balance.asset)
    return free + (f" (+{number(balance.locked)} locked)" if is_some(balance.locked) else "")


def _why(proposal: ProposalView) -> str:
    if proposal.headline:
        return f"“{proposal.headline}” ({proposal.source})"
    return "; ".join(proposal.reasons) or "no reason given"


def _exits(stop: str, target: str, stop_kind: str = "stop") -> str:
    return "".join(f", {name} {price(at)}" for name, at in ((stop_kind, stop), ("target", target)) if at)


def _orders(order: OrderView | None) -> list[str]:
    return [] if order is None else [f"  {order_text(order)}"]

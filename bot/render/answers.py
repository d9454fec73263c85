"""Answers to questions: positions, orders and status, for the one who asked."""

from __future__ import annotations

from typing import Final

from bot.render import order as order_lines
from bot.render import trade as trade_lines
from bot.render.blocks import Block, Message, context, divider, escape, fields, header, message, section
from bot.render.say import amount, gain, money, names, venue
from bot.render.say import price as price_of
from engine.wire.figures import moment, percent, plural, span
from engine.wire.phrases import bands, tally
from engine.wire.replies import OrdersView
from engine.wire.views import BalanceView, HealthView, OrderView, PositionsView, PriceView, StatusView, StrategyView

_MOST_TRADES: Final = 15
_MOST_ORDERS: Final = 10
_MOST_PRICES: Final = 12


def usage(status: StatusView | None) -> str:
    """List what is typed most, with a symbol that has a market here."""
    symbol = escape(status.prices[0].symbol) if status is not None and status.prices else "ETHUSDT"
    return (
        f"`/buy {symbol} 250` · `/positions` · `/close {symbol} 50%` · `/chart {symbol} 1h` · `/auto off|ask|auto` · "
        "`/pnl` · `/status` · `/halt` · `/kill` · `/help` everything else, `/help buy` one command with examples"
    )


def positions(view: PositionsView) -> Message:
    """Show what is held and what it is worth."""
    asset = view.quote_asset
    text = (
        f"{plural(len(view.positions), 'open position')}, equity {money(view.equity_quote, asset)}, "
        f"unrealised {gain(view.unrealised_quote, asset)}"
    )
    totals = fields(
        [
            ("Equity", money(view.equity_quote, asset)),
            ("Unrealised", gain(view.unrealised_quote, asset)),
            ("Realised", gain(view.realised_quote, asset)),
            ("Free", ", ".join(_free(balance, asset) for balance in view.balances[:6]) or "nothing"),
        ]
    )
    blocks = [header("Positions"), totals]
    for trade in view.positions[:_MOST_TRADES]:
        blocks += [divider(), section(f"*{escape(trade.symbol)}*"), trade_lines.table(trade)]
    if not view.positions:
        blocks.append(section("Nothing is held."))
    return message(text, [*blocks, *_more(len(view.positions), _MOST_TRADES)])


def orders(view: OrdersView) -> Message:
    """Show open orders, and the last finished ones."""
    text = f"{plural(len(view.open), 'open order')}, {plural(len(view.finished), 'finished one')}"
    return message(
        text,
        [
            header("Orders"),
            section(f"*Open*\n{_list(view.open)}"),
            section(f"*Finished*\n{_list(view.finished)}"),
            *_more(max(len(view.open), len(view.finished)), _MOST_ORDERS),
        ],
    )


def status(view: StatusView) -> Message:
    """Show whether it trades, in which mode, how the market stands and whether everything is well."""
    state = "armed" if view.is_armed else f"halted ({names(view.halt_reason)})" if view.halt_reason else "halted"
    ill = [health for health in view.health if not health.is_ok]
    well = "all well" if not ill else "NOT WELL: " + ", ".join(escape(health.name) for health in ill)
    text = f"{view.account} account on {venue(view.venue)}: {state}, mode {view.mode}, {well}"
    sign = ":large_green_circle:" if view.is_armed else ":double_vertical_bar:"
    return message(
        text,
        [
            header(f"Status: {'armed' if view.is_armed else 'halted'}, mode {view.mode}"),
            section(f"{sign} *{view.account.capitalize()} account* on {venue(view.venue)}: {state}"),
            fields(
                [
                    ("Equity", money(view.equity_quote, view.quote_asset)),
                    ("Open", f"{plural(view.open_positions, 'position')}, {plural(view.open_orders, 'order')}"),
                    ("Waiting", plural(view.open_proposals, "proposal")),
                    ("Refused by the gate", plural(view.refusals, "request")),
                ]
            ),
            section("*Market*\n" + ("\n".join(map(price_line, view.prices[:_MOST_PRICES])) or "no price yet")),
            section(_strategies(view.strategies)),
            section("*Health*\n" + _health(view.health)),
            context(
                f"version {escape(view.version)} · configuration `{escape(view.config_hash)}` · "
                f"up {span((view.ts_now_ns - view.ts_started_ns) / 1e9)}"
            ),
        ],
    )


def price_line(price: PriceView) -> str:
    """Show one symbol's market in a line."""
    stale = "" if price.is_fresh else " · *stale: no order on it*"
    return (
        f"`{escape(price.symbol)}` {price_of(price.last)} ({percent(price.change_pct)} since the start) · "
        f"bid {price_of(price.bid)}, ask {price_of(price.ask)} · {moment(price.ts_exchange_ns)}{stale}"
    )


def _list(orders: tuple[OrderView, ...]) -> str:
    shown = [
        f"• {_headline(order)}: {order_lines.outcome(order)} · `{escape(order.client_order_id)}`"
        for order in orders[:_MOST_ORDERS]
    ]
    return "\n".join(shown) or "none"


def _headline(order: OrderView) -> str:
    """Say who wanted what, and of an open order on what terms."""
    return f"{order_lines.headline(order)} {order_lines.terms(order)}".rstrip()


def _strategies(all_: tuple[StrategyView, ...]) -> str:
    """Give a line to each that may say something; those that are off share one."""
    off = ", ".join(escape(each.name) for each in all_ if each.mode == "off")
    rows = [_strategy(each) for each in all_ if each.mode != "off"]
    return "\n".join(["*Strategies*", *rows, *([f"• off: {off}"] if off else [])] if all_ else ["*Strategies*", "none"])


def _strategy(strategy: StrategyView) -> str:
    mode = strategy.mode
    if strategy.effective_mode != mode:
        mode = f"{mode}, held to {strategy.effective_mode} by the global mode"
    return (
        f"• *{escape(strategy.name)}* ({strategy.kind}) {mode} · "
        f"{bands(strategy.ask, strategy.act)} · {tally(strategy)}"
    )


def _health(parts: tuple[HealthView, ...]) -> str:
    ill = [f":x: *{escape(part.name)} is NOT ok*: {escape(part.detail)}" for part in parts if not part.is_ok]
    well = ", ".join(escape(part.name) for part in parts if part.is_ok)
    return "\n".join([*ill, *([f":white_check_mark: ok: {well}"] if well else [])]) or "nothing reported"


def _free(balance: BalanceView, quote_asset: str) -> str:
    return (money if balance.asset == quote_asset else amount)(balance.free, balance.asset)


def _more(count: int, shown: int) -> list[Block]:
    return [context(f"{count - shown} more: `trader positions` and `trader orders` list all.")] if count > shown else []

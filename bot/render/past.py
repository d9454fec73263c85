"""Answers about past, market and strategies: trades, profit and loss, balances, strategies, decisions, headlines."""

from __future__ import annotations

from typing import Final

from bot.render.blocks import Block, Message, clip, context, escape, fields, header, message, section
from bot.render.say import amount, capital, gain, money, number, price, who
from engine.wire.answers import (
    BalancesView,
    HeadlinesView,
    HeadlineView,
    PnlRow,
    PnlView,
    RoundTripsView,
    RoundTripView,
    StoryTurnView,
    StrategiesView,
    StrategyDetail,
    WatchesView,
    WatchView,
    WhyView,
)
from engine.wire.figures import day_and_clock, in_r, is_some, moment, plural, span
from engine.wire.phrases import PERIODS, bands, made, parameters, tally
from engine.wire.views import LatencyView, OrderStampsView, StageView

_MOST_ROWS: Final = 10
_MOST_HEADLINES: Final = 20
_LINE: Final = 260


def trades(view: RoundTripsView) -> Message:
    """Show open trades, then the finished ones, newest first."""
    shown = view.trips[:_MOST_ROWS]
    open_ = sum(trip.trade.is_open for trip in view.trips)
    text = f"{plural(view.known, 'trade')}, {open_} of these open"
    more = view.known - len(shown)
    blocks = [header("Trades"), *_listed([_trip(trip) for trip in shown], "No trade yet.")]
    if more > 0:
        blocks.append(context(f"{more} more: `trader trades {min(view.known, 500)}` lists them."))
    return message(text, blocks)


def pnl(view: PnlView) -> Message:
    """Show what was made and lost in a period, in all, by symbol and by strategy."""
    total, asset = view.total, view.quote_asset
    when = capital(PERIODS[view.period])
    text = (
        f"{when}: realised {gain(total.realised_quote, asset)}, unrealised {gain(total.unrealised_quote, asset)}, "
        f"{plural(total.trades, 'trade')} closed"
    )
    table = fields(
        [
            ("Realised, after fees", gain(total.realised_quote, asset)),
            ("Unrealised", gain(total.unrealised_quote, asset)),
            ("Fees", money(total.fees_quote, asset)),
            ("Closed", f"{plural(total.trades, 'trade')}: {total.wins} won, {total.losses} lost"),
            ("Profit factor", _ratio(total.profit_factor, "no trade has lost")),
            ("Expectancy", "no trade had a stop" if total.expectancy_r is None else in_r(total.expectancy_r)),
            ("Largest fall of the equity", f"{money(view.max_drawdown_quote, asset)} ({view.max_drawdown_pct:.2f} %)"),
        ]
    )
    blocks = [header(f"Profit and loss: {when}"), table]
    for name, rows in (("Symbols", view.symbols), ("Strategies", view.strategies)):
        if rows:
            blocks.append(section("\n".join([f"*{name}*", *(_row(row, asset) for row in rows[:_MOST_ROWS])])))
    return message(text, blocks)


def balances(view: BalancesView) -> Message:
    """Show every asset of the account, and what it is worth."""
    asset = view.quote_asset
    text = f"Equity {money(view.equity_quote, asset)}, {money(view.free_quote, asset)} free for orders"
    rows = []
    for each in view.assets[:_MOST_ROWS]:
        locked = f", {number(each.locked)} locked" if is_some(each.locked) else ""
        worth = f" · worth {money(each.worth_quote, asset)}" if each.worth_quote else " · no price here"
        rows.append(f"• *{amount(each.free, each.asset)}* free{locked}{worth}")
    totals = fields([("Equity", money(view.equity_quote, asset)), ("Free for orders", money(view.free_quote, asset))])
    blocks = [header("Balance"), totals, *_listed(rows, "Nothing is held.")]
    if len(view.assets) > _MOST_ROWS:
        blocks.append(context(f"{len(view.assets) - _MOST_ROWS} more: `trader balance` lists all."))
    return message(text, blocks)


def strategies(view: StrategiesView) -> Message:
    """Show every strategy: its mode, its numbers, its signals and what it last said."""
    text = f"{plural(len(view.strategies), 'strategy', 'strategies')}, global mode {view.mode}"
    blocks: list[Block] = [header(f"Strategies, global mode {view.mode}")]
    blocks += [section(_strategy(detail)) for detail in view.strategies[:_MOST_ROWS]]
    blocks.append(context("An admin sets one with `/strategies set NAME ask 0.5`; `default` takes it back."))
    return message(text, blocks)


def why(view: WhyView) -> Message:
    """Show the decision behind an order, a proposal or a trade."""
    text = clip(f"{view.kind} {escape(view.id)}: {escape(view.summary)}", _LINE * 2)
    confidence = ""
    if view.confidence is not None and view.ask is not None and view.act is not None:
        confidence = f"{view.confidence:.2f} · {bands(view.ask, view.act)}"
    names = [name for name in (view.proposal_id, view.client_order_id, view.trade_id) if name and name != view.id]
    blocks = [
        header(f"Why {view.kind} {view.id}"),
        section(clip(escape(view.summary), _LINE * 2)),
        fields(
            [
                ("Symbol", escape(view.symbol)),
                ("By", who(view.by) if view.by else "nobody yet"),
                ("Strategy", escape(view.strategy) or "none: by hand"),
                ("Confidence", confidence),
                ("Measured", escape(view.worth)),
                ("Second opinion", escape(view.opinion)),
                ("When", moment(view.ts_ns)),
                ("See also", ", ".join(f"`{escape(name)}`" for name in names)),
            ]
        ),
    ]
    if view.headline:
        blocks.append(section(f"*Headline*\n{clip(escape(view.headline), _LINE)}"))
        blocks.append(context(f":newspaper: from {escape(view.source)}"))
    story = [_turn(turn) for turn in view.story]
    for name, lines in (("Went by", view.reasons), ("Its story", story), ("The gate", view.gate)):
        if lines:
            rows = [f"• {clip(escape(line), _LINE)}" for line in lines[:_MOST_ROWS]]
            blocks.append(section("\n".join([f"*{name}*", *rows])))
    blocks.append(context(_stamps(view.latency) if view.latency is not None else "no latency is kept of this"))
    return message(text, blocks)


def latency(view: LatencyView) -> Message:
    """Show how long the stages of our orders take."""
    if not view.stages:
        words = "No order has left since the engine started: there is nothing to measure yet."
        return message(words, [section(words)])
    whole = next((stage for stage in view.stages if stage.stage == "received_to_sent"), view.stages[-1])
    text = f"{plural(whole.count, 'order')}: {_stage_words(whole.stage)} takes {_us(whole.p50_ns)} µs at the median"
    rows = [_stage(stage) for stage in view.stages[:_MOST_ROWS]]
    blocks = [header("Latency of our orders"), section(f"{text}.\n" + "\n".join(rows))]
    if view.orders:
        blocks.append(section("\n".join(["*The last ones*", *map(_stamps, view.orders[:5])])))
    return message(text, blocks)


def headlines(view: HeadlinesView) -> Message:
    """Show the last headlines and what was made of each."""
    text = plural(len(view.headlines), "headline") + ", newest first"
    rows = [_headline(one) for one in view.headlines[:_MOST_HEADLINES]]
    return message(text, [header("News"), *_listed(rows, "No headline since the start.")])


def watches(view: WatchesView) -> Message:
    """Show the prices that are watched."""
    text = plural(len(view.watches), "price") + " watched"
    rows = [f"• `{escape(one.watch_id)}` {_watched(one)} · {who(one.by)}" for one in view.watches[:20]]
    hint = context("`/watch eth above 2700` adds one, `/watch off ID` takes one away.")
    return message(text, [header("Watched prices"), *_listed(rows, "No price is watched."), hint])


def price_reached(watch: WatchView, reached: str) -> Message:
    """Tell that a watched price was reached, to whoever asked for it."""
    text = f"{who(watch.by)}: {_watched(watch)} was reached, at {price(reached)}."
    return message(text, [section(f":bell: {text}")])


def _trip(trip: RoundTripView) -> str:
    trade = trip.trade
    out = "open" if trade.is_open else f"{price(trade.exit_price)} by {who(trade.exit_reason)}"
    by = f"strategy {escape(trip.strategy)}" if trip.strategy else who(trade.origin)
    return clip(
        f"• `{escape(trade.trade_id)}` *{escape(trade.symbol)}* {price(trade.entry_price)} → {out}: "
        f"*{escape(made(trade, trip.r_multiple))}* · {span(trip.seconds)} · fees {money(trip.fees_quote)} · {by}",
        _LINE,
    )


def _row(row: PnlRow, asset: str) -> str:
    r = f" · {in_r(row.expectancy_r)} a trade" if row.expectancy_r is not None else ""
    return (
        f"• *{escape(row.name)}* {gain(row.realised_quote, asset)}, unrealised {gain(row.unrealised_quote)} · "
        f"{row.wins} won, {row.losses} lost{r}"
    )


def _strategy(detail: StrategyDetail) -> str:
    it = detail.strategy
    said = f"{detail.last_signal} at {moment(detail.ts_last_signal_ns)}" if detail.last_signal else ""
    said = f"\nLast said: {clip(escape(said), _LINE)}" if said else ""
    measured = f" · {escape(it.calibration)}" if it.calibration else ""
    return (
        f"*{escape(it.name)}* ({it.kind}), mode {it.effective_mode}{measured}\n"
        f"{tally(it)}\n"
        f"{clip(escape(parameters(detail)), 1_500)}{said}"
    )


def _headline(one: HeadlineView) -> str:
    about = f" [{escape(', '.join(one.symbols[:5]))}]" if one.symbols else ""
    return clip(
        f"• {moment(one.ts_ns)} {escape(one.source)}: *{clip(escape(one.title), 120)}*{about} · {escape(one.verdict)}",
        _LINE,
    )


def _turn(turn: StoryTurnView) -> str:
    return f"{day_and_clock(turn.ts_ns)} {turn.turn} by {turn.source}: “{clip(turn.title, 120)}” · {turn.state} since"


def _watched(watch: WatchView) -> str:
    return f"*{escape(watch.symbol)}* {watch.direction} {price(watch.price)}"


def _stage(stage: StageView) -> str:
    times = (("p50", stage.p50_ns), ("p90", stage.p90_ns), ("p99", stage.p99_ns), ("most", stage.max_ns))
    shown = ", ".join(f"{name} {_us(ns)}" for name, ns in times)
    return f"• *{_stage_words(stage.stage)}*: {shown} µs"


def _stage_words(stage: str) -> str:
    return escape(stage.replace("_", " "))


def _stamps(order: OrderStampsView) -> str:
    stamps = ", ".join(f"{escape(stage)} {_us(ns)}" for stage, ns in order.stamps_ns.items())
    return f"`{escape(order.client_order_id)}` after a {escape(order.event)} event, in µs: {stamps}"


def _us(ns: int) -> str:
    return f"{ns / 1e3:,.1f}"


def _ratio(value: float | None, otherwise: str) -> str:
    return otherwise if value is None else f"{value:.2f}"


def _listed(rows: list[str], otherwise: str) -> list[Block]:
    """Put rows into sections of ten: each has room for 3,000 characters."""
    if not rows:
        return [section(otherwise)]
    return [section("\n".join(rows[at : at + _MOST_ROWS])) for at in range(0, len(rows), _MOST_ROWS)]

"""Answers about past, market and strategies, as Slack gets them."""

from __future__ import annotations

from sample_views import NOW_NS, trade

from bot.listeners import COMMANDS
from bot.render import help as help_lines
from bot.render import past
from bot.render.blocks import Message
from engine.wire import answers
from engine.wire.views import LatencyView, OrderStampsView, StageView, StrategyView

_SMA = StrategyView("sma_cross", "technical", ("ETHUSDT",), "auto", "ask", 0.55, 0.85, 12, 9, 3, 0)
_OUT = trade(is_open=False, qty="0", exit_price="2700", pnl_quote="1.13", pnl_pct=0.45, exit_reason="take_profit")
_STAGE = StageView("received_to_sent", 3, 41_000, 60_000, 90_000, 91_500)
STAMPS = OrderStampsView("tr-3f2a", "trade", NOW_NS, {"decoded": 2_100, "sent": 41_000})
TRADES = answers.RoundTripsView(
    (
        answers.RoundTripView(trade(), "", "command:1", "249.99", "0.00", "0.25", None, 61.0),
        answers.RoundTripView(_OUT, "sma_cross", "signal:1", "249.99", "251.12", "0.50", 0.42, 7_261.0),
    ),
    31,
)
_TOTAL = answers.PnlRow("all", 3, 2, 1, "10.00", "-1.50", "0.75", 6.0, 0.83)
_NOBODY = answers.PnlRow("<!here>", 0, 0, 0, "0.00", "-1.50", "0.25", None, None)
PNL = answers.PnlView("week", 0, "USDT", _TOTAL, (_TOTAL, _NOBODY), (_NOBODY,), "101.00", 1.01)
BALANCES = answers.BalancesView(
    "USDT",
    "10000.00",
    "9500.00",
    (answers.AssetView("USDT", "9500.00", "250.00", "9750.00"), answers.AssetView("DOGE", "5.0", "0.0", "")),
)
STRATEGIES = answers.StrategiesView(
    "ask",
    (
        answers.StrategyDetail(
            _SMA,
            (answers.ParameterView("ask", "0.5", "0.4", True), answers.ParameterView("slow", "20", "20", False)),
            "buy ETHUSDT at 2682.51, confidence 0.72",
            NOW_NS,
        ),
    ),
)
WHY = answers.WhyView(
    kind="order",
    id="tr-3f2a",
    summary="buy 0.0932 ETH: filled, 0.0932 filled at 2682.51",
    symbol="ETHUSDT",
    by="slack:U01ALICE",
    cause_id="proposal:p-91",
    strategy="headlines",
    confidence=0.72,
    ask=0.5,
    act=0.9,
    reasons=("partnership +0.70", "price 2682.51, stop 2602.03"),
    headline="ETH & <Microsoft>",
    gate=("passed: 0.0932 ETH at 2736.16 or better, that is 255.01 USDT; collar 2 % around 2682.51",),
    proposal_id="p-91",
    client_order_id="tr-3f2a",
    trade_id="t-0c",
    ts_ns=NOW_NS,
    latency=STAMPS,
    source="wire <1>",
    opinion="rules 0.70, second opinion 0.42 where 0.40 is usual → 0.72",
    story=(
        answers.StoryTurnView(
            NOW_NS - 86_400_000_000_000, "opened", "announced", "blog", "ETH & <M>", ("partnership +0.60",), "asked"
        ),
        answers.StoryTurnView(
            NOW_NS, "confirmed", "confirmed", "wire <1>", "ETH & <Microsoft>", ("partnership +0.70",), "acted"
        ),
    ),
)
HEADLINES = answers.HeadlinesView(
    (answers.HeadlineView("story", "IOTA & Microsoft", "", "asked", ("IOTAUSDT",), 0.7, NOW_NS),)
)
WATCH = answers.WatchView("w3", "ETHUSDT", "above", "2700.00", "slack:U01ALICE", NOW_NS)
LATENCY = LatencyView((_STAGE,), (STAMPS,), ())
MEANT = answers.Choices("et", ("ETHUSDT", "ETCUSDT"))
_KNOWN = frozenset(COMMANDS)
PAST: dict[str, Message] = {
    "trades": past.trades(TRADES),
    "trades_none": past.trades(answers.RoundTripsView((), 0)),
    "pnl": past.pnl(PNL),
    "balance": past.balances(BALANCES),
    "strategies": past.strategies(STRATEGIES),
    "why": past.why(WHY),
    "latency": past.latency(LATENCY),
    "latency_none": past.latency(LatencyView((), (), ())),
    "headlines": past.headlines(HEADLINES),
    "watches": past.watches(answers.WatchesView((WATCH,))),
    "price_reached": past.price_reached(WATCH, "2701.20"),
    "help": help_lines.help_for_all(_KNOWN),
    "help_buy": help_lines.help_for("buy", _KNOWN),
    "help_mistyped": help_lines.help_for("/colse", _KNOWN),
    "choices": help_lines.choices("/buy", "et 250 2%", "'et' is not traded here.", MEANT),
}

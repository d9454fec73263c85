"""One message of each kind, as Slack gets it."""

from __future__ import annotations

from local_desk import ALICE
from msgspec.structs import replace
from sample_digest import DIGESTS
from sample_drill import DRILLS
from sample_past import PAST
from sample_views import NOW_NS, PRICE, alarm, filled, order, positions, proposal, status, trade
from sample_views import approval as sample_approval
from sample_views import preview as sample_preview

from bot.memory import Card
from bot.render import alarm as alarm_lines
from bot.render import (
    alert,
    answers,
    approval,
    foreign,
    health,
    kill,
    missed,
    mutes,
    notes,
    pairs,
    preview,
    risk,
    size,
    story,
)
from bot.render.blocks import Message
from bot.render.order import order_message
from bot.render.trade import root
from engine.wire.commands import Amount, Buy, Who
from engine.wire.events import ModeChanged, MutesChanged, NewsHeard, Notice, TradingArmed, TradingHalted
from engine.wire.hand_views import MissedProposalView, MissedStrategyView, MissedView
from engine.wire.mutes import MutesView, MuteView
from engine.wire.pairs import PairsView, PairView, VenueSideView
from engine.wire.reconciliation import ComparedView, ForeignOrderView, ReconciliationView
from engine.wire.replies import OrdersView
from engine.wire.safeguard_views import ControlView, KillSymbolView, KillView, LimitView, LockView, RiskView
from engine.wire.views import HealthView, PriceView, StoryView, StrategyView
from engine.wire.words import KillWords

STOP = order(
    client_order_id="t-3",
    side="sell",
    order_type="STOP_LOSS_LIMIT",
    limit_price="2576.28",
    state="working",
    origin="exit:stop_loss",
    stop_price="2628.86",
)
SMA = StrategyView("sma_cross", "technical", ("ETHUSDT",), "auto", "ask", 0.55, 0.85, 12, 9, 3, 0)
NEWS = StrategyView("headlines", "event", (), "ask", "ask", 0.5, 0.9, 1, 0, 1, 0)
PAIRS = PairsView(
    "USDT",
    "auto",
    "",
    (
        VenueSideView("first", True, "100012.40", "99512.20", ("480.2 IOTAUSDT",), 0, 1.1),
        VenueSideView("second", False, "99998.10", "99500.00", (), 0, 1.4),
    ),
    12,
    1,
    0,
    "3.41",
    (
        PairView("Pair IOTAUSDT: bought 80 IOTA on first, sold 80 IOTA on second, made 0.28 USDT.", "0.2800", False, 1),
        PairView("Pair IOTAUSDT: bought 80 IOTA on first, sold 12 IOTA on second, lost 71.2 USDT.", "-71.20", True, 2),
    ),
)
PARTIAL = order(state="expired", filled_qty="0.05", avg_price="2682.6", filled_quote="134.13", fee="0.00005 ETH")
CLOSED = trade(is_open=False, qty="0", exit_price="2700", pnl_quote="1.13", pnl_pct=0.45, exit_reason="take_profit")
BOUGHT = proposal(
    state="bought", decided_by=f"slack:{ALICE}", client_order_id="t-1", outcome="alice clicked Buy; it is on its way"
)
ACTED = proposal(state="acted", decided_by="auto", client_order_id="t-1", outcome="Bought at once.", confidence=0.93)
TECHNICAL = proposal(
    strategy="sma_cross",
    kind="technical",
    headline="",
    source="",
    url="",
    side="sell",
    target_price="",
    stop_price="",
    risk_quote="0.00",
)
STATUS = status(
    is_armed=False,
    halt_reason="started halted",
    strategies=(SMA, NEWS),
    prices=(PRICE, PriceView("IOTAUSDT", "1.05", "1.0501", "1.05", -0.4, NOW_NS, False)),
    health=(HealthView("market data", True, "0.1 s old"), HealthView("user stream", False, "lost 12 s ago")),
    open_orders=1,
)

RISK = RiskView(
    (
        LimitView("C2", "max_order_pct", "0.5 % = 50.00 USDT", "", "", f"slack:{ALICE}: <off> (trader.toml: 1)"),
        LimitView("C3", "max_position_pct", "5 % = 500.00 USDT", "249.70"),
        LimitView("C4", "collar_pct", "1 % of the price", "", "symbol ETHUSDT", ""),
    ),
    ("C9_DAILY_LOSS: limit=2.00% loss=2.31% from=10000.00 USDT",),
    (LockView("IOTAUSDT", 3540.0, f"C9_LOCKED: slack:{ALICE} the unlock"),),
    (
        ControlView("C11", "kill switch", f"killed by slack:{ALICE}: a <fat> finger"),
        ControlView("C17", "clock", "the venue's is 12 ms ahead; at most 500 ms"),
    ),
)
KILLED = KillSymbolView("ETHUSDT", "ETH", "USDT", 3, 1, 0, 0, "0.0932", "249.70", "0.0000", "")
KEPT = KillSymbolView("IOTAUSDT", "IOTA", "USDT", 1, 0, 0, 2, "0.0", "0.00", "95.1", "")
LEFT = KillSymbolView("ETHUSDT", "ETH", "USDT", 1, 0, 2, 0, "0.0", "0.00", "0.0932", "the venue has not confirmed yet")
KILL_REASON = f"killed by slack:{ALICE}: fat <finger>"

BUY = Buy(
    id="slack:1.2.3", who=Who(ALICE, "alice", "slack", "C01TRADE"), symbol="ETHUSDT", amount=Amount("quote", "250")
)
PREVIEW = sample_preview()
RESTING = {"limit_price": "2500.00", "stop_price": "2450.00", "target_price": "2600.00", "is_resting": True}
OFFER = {"side": "sell", "price": "2682.50", "limit_price": "2750.00", "avg_price": "", "worst_loss_quote": ""}
OFFER |= {"stop_price": "", "target_price": "", "is_resting": True}
OFFER |= {"note": "While it rests, the stop at 2628.86 of this part can't rest at the exchange: the engine watches it."}
SALE = {"side": "sell", "price": "2682.50", "limit_price": "2628.85", "avg_price": "2682.1"}
SALE |= {"stop_price": "", "target_price": "", "worst_loss_quote": ""}
REFUSED = {"code": "C2_ORDER_SIZE", "detail": "limit=100.00 asked=255.00", "advice": "Ask for less."}
REFUSED |= {"limit_price": "", "avg_price": ""}
SIZED = size.Alert("p-1", "f00d", "buy", "IOTAUSDT", "C01TRADE")
MODALS: dict[str, size.Modal] = {
    "modal_size": size.ask(SIZED, PREVIEW),
    "modal_size_check": size.check(SIZED, preview.Ticket.of(BUY, PREVIEW), PREVIEW),
    "modal_said": size.said("Nothing was done", "Already decided: bob clicked Buy."),
}

FOREIGN = ForeignOrderView("ETHUSDT", "web_<1>", "buy", "0.5", "0", "2600.00", "ETH", "USDT", "waiting")
COMPARED = ReconciliationView(
    NOW_NS,
    True,
    True,
    ("The position of ETHUSDT follows the venue <now>.",),
    (ComparedView("ETHUSDT", "ETH", "0.6", "0.5", "0.1", 2, 1, "an order that is not ours"),),
    (FOREIGN,),
)

MISSED = MissedProposalView(
    *("p-1", "headlines", "IOTAUSDT", "USDT", "expired", "1.0510", "1.0195"), "its stop first", "-3.19", -1.06
)
MUTE = MuteView("news", NOW_NS + 3_600_000_000_000, f"slack:{ALICE}", NOW_NS)
MESSAGES: dict[str, Message] = {
    "story": story.root(
        StoryView(
            "st-1", "IOTAUSDT", "listing", "confirmed", "IOTA <x>", "a", "https://e.com/1", ("a",), "b", 2, NOW_NS
        )
    ),
    "muted": mutes.changed(MutesChanged(ts_ns=NOW_NS, by=f"slack:{ALICE}", muted=MUTE, ended=(), mutes=(MUTE,))),
    "mute_ended": mutes.changed(
        MutesChanged(ts_ns=NOW_NS, by="cli:ann", muted=None, ended=("news", "sma_cross on ETHUSDT"), mutes=())
    ),
    "mutes": mutes.listed(MutesView((MUTE, replace(MUTE, what="sma_cross on ETHUSDT", by="cli:ann")))),
    "mutes_none": mutes.listed(MutesView(())),
    "mutes_and_own": mutes.listed(MutesView((MUTE,)), {"orders": None, "desk": 3_000.0}),
    "mutes_own_none": mutes.own({}),
    "health": health.health({"engine": STATUS.health, "bot": (HealthView("Slack", True, "heard"),)}, (alarm(),)),
    "health_well": health.health({"engine": (HealthView("journal", True, "written"),)}),
    "foreign_waiting": foreign.found(FOREIGN),
    "foreign_adopted": foreign.found(replace(FOREIGN, state="adopted", decided_by=f"slack:{ALICE}")),
    "foreign_compared": foreign.compared(COMPARED),
    "foreign_compared_quiet": foreign.compared(ReconciliationView(NOW_NS, True, False, (), (), ())),
    "alert_open": alert.alert(proposal()),
    "alert_open_halted": alert.alert(proposal(warning="Trading is halted: an admin types /resume first.")),
    "alert_open_technical_sell": alert.alert(TECHNICAL),
    "alert_pair": alert.alert(
        proposal(
            kind="arbitrage",
            strategy="arbitrage",
            reasons=("buy 95.1 IOTA on first at 1.0505", "sell them on second at 1.0551", "after fees 23.7 bps"),
            worth="79 % of 312 such signals made money after costs, out of sample",
        )
    ),
    "alert_on_its_way": alert.alert(BOUGHT),
    "alert_sent": alert.alert(BOUGHT, order(), None, ("alert 9 s old", "price +1.55 %", "still inside the gate")),
    "alert_bought": alert.alert(BOUGHT, filled(), trade()),
    "alert_not_bought": alert.alert(BOUGHT, order(state="expired", reason="no liquidity at the collar")),
    "alert_dismissed": alert.alert(proposal(state="dismissed", decided_by="cli:ann", outcome="")),
    "alert_expired": alert.alert(proposal(state="expired", outcome="nobody decided in time, and expiring means no")),
    "alert_refused": alert.alert(proposal(state="refused", decided_by="auto", outcome="C3_EXPOSURE: too much")),
    "alert_acted": alert.alert(ACTED, filled(origin="strategy:headlines")),
    "alert_acted_closed": alert.alert(ACTED, filled(origin="strategy:headlines"), CLOSED),
    "preview_buy": preview.preview(sample_preview(), BUY),
    "preview_thin_book": preview.preview(sample_preview(book_part=0.4, slippage_pct=0.81, needs_second=True), BUY),
    "preview_resting": preview.preview(sample_preview(**RESTING), BUY),
    "preview_offer": preview.preview(sample_preview(**OFFER), BUY),
    "preview_sell": preview.preview(sample_preview(**SALE), BUY),
    "preview_refused": preview.preview(sample_preview(**REFUSED), BUY),
    "preview_ended": preview.ended("Cancelled: nothing was ordered."),
    "approval_waiting": approval.approval(sample_approval()),
    "approval_approved": approval.approval(
        sample_approval(state="approved", outcome="approved by bob: Buying 0.932 ETH")
    ),
    "approval_declined": approval.approval(sample_approval(state="declined", outcome="declined by bob")),
    "approval_expired": approval.approval(sample_approval(state="expired", outcome="nobody else said yes in time")),
    "alert_with_a_record": alert.alert(proposal(record_trades=41, record_won=25, record_r=0.41)),
    "alert_measured": alert.alert(
        proposal(
            worth="79 % of 312 such signals made money after costs, out of sample",
            opinion="rules 0.72, second opinion 0.31 where 0.40 is usual → 0.63",
        )
    ),
    "alert_goes_by_itself": alert.alert(proposal(goes=True)),
    "alert_missed": alert.alert(
        proposal(state="expired", outcome="nobody decided in time, and expiring means no"), missed=MISSED
    ),
    "missed": missed.missed(
        MissedView("USDT", (MissedStrategyView("headlines", 14, 6, "31.20", 1.2, 1),), (MISSED,)),
    ),
    "missed_none": missed.missed(MissedView("USDT", (), ())),
    "pairs": pairs.pairs(PAIRS),
    "pairs_none": pairs.pairs(replace(PAIRS, sides=(), pairs=(), bar="name one in SECOND_REST_URL")),
    "order_sent": order_message(order(), "ETH for 250 USDT"),
    "order_filled": order_message(filled(), "ETH for 250 USDT"),
    "order_partly_filled": order_message(PARTIAL),
    "order_rejected": order_message(order(state="rejected", reason="Account has insufficient balance.")),
    "order_unknown": order_message(order(state="unknown", limit_price="")),
    "order_with_its_trade": Card("order:t-1", asked="ETH for 250 USDT", order=filled(), trade=trade()).render(),
    "trade_open": root(trade(target_price="")),
    "trade_closed": root(CLOSED),
    "positions": answers.positions(positions(trade())),
    "positions_none": answers.positions(positions()),
    "orders": answers.orders(OrdersView((order(), STOP), (filled(client_order_id="t-2"), PARTIAL))),
    "status": answers.status(STATUS),
    "mode_changed": notes.mode_changed(
        ModeChanged(ts_ns=0, mode="auto", strategy="", previous="ask", by=f"slack:{ALICE}")
    ),
    "armed": notes.armed(TradingArmed(ts_ns=0, by="cli:ann")),
    "halted_by_a_kill": notes.halted(
        TradingHalted(ts_ns=0, by=f"slack:{ALICE}", reason=f"killed by slack:{ALICE}: fat <finger>")
    ),
    "mode_of_one_left": notes.mode_changed(
        ModeChanged(ts_ns=0, by=f"slack:{ALICE}", strategy="headlines", previous="auto", mode="auto")
    ),
    "halted": notes.halted(TradingHalted(ts_ns=0, by="C6_REPEATS", reason="three alike within 60 s")),
    "risk": risk.limits(RISK),
    "risk_quiet": risk.limits(RiskView(RISK.limits[1:2], (), ())),
    "kill_question": kill.question(KillWords(False, "", "")),
    "kill_question_doubtful": kill.question(KillWords(True, "flaten", ""), ["ETHUSDT", "IOTAUSDT"]),
    "kill_question_flatten": kill.question(KillWords(True, "ETHUSDT", "")),
    "kill_report": kill.report(KillView(f"slack:{ALICE}", KILL_REASON, True, True, (KILLED, KEPT))),
    "kill_report_not_done": kill.report(KillView("file:ann", "killed by file:ann", True, False, (LEFT,))),
    "kill_report_nothing": kill.report(KillView("signal:SIGUSR1", "killed by signal:SIGUSR1", False, True, ())),
    "alarm": alarm_lines.alarm(alarm(), (ALICE,)),
    "alarm_reminder": alarm_lines.alarm(alarm(texts=("First <this>.", "Then that."), times=4), (ALICE, "U2"), 2),
    "alarm_pair": alarm_lines.alarm(
        alarm(code="PAIR_SHORT", subject="ETHUSDT-1700000000000000000", closing_loss="12.50 USDT"), (ALICE,)
    ),
    "alarm_repeated": alarm_lines.alarm(alarm(), (ALICE,), 1, is_latest=False),
    "alarm_acknowledged": alarm_lines.alarm(
        alarm(acknowledged_by=f"slack:{ALICE}", ts_acknowledged_ns=NOW_NS + 200_000_000_000)
    ),
    "notice": notes.notice(Notice(ts_ns=0, severity="warning", code="C13", text="The user stream is lost.")),
    "news": notes.news(
        NewsHeard(
            ts_ns=0,
            source="story",
            news_id="1",
            title="IOTA & Microsoft",
            url="https://example.com/1",
            verdict="ignored: confidence 0.30 is below ask = 0.5",
            symbols=("IOTAUSDT",),
            confidence=0.3,
        )
    ),
    **PAST,
    **DIGESTS,
    **DRILLS,
    "closed": notes.closed(CLOSED),
    "welcome": notes.welcome(STATUS),
    "engine_lost": notes.engine_lost(),
    "engine_back": notes.engine_back(),
}

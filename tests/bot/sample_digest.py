"""Digests, as Slack gets them."""

from __future__ import annotations

from local_desk import ALICE
from msgspec.structs import replace
from sample_past import PNL, TRADES
from sample_views import NOW_NS, trade

from bot.memory import Card
from bot.render import digest
from bot.render.blocks import Message
from engine.wire.answers import PnlRow
from engine.wire.digest import DigestView, IncidentView, LetGoView

DAY_NS = 86_400_000_000_000
_WON = replace(TRADES.trips[1], r_multiple=0.42)
_LOST = replace(_WON, trade=replace(_WON.trade, pnl_quote="-3.20", pnl_pct=-1.3, trade_id="t-2"), r_multiple=-1.06)
_TOTAL = PnlRow("all", 3, 2, 1, "10.00", "-1.50", "0.75", 6.0, 0.83, 2.49)
DAILY = DigestView(
    period="day",
    since_ns=NOW_NS - DAY_NS,
    until_ns=NOW_NS,
    pnl=replace(PNL, period="day", total=_TOTAL, symbols=(replace(_TOTAL, name="ETHUSDT"),)),
    equity_from="9990.00",
    equity_now="10000.00",
    best=_WON,
    worst=_LOST,
    positions=(trade(),),
    incidents=(
        IncidentView(NOW_NS - 7_200_000_000_000, "C9_DAILY_LOSS", "limit=2.00% loss=2.31% <now>", True),
        IncidentView(NOW_NS - 3_600_000_000_000, f"slack:{ALICE}", "lunch", False),
    ),
    let_go=LetGoView(14, 8, "31.20", 1.2),
)
_NONE = PnlRow("all", 0, 0, 0, "0.00", "0.00", "0.00", None, None)
QUIET = DigestView(
    *("week", NOW_NS - 7 * DAY_NS, NOW_NS, replace(PNL, total=_NONE, symbols=(), strategies=())),
    *("", "", None, None, (), (), LetGoView(0, 0, "0.00", 0.0)),
)
DIGESTS: dict[str, Message] = {
    "digest_day": digest.digest(DAILY),
    "digest_week_quiet": Card("digest:week:0", digest=QUIET).render(),
}

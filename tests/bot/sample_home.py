"""App Home for each role, and its modal, as Slack gets them."""

from __future__ import annotations

from typing import Any

from sample_messages import RISK, STATUS
from sample_past import PNL
from sample_views import NOW_NS, PRICE, alarm, positions, proposal, status, trade

from bot.render.home import Facts, May, Picture, away, flatten_modal, home
from engine.wire.answers import EquityPoint, EquityView
from engine.wire.replies import OrdersView, Snapshot

MINUTE_NS = 60_000_000_000
EQUITY = EquityView(
    "USDT",
    tuple(EquityPoint(NOW_NS - (50 - n) * MINUTE_NS, f"{10_000 + (n % 9) * 3 + n}.00") for n in range(50)),
    "10070.00",
)
NOW = Snapshot(
    7,
    status(health=STATUS.health[:1], strategies=STATUS.strategies),
    positions(trade()),
    OrdersView((), ()),
    (proposal(ts_opened_ns=NOW_NS, ts_expires_ns=NOW_NS + 5 * MINUTE_NS), proposal(proposal_id="p-2", state="expired")),
    (PRICE,),
)
FACTS = Facts(NOW, EQUITY, PNL, PNL, RISK)
QUIET = Facts(
    Snapshot(7, STATUS, positions(), OrdersView((), ()), (), (), (alarm(),)),
    EquityView("USDT", EQUITY.points[:1], ""),
    None,
    None,
    None,
)
VIEWER, TRADER, ADMIN = May(False, False), May(True, False), May(True, True)
HOMES: dict[str, dict[str, Any]] = {
    "home_viewer": home(FACTS, VIEWER),
    "home_trader": home(FACTS, TRADER, ":white_check_mark: Selling 0.0932 ETH."),
    "home_admin": home(FACTS, ADMIN),
    "home_with_a_curve": home(FACTS, VIEWER, curve=Picture({"slack_file": {"id": "F0123456789"}}, "Equity from …")),
    "home_quiet": home(QUIET, ADMIN),
    "home_away": away("The engine doesn't answer <now>."),
    "modal_flatten": flatten_modal(["ETHUSDT"]),
    "modal_flatten_nothing": flatten_modal([]),
}

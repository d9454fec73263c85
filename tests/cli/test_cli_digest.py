"""How a digest reads in a terminal."""

from __future__ import annotations

from msgspec.structs import replace
from test_cli_past import NS, TOTAL, text_of

from engine.wire.answers import PnlView
from engine.wire.digest import DigestView, IncidentView, LetGoView


def test_it_is_a_few_lines_with_money_and_r() -> None:
    pnl = PnlView("day", 0, "USDT", replace(TOTAL, net_r=2.49), (TOTAL,), (), "101.00", 1.01)
    halt = IncidentView(NS, "cli:ann", "lunch", False)
    view = DigestView("day", 0, NS, pnl, "9990.00", "10000.00", None, None, (), (halt,), LetGoView(14, 8, "31.20", 1.2))
    first, second, *_, incident, last = text_of(view).splitlines()
    assert first.startswith("the last 24 hours, until 14 Nov 22:13 UTC: realised +10.00 USDT, 3 trades closed (+2.5 R)")
    assert second == "equity 9,990.00 to 10,000.00 USDT; largest fall 101.00 (1.01 %)"
    assert incident == "  14 Nov 22:13 UTC halted by cli:ann: lunch"
    assert last == "not done: 14 proposals dismissed or expired: net +1.2 R (+31.20 USDT)"

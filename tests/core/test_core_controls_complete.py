"""No control without a test: every code in the engine's source has its row, or the test that shows it is named here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
from control_rows import ROWS
from core_builders import ALICE, Desk

import engine
from engine.cli.risk_text import risk_text
from engine.core.kernels import gate
from engine.core.refusals import WORDS
from engine.wire.commands import GetRisk
from engine.wire.safeguard_views import RiskView

TESTS: Final = Path(__file__).parent.parent
CONTROLS: Final = tuple(f"C{number}" for number in range(1, 24))
_CODE: Final = re.compile(r"\bC\d{1,2}_[A-Z][A-Z_]*[A-Z]\b")

ELSEWHERE: Final = {
    "NO_FUNDS": "core/test_core_risk.py::test_an_entry_passes_just_inside_and_is_refused_just_outside",
    "NO_POSITION": "core/test_core_risk.py::test_a_reduction_passes_just_inside_and_is_refused_just_outside",
    "REDUCE_ONLY": "core/test_core_risk.py::test_a_reduction_passes_just_inside_and_is_refused_just_outside",
    "C6_REPEATS": "core/test_core_story.py::test_three_alike_within_a_minute_turn_the_strategy_off",
    "C7_BANNED": "core/test_core_last_hop.py::test_a_ban_halts_as_well",
    "C8_PRICE": "core/test_core_controls.py::test_a_limit_is_held_against_the_venues_prices",
    "C8_TRIGGERED": "core/test_core_protector.py::test_the_gate_lets_nothing_wait_for_what_has_come",
    "C8_UNITS": "faults/test_f25_rules.py::test_f25_new_units_stop_trading_in_the_symbol_and_are_told",
    "C11_KILLED": "core/test_core_kill.py::test_only_a_reset_with_a_reason_lets_go_and_only_a_resume_arms",
    "C11_INCOMPLETE": "core/test_core_kill.py::test_a_cancel_is_asked_for_each_second_until_the_venue_confirms",
    "C12_AWAY": "core/test_core_dead_man.py::test_auto_falls_back_when_nobody_has_done_anything_for_so_long",
    "C12_DEAF": "core/test_core_dead_man.py::test_a_bot_that_does_not_hear_slack_makes_auto_fall_back",
    "C12_WATCHDOG": "core/test_core_alarms.py::test_the_watchdog_s_note_and_a_loop_that_stood_still_are_alarms",
    "C14_STILL_OPEN": (
        "core/test_core_orders_unknown.py::test_an_order_that_ended_for_us_but_rests_at_the_venue_is_cancelled"
    ),
    "C15_MISMATCH": "core/test_core_last_hop.py::test_a_mismatch_halts_and_the_order_is_asked_about",
    "C23_EDITED": "faults/test_f24_news.py::test_f24_an_edit_is_asked_about",
    "C23_FUTURE": "faults/test_f24_news.py::test_f24_what_is_dated_wrongly_leads_to_nothing",
    "C23_RATE": "core/test_core_stories.py::test_too_many_from_one_source_lead_to_nothing",
    "C23_REPEAT": "core/test_core_stories.py::test_a_second_independent_source_corroborates",
    "C23_STALE": "faults/test_f24_news.py::test_f24_what_is_dated_wrongly_leads_to_nothing",
    "C23_SYMBOL": "faults/test_f24_news.py::test_f24_what_is_written_strangely_is_asked_about_at_most",
    "C23_UNCLEAN": "faults/test_f24_news.py::test_f24_what_is_written_strangely_is_asked_about_at_most",
    "C23_UNCONFIRMED": "core/test_core_stories.py::test_a_trusted_source_alone_acts_on_a_listing_only",
    "C23_UNDATED": "news/test_news_room.py::test_what_its_source_does_not_date_is_a_reason_to_look_twice",
}
"""Codes that no door can bring about at will, or that are not about one order. Free cash is a second wall: as gross
exposure is 100 % of equity at most, that limit is in the way first."""

BY_MECHANISM: Final = {
    "C1": "faults/test_c01_real_money.py::test_c01_settings_say_real_money_only_when_all_of_them_do",
    "C11": "faults/test_c11_kill.py::test_c11_kill_under_load",
    "C12": "faults/test_c12_watchdog.py::test_c12_a_stopped_engine_loses_its_entries_and_keeps_its_sales",
    "C14": "faults/test_f26_foreign.py::test_f26_a_foreign_order_is_shown_and_bars_its_symbol_until_a_word_is_said",
    "C15": "faults/test_c15_c16_last_hop.py::test_c15_the_copy_of_an_order_is_stopped_at_the_last_hop_and_halts",
    "C16": "faults/test_c15_c16_last_hop.py::test_c16_our_own_orders_do_not_trade_with_each_other",
    "C18": "faults/test_c18_key.py::test_c18_key_that_may_do_too_much_or_too_little",
    "C19": "core/test_core_by_hand.py::test_a_row_says_who_may_do_what_where_and_how_much",
    "C20": "core/test_core_alarms.py::test_a_critical_notice_is_an_alarm_until_somebody_acknowledges_it",
    "C21": "control/test_control_server.py::test_another_version_is_refused_with_a_sentence",
    "C22": "core/test_core_kept.py::test_what_the_gate_refuses_a_strategy_is_written_as_a_decision",
}
"""Controls that are more than a code in an answer: what shows the whole of each, mostly with real processes."""


def in_the_source() -> set[str]:
    """Return every code that the engine's source names, and what its gate can answer."""
    root = Path(engine.__file__).parent
    named = {code for path in root.rglob("*.py") for code in _CODE.findall(path.read_text(encoding="utf-8"))}
    return named | (set(gate.CODES) | set(WORDS)) - {"", "SIDE"}


def in_rows() -> set[str]:
    """Return the codes that have a row of their own."""
    return {row.code for row in ROWS}


def test_every_code_has_a_row_or_a_test_of_its_own() -> None:
    """A new code is missing here until it has one, and one that is gone may not stay."""
    assert in_rows() | set(ELSEWHERE) == in_the_source()
    assert in_rows().isdisjoint(ELSEWHERE)


def test_every_answer_of_the_gate_has_words() -> None:
    """``SIDE`` is worded as what it means: a sale only reduces, and a buy never does."""
    assert set(gate.CODES) - {""} <= set(WORDS)


@pytest.mark.parametrize("control", CONTROLS)
def test_every_control_has_a_test(control: str) -> None:
    """By its rows, by the test of one of its codes, or by what shows its mechanism."""
    codes = {code.split("_")[0] for code in in_rows() | set(ELSEWHERE)}
    assert control in codes | set(BY_MECHANISM)


@pytest.mark.parametrize("named", sorted({*ELSEWHERE.values(), *BY_MECHANISM.values()}))
def test_what_is_named_here_is_there(named: str) -> None:
    """The file, the test in it, and in the file the code that it shows, or the constant that is named after it."""
    path, _, name = named.partition("::")
    text = (TESTS / path).read_text(encoding="utf-8")
    assert re.search(rf"^(async )?def {name}\(", text, re.MULTILINE), name
    for code in (code for code, shown in ELSEWHERE.items() if shown == named):
        assert code in text or code.partition("_")[2] in text, code


def risk() -> RiskView:
    """Ask what ``/risk`` and ``trader risk`` show."""
    view: Any = Desk().ready().ask(GetRisk(id="risk", who=ALICE))[0].result
    assert isinstance(view, RiskView)
    return view


def test_there_is_a_line_for_each_control() -> None:
    """Those with a limit show it and what is used of it, the others how they stand; a terminal shows all of them."""
    view = risk()
    shown = [row.code for row in view.limits] + [control.code for control in view.controls]
    assert set(shown) == set(CONTROLS)
    assert not {row.code for row in view.limits} & {control.code for control in view.controls}
    lines = {line.split()[0] for line in risk_text(view).splitlines()}
    assert lines - {"code"} == set(CONTROLS)
    assert all(control.state for control in view.controls)


def test_the_lines_say_how_the_controls_stand() -> None:
    """Before something happens, and after."""
    desk = Desk().ready()
    desk.keep(desk.engine.on_clock(-7))
    before = _states(desk)
    assert before["C1"] == "paper: no real money"
    assert before["C11"] == "not thrown"
    assert before["C13"] == "heard; no entries after 10 s, cancel after 60 s"
    assert before["C14"] == "reconciled"
    assert before["C17"] == "the venue's is 7 ms behind; at most 500 ms"
    assert before["C20"] == "none waits for somebody"
    assert before["C21"] == "1.0, configuration abc"
    for row in ROWS:
        if row.code in ("C14_FOREIGN_ORDER", "C8_NOT_TRADING", "C17_CLOCK"):
            row.outside(desk)
    desk.keep(desk.engine.on_user_stream(False, desk.now_ns))
    desk.wait(12.0)
    after = _states(desk)
    assert after["C8"] == "suspended: ETHUSDT"
    assert after["C13"].startswith("lost for 12 s")
    assert after["C14"] == "no entries of ETHUSDT C14_FOREIGN_ORDER"
    assert after["C17"].startswith("the venue's is 501 ms behind")
    assert "C13_USER_STREAM" in after["C20"]


def _states(desk: Desk) -> dict[str, str]:
    view: Any = desk.ask(GetRisk(id=desk.new_id(), who=ALICE))[0].result
    return {control.code: control.state for control in view.controls}

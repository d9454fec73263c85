"""What the journal's records become: orders, fills, round trips, decisions, commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ledger_records import (
    A_TRADE,
    BTC,
    E8,
    ETH,
    STARTED,
    T0,
    S,
    approved,
    filled,
    framed,
    journal_of,
    listed,
    project,
    proposed,
    rows,
    sqlite_url,
)

from engine.core.record_codec import AnyRecord
from engine.core.records import (
    Answered,
    ArmedSet,
    Asked,
    Decided,
    Declined,
    Failed,
    Intended,
    ModeSet,
    Refused,
    Shrunk,
    Started,
)
from engine.core.safeguard_records import EquityMarked
from engine.core.types import ClientOrderId, OrderState, Refusal, SendFailed, Side
from engine.store.ledger.database import Ledger
from engine.store.ledger.projector import Projector

Look = Callable[..., Any]


@pytest.fixture
def look(tmp_path: Path) -> Iterator[Look]:
    """Return what projects records into an empty ledger and returns the rows of a table."""
    ledger = Ledger(sqlite_url(tmp_path / "ledger.sqlite"))

    def projected(table: str, *records: AnyRecord) -> list[dict[str, Any]]:
        ledger.reset()
        project(journal_of(tmp_path / "journal.bin", records), ledger)
        return rows(ledger, table)

    yield projected
    ledger.close()


def test_a_trade_has_its_profit_after_fees_and_its_r_multiple_can_be_told(look: Look) -> None:
    """0.01 ETH from 2000 to 2080 with a stop at 1960: 0.6 USDT after fees, at a risk of 0.4."""
    (trip,) = look("round_trips", *A_TRADE)
    assert (trip["cost_e8"], trip["proceeds_e8"]) == (2010 * E8 // 100, 2070 * E8 // 100)
    assert (trip["profit_e8"], trip["risk_e8"]) == (60 * E8 // 100, 40 * E8 // 100)
    assert trip["realised_e8"] == trip["profit_e8"]
    assert (trip["bought_lots"], trip["sold_lots"], trip["held_e8"], trip["fills"]) == (100, 100, 0, 2)
    assert (trip["origin"], trip["exit_reason"]) == ("strategy:sma_cross", "take_profit")
    assert (trip["opened_ns"], trip["closed_ns"]) == (T0 + S, T0 + S)


def test_an_open_trade_has_no_profit_yet(look: Look) -> None:
    """Profit and the time of closing are unknown while something is held."""
    (trip,) = look("round_trips", *A_TRADE[:4])
    assert (trip["profit_e8"], trip["closed_ns"], trip["held_e8"]) == (None, None, E8 // 100)


def test_a_trade_without_a_stop_has_no_risk(look: Look) -> None:
    """Neither has one whose stop is above what was paid."""
    for stop in (0, 210_000):
        records = (STARTED, listed(), Intended(approved(stop_ticks=stop)), filled("tr-1", 1, 100))
        (trip,) = look("round_trips", *records)
        assert trip["risk_e8"] is None


def test_a_report_that_comes_twice_is_one_fill_and_two_events(look: Look) -> None:
    """F1: the fill counts once; that the report came again can be seen."""
    records = (*A_TRADE[:4], A_TRADE[3])
    assert len(look("fills", *records)) == 1
    assert [event["kind"] for event in look("order_events", *records)] == ["intended", "reported", "reported"]
    assert look("orders", *records)[0]["filled_lots"] == 100


def test_a_send_that_failed_is_an_event_and_a_state(look: Look) -> None:
    """A refused send ends the order, with the venue's code beside it."""
    failure = Failed(SendFailed(ClientOrderId("tr-1"), False, -2010, "no money", T0 + S))
    records = (STARTED, listed(), Intended(approved()), failure)
    assert look("orders", *records)[0]["state"] == "rejected"
    event = look("order_events", *records)[1]
    assert (event["kind"], event["code"], event["reason"]) == ("failed", -2010, "no money")


def test_a_position_that_the_venue_shrank_is_closed_as_reconciled(look: Look) -> None:
    """The round trip follows the venue's account."""
    (trip,) = look("round_trips", *A_TRADE[:4], Shrunk(ETH, 0, T0 + 2 * S))
    assert (trip["exit_reason"], trip["held_e8"], trip["closed_ns"]) == ("reconciled", 0, T0 + 2 * S)


def test_two_positions_of_one_symbol_are_two_trades(look: Look) -> None:
    """Also when they bear the same trade id, as after a late fill of the first one's order."""
    again = (Intended(approved("tr-3")), filled("tr-3", 3, 100))
    trips = look("round_trips", *A_TRADE, *again)
    assert [(trip["trade_id"], trip["closed_ns"] is None) for trip in trips] == [("t-1", False), ("t-1", True)]
    assert [fill["trade"] for fill in look("fills", *A_TRADE, *again)] == [4, 4, 8]


def test_orders_wait_until_their_units_are_known(look: Look) -> None:
    """Journals of the first version name no units before a later start; nothing of theirs is lost."""
    _, units, *trade = A_TRADE
    failure = Failed(SendFailed(ClientOrderId("tr-9"), False, -2010, "no money", T0 + S))
    before = (STARTED, Intended(approved("tr-9")), failure, *trade)
    assert look("orders", *before) == []
    after = look("round_trips", *before, STARTED, units)
    assert [(trip["profit_e8"], trip["record"]) for trip in after] == [(60 * E8 // 100, 5)]
    assert [order["state"] for order in look("orders", *before, STARTED, units)] == ["filled", "filled", "rejected"]


def test_units_are_kept_once_and_again_when_they_change(look: Look) -> None:
    """A start that names the same units adds no row; an order keeps those that it was decided in."""
    other = listed(ETH, tick_e8=E8 // 10)
    units = look("instruments", STARTED, listed(), listed(BTC), STARTED, listed(), other)
    assert [(row["record"], row["symbol"], row["tick_e8"]) for row in units] == [
        (2, ETH, E8 // 100),
        (3, BTC, E8 // 100),
        (6, ETH, E8 // 10),
    ]
    orders = look("orders", *A_TRADE, other, Intended(approved("tr-3")))
    assert [order["instrument"] for order in orders] == [2, 2, 7]


def test_a_proposal_and_what_became_of_it(look: Look) -> None:
    """The last decision counts: first a click, then how the order ended."""
    clicked = Decided("p-1", "bought", "slack:U01ALICE", "on its way", "tr-1", T0 + S)
    ended = Decided("p-1", "bought", "slack:U01ALICE", "bought 0.01 ETH", "tr-1", T0 + 2 * S)
    (decision,) = look("decisions", STARTED, listed(), proposed(), clicked, ended)
    assert (decision["state"], decision["decided_by"], decision["outcome"]) == (
        *("bought", "slack:U01ALICE", "bought 0.01 ETH"),
    )
    assert (decision["confidence"], decision["reasons"]) == (0.75, "fast above slow\nvolume")
    assert (decision["instrument"], decision["decided_ns"]) == (2, T0 + 2 * S)


def test_a_decision_in_a_later_batch_reaches_the_row(tmp_path: Path) -> None:
    """What is in the database already is changed there; a decision about nothing changes nothing."""
    with closing(Ledger(sqlite_url(tmp_path / "ledger.sqlite"))) as ledger:
        journal = journal_of(tmp_path / "journal.bin", [STARTED, listed(), proposed()])
        projector = Projector(journal, ledger)
        assert projector.step()
        assert rows(ledger, "decisions")[0]["state"] == "open"
        unknown = Decided("p-9", "expired", "", "", "", T0)
        with journal.open("ab") as file:
            file.write(framed([unknown, Decided("p-1", "expired", "", "too late", "", T0 + S)]))
        assert projector.step()
        (decision,) = rows(ledger, "decisions")
        assert (decision["state"], decision["outcome"]) == ("expired", "too late")


def test_a_command_and_its_answer_are_one_row(look: Look) -> None:
    """Who asked, from where, for what, and what the answer was; a click that was refused may come again."""
    click = Asked("c-1", "U01ALICE", "Alice", "slack", "decide proposal_id=p-1 choice=buy", T0)
    refused = Declined("c-1", "HALTED", "Trading is halted.", T0 + 1)
    taken = Answered("c-1", True, "OK", "still inside the gate", T0 + 3)
    first, second = look("commands", STARTED, click, refused, click, taken)
    assert (first["ok"], first["code"], first["user_id"]) == (False, "HALTED", "U01ALICE")
    assert (second["ok"], second["answer"], second["answered_ns"]) == (True, "still inside the gate", T0 + 3)


def test_a_command_over_which_the_engine_died_has_no_answer(look: Look) -> None:
    """Nor does it get that of a later one with the same id."""
    ask = Asked("c-1", "ann", "ann", "cli", "buy symbol=eth", T0)
    first, second = look("commands", STARTED, ask, STARTED, Answered("c-1", True, "OK", "done", T0 + S))
    assert (first["ok"], first["answered_ns"]) == (None, None)
    assert (second["text"], second["ok"]) == ("", True)


def test_refusals_modes_arming_equity_and_runs_have_a_row_each(look: Look) -> None:
    """Each says when, who and what."""
    records = (
        Started("1.0", "abc", T0),
        Refused("signal:1", "strategy:x", Refusal("C2_ORDER_SIZE", "limit=1 %", "Order less."), T0, ETH),
        ModeSet("", "ask", "cli:ann", T0),
        ModeSet("", "auto", "cli:ann", T0),
        ArmedSet(True, "cli:ann", "", T0),
        EquityMarked(3, 2, 4, T0),
    )
    assert look("runs", *records)[0]["config_hash"] == "abc"
    assert look("refusals", *records)[0]["symbol"] == ETH
    assert [(row["previous"], row["mode"]) for row in look("modes", *records)] == [("", "ask"), ("ask", "auto")]
    assert look("armed", *records)[0]["is_armed"] is True
    assert look("equity", *records)[0]["peak_e8"] == 4


def test_a_text_that_no_database_keeps_is_kept_nearly(look: Look) -> None:
    """PostgreSQL takes no zero character; a headline that has one must not stop the ledger."""
    (row,) = look("armed", ArmedSet(False, "cli:ann", "a\x00b", T0))
    assert row["reason"] == "a\ufffdb"


def test_a_late_fill_of_an_order_that_ended_still_counts(look: Look) -> None:
    """F12: cancelled and filled cross; the fill is there, and its round trip."""
    cancelled = filled("tr-1", 0, 100, state=OrderState.CANCELED, cum_qty_lots=0, cum_quote_e8=0, last_qty_lots=0)
    late = filled("tr-1", 5, 40, state=OrderState.CANCELED)
    records = (STARTED, listed(), Intended(approved()), cancelled, late)
    assert look("orders", *records)[0]["state"] == "canceled"
    assert look("round_trips", *records)[0]["bought_lots"] == 40


def test_a_report_of_somebody_elses_order_is_passed_over(look: Look) -> None:
    """Such a record is not written by the engine; it makes no row."""
    assert look("order_events", STARTED, listed(), filled("web-1", 1, 5)) == []
    assert look("fills", STARTED, listed(), filled("web-1", 1, 5, side=Side.SELL)) == []

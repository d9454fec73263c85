"""The ledger for people: decimals and dates, exact in Python, as views in the database; and what can be asked."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ledger_records import A_TRADE, BTC, E8, T0, S, filled, journal_of, listed, project, proposed, sqlite_url
from needs import ROOT
from sqlalchemy import literal_column, select
from sqlalchemy import table as view

from engine.core.records import Intended, ModeSet, Refused
from engine.core.safeguard_records import EquityMarked
from engine.core.types import Refusal
from engine.store.ledger.database import Ledger
from engine.store.ledger.errors import LedgerDown, LedgerForeign
from engine.store.ledger.listings import LISTINGS, Wanted, ask
from engine.store.ledger.readable import VIEWED, readable, utc_text

LATER = T0 + 60 * S
NAMES = [table.name for table in VIEWED]
RECORDS = (
    *A_TRADE,
    listed(BTC),
    proposed(),
    proposed("p-2", symbol=BTC),
    Refused("command:1", "cli:ann", Refusal("HALTED", "", "Resume."), LATER, BTC),
    EquityMarked(100_000 * E8, 80_000 * E8, 100_001 * E8, LATER),
    ModeSet("", "ask", "cli:ann", LATER),
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger of one trade and what happened beside it."""
    with closing(Ledger(sqlite_url(tmp_path / "ledger.sqlite"))) as made:
        project(journal_of(tmp_path / "journal.bin", RECORDS), made)
        yield made


def test_a_trade_is_shown_in_decimals_with_its_r_multiple(ledger: Ledger) -> None:
    """0.6 USDT won at a risk of 0.4: 1.5 R."""
    (trade,) = ask(ledger, "trades", Wanted())
    assert trade == {
        "record": 4,
        "trade_id": "t-1",
        "symbol": "ETHUSDT",
        "origin": "strategy:sma_cross",
        "opened": "2023-11-14T22:13:21.000Z",
        "closed": "2023-11-14T22:13:21.000Z",
        "exit_reason": "take_profit",
        "fills": 2,
        "bought": "0.0100",
        "sold": "0.0100",
        "held": "0.00",
        "cost": "20.10",
        "proceeds": "20.70",
        "realised": "0.60",
        "profit": "0.60",
        "risk": "0.40",
        "stop": "1960.00",
        "target": "2080.00",
        "r_multiple": 1.5,
    }


def test_a_price_of_zero_is_none(ledger: Ledger) -> None:
    """A sell order has no stop and no target."""
    buy, sell = ask(ledger, "orders", Wanted())
    assert (buy["stop"], buy["price"], buy["qty"]) == ("1960.00", "2040.00", "0.0100")
    assert (sell["stop"], sell["target"]) == (None, None)


def test_large_amounts_are_exact() -> None:
    """Sixteen digits and more, which a float has not."""
    row = {"equity_e8": 123_456_789_012_345_678, "profit_e8": -1, "tick_e8": None, "lot_e8": None, "qty_lots": 5}
    assert readable(row) == {"equity": "1234567890.12345678", "profit": "-0.00000001", "qty": None}


def test_a_time_is_shown_to_the_millisecond() -> None:
    """In UTC, and says so."""
    assert utc_text(T0 + 1_999_999) == "2023-11-14T22:13:20.001Z"


def test_listings_are_narrowed_by_time_symbol_and_number(ledger: Ledger) -> None:
    """The newest last."""
    assert [row["symbol"] for row in ask(ledger, "decisions", Wanted())] == ["ETHUSDT", "BTCUSDT"]
    assert [row["proposal_id"] for row in ask(ledger, "decisions", Wanted(symbol="BTCUSDT"))] == ["p-2"]
    assert [row["side"] for row in ask(ledger, "fills", Wanted(last=1))] == ["sell"]
    assert ask(ledger, "fills", Wanted(since_ns=LATER)) == []
    assert [row["equity"] for row in ask(ledger, "equity", Wanted(since_ns=LATER))] == ["100000.00"]
    assert [row["code"] for row in ask(ledger, "refusals", Wanted(symbol="BTCUSDT"))] == ["HALTED"]


def test_the_trail_is_narrowed_by_who_what_and_time(ledger: Ledger) -> None:
    """The words in either case; a sign that means something to SQL is only a sign."""
    assert [row["who"] for row in ask(ledger, "audit", Wanted())] == ["engine", "ann"]
    assert [row["after"] for row in ask(ledger, "audit", Wanted(who="ann"))] == ["ask"]
    assert len(ask(ledger, "audit", Wanted(what="MODE"))) == 1
    assert ask(ledger, "audit", Wanted(what="%")) == []
    assert len(ask(ledger, "audit", Wanted(since_ns=LATER))) == 1


def test_without_a_ledger_there_is_a_sentence(tmp_path: Path) -> None:
    """It says which commands make one; a database that can't be reached says so without its password."""
    with closing(Ledger(sqlite_url(tmp_path / "new.sqlite"))) as made, pytest.raises(LedgerForeign, match="trader run"):
        ask(made, "orders", Wanted())
    with (
        closing(Ledger("postgresql://ann:hush@127.0.0.1:1/none")) as made,
        pytest.raises(LedgerDown, match=r"ann:\*\*\*@127\.0\.0\.1:1/none can't be used") as error,
    ):
        ask(made, "orders", Wanted())
    assert "hush" not in str(error.value)


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/name", "postgresql://host/name?sslmode=maybe"])
def test_an_address_that_is_none_is_refused_without_being_shown(url: str) -> None:
    """It may have a password in it."""
    with pytest.raises(LedgerForeign) as error:
        Ledger(url)
    assert url not in str(error.value)


def views_of(ledger: Ledger) -> dict[str, list[dict[str, Any]]]:
    """Return what every view shows."""
    with ledger.connected() as connection:
        all_of = {name: select(literal_column("*")).select_from(view(f"readable_{name}")) for name in NAMES}
        return {name: [dict(row) for row in connection.execute(all_of[name]).mappings()] for name in NAMES}


def test_the_views_show_numbers_and_times(ledger: Ledger) -> None:
    """In SQLite as floats, to be counted with."""
    views = views_of(ledger)
    (trade,) = views["round_trips"]
    assert (trade["profit"], trade["cost"], trade["stop"], trade["r_multiple"]) == (0.6, 20.1, 1960.0, 1.5)
    assert trade["opened"] == "2023-11-14 22:13:21.000"
    assert [order["stop"] for order in views["orders"]] == [1960.0, None]
    assert views["audit"][1]["after"] == "ask"


def test_the_views_show_the_same_in_postgresql(ledger: Ledger, postgres: Any, tmp_path: Path) -> None:
    """There the numbers are exact decimals, and the times are times."""
    with closing(Ledger(postgres.url)) as other:
        other.reset()
        project(tmp_path / "journal.bin", other)
        theirs, ours = views_of(other), views_of(ledger)
        assert [ask(other, name, Wanted()) for name in LISTINGS] == [ask(ledger, name, Wanted()) for name in LISTINGS]
        assert ask(other, "audit", Wanted(what="MODE"))[0]["who"] == "ann"
    (trade,), (same,) = theirs["round_trips"], ours["round_trips"]
    for name in ("profit", "cost", "stop", "bought", "r_multiple"):
        assert float(trade[name]) == same[name]
    assert f"{trade['opened']:%Y-%m-%d %H:%M:%S}" in same["opened"]


def test_an_order_of_another_unit_is_shown_in_its_own(tmp_path: Path) -> None:
    """A venue that changes its tick size changes no price of the past."""
    records = (*A_TRADE[:4], listed(tick_e8=E8 // 10), Intended(A_TRADE[2].order), filled("tr-1", 7, 1))  # type: ignore[union-attr]
    with closing(Ledger(sqlite_url(tmp_path / "ledger.sqlite"))) as made:
        project(journal_of(tmp_path / "journal.bin", records), made)
        assert [row["price"] for row in ask(made, "fills", Wanted())] == ["2000.00", "20000.0"]


def test_only_the_two_verbs_talk_to_the_database() -> None:
    """Neither the engine nor the bot imports the ledger or SQLAlchemy: a database can't delay an order."""
    importers = set()
    for room in ("bot", "engine"):
        for path in (ROOT / room).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                if any(module.startswith(("engine.store.ledger", "sqlalchemy", "pg8000")) for module in modules):
                    importers.add(name)
    outside = {name for name in importers if not name.startswith("engine/store/ledger/")}
    assert outside == {"engine/cli/ledger.py", "engine/cli/audit.py"}

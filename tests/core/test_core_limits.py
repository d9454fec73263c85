"""Limits of account, symbol and strategy: the tightest counts, and an admin changes each while it runs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from core_builders import ALICE, BTC, ETH, LIMITS, Desk, codes, config, quote_amount, sent, told, written
from hypothesis import given
from hypothesis import strategies as st

from engine.core.config import Breakers, Limits, OwnLimits, TradingConfig
from engine.core.limits import ACCOUNT, KINDS, OWN, Change, LimitBook, Scope, is_looser
from engine.core.records import Audited
from engine.core.safeguard_records import LimitSet
from engine.core.types import Symbol
from engine.wire.commands import Buy, Decide, GetRisk, SetLimit
from engine.wire.events import Notice, ProposalOpened
from engine.wire.replies import Reply
from engine.wire.safeguard_views import LimitView

SYMBOLS = (ETH, BTC)


def with_own(**own: dict[str, OwnLimits]) -> TradingConfig:
    """A configuration with limits of symbols or strategies."""
    return config(msgspec.structs.replace(LIMITS, **own))


def ready(trading: TradingConfig | None = None) -> Desk:
    """A desk that trades ETH and BTC, with 100,000 USDT."""
    desk = Desk(trading or config(), symbols=SYMBOLS).ready()
    desk.price(2000.0, BTC)
    return desk


def buy(desk: Desk, amount: str, symbol: Symbol = ETH) -> str:
    """Buy, and return the code of the answer."""
    return desk.ask(Buy(id=desk.new_id(), who=ALICE, symbol=symbol, amount=quote_amount(amount)))[0].code


def change(desk: Desk, name: str, value: float | None, reason: str = "the weekend", **more: Any) -> Reply:
    """Change a limit."""
    return desk.ask(SetLimit(id=desk.new_id(), who=ALICE, name=name, value=value, reason=reason, **more))[0]


def row(desk: Desk, name: str, scope: str = "") -> LimitView:
    """One line of what `trader risk` shows."""
    view: Any = desk.ask(GetRisk(id=desk.new_id(), who=ALICE))[0].result
    return next(limit for limit in view.limits if (limit.name, limit.scope) == (name, scope))


def test_a_symbols_own_limit_counts_where_it_is_tighter() -> None:
    """0.3 % of 100,000 for ETH: 290 passes, 310 does not, and BTC has the account's 1,000."""
    desk = ready(with_own(symbols={ETH: OwnLimits(max_order_pct=0.3)}))
    assert (buy(desk, "290"), buy(desk, "310"), buy(desk, "900", BTC)) == ("OK", "C2_ORDER_SIZE", "OK")


def test_a_symbols_own_limit_counts_not_where_the_account_is_tighter() -> None:
    desk = ready(with_own(symbols={ETH: OwnLimits(max_order_pct=50.0)}))
    assert buy(desk, "1100") == "C2_ORDER_SIZE"


def test_a_strategys_own_limit_counts_for_what_it_signals_and_for_nobody_else() -> None:
    """It acts on headlines with at most 0.2 % of 100,000, where 1 % would be allowed."""
    desk = ready(with_own(strategies={"headlines": OwnLimits(max_order_pct=0.2)}))
    order = sent(desk.headline(0.95))[0]
    assert 180 < order.qty_lots * order.price_ticks / 1e6 <= 200
    assert buy(desk, "900") == "OK"


def test_a_strategys_own_limit_counts_when_a_person_clicks_on_its_alert() -> None:
    desk = ready(with_own(strategies={"headlines": OwnLimits(stale_s=0.5)}))
    proposal = told(desk.headline(0.6), ProposalOpened)[0].proposal
    desk.wait(1.0)
    click = Decide(id="1", who=ALICE, proposal_id=proposal.proposal_id, choice="buy", fingerprint=proposal.fingerprint)
    assert desk.ask(click)[0].code == "C5_STALE_DATA"
    assert buy(desk, "100") == "OK"


VALUES = {
    "max_order_pct": st.floats(0.01, 100),
    "collar_pct": st.floats(0.01, 100),
    "orders_per_s": st.integers(1, 1000),
    "min_stop_pct": st.floats(0.01, 100),
}


@given(st.sampled_from(sorted(VALUES)), st.data())
def test_of_account_symbol_and_strategy_the_tightest_counts(name: str, data: st.DataObject) -> None:
    """Whatever the three are, in whichever order."""
    account, symbol, strategy = (data.draw(VALUES[name]) for _ in range(3))
    limits = Limits(
        **{name: account},
        symbols={ETH: OwnLimits(**{name: symbol})},
        strategies={"sma_cross": OwnLimits(**{name: strategy})},
    )
    book = LimitBook(TradingConfig(limits=limits), SYMBOLS)
    tightest = max if KINDS[name].is_tight_when_high else min
    got = {key: getattr(own, name) for key, own in book.narrower.items()}
    assert got.get((ETH, "sma_cross"), account) == tightest(account, symbol, strategy)
    assert got.get((ETH, ""), account) == tightest(account, symbol)
    assert got.get((BTC, "sma_cross"), account) == tightest(account, strategy)
    assert (BTC, "") not in got


def test_an_admin_tightens_a_limit_and_takes_it_back() -> None:
    desk = ready()
    assert change(desk, "max_order_pct", 0.2).ok
    assert (buy(desk, "190"), buy(desk, "210")) == ("OK", "C2_ORDER_SIZE")
    assert row(desk, "max_order_pct").changed == "slack:U01ALICE: the weekend (trader.toml: 1)"
    assert change(desk, "max_order_pct", None).text == (
        "max_order_pct of the account is 1 % of equity now (it was 0.2 % of equity)."
    )
    assert (buy(desk, "900"), row(desk, "max_order_pct").changed) == ("OK", "")


def test_a_change_is_written_to_be_folded_written_to_be_read_and_told() -> None:
    desk = ready()
    _, actions = desk.ask(SetLimit(id="1", who=ALICE, name="collar_pct", value=1.0, symbol="eth", reason="a thin book"))
    by = "slack:U01ALICE"
    assert [record for record in written(actions) if isinstance(record, LimitSet | Audited)] == [
        LimitSet("collar_pct", ETH, "", 1.0, False, by, "a thin book", desk.now_ns),
        Audited(
            *("U01ALICE", "slack", "limit collar_pct of symbol ETHUSDT", "not set", "1 % of the price"),
            desk.now_ns,
            "a thin book",
        ),
    ]
    assert codes(actions) == ["LIMIT_SET"]
    assert "Alice, because a thin book" in told(actions, Notice)[0].text


def test_a_change_holds_over_a_restart_and_so_does_taking_it_back() -> None:
    desk = ready()
    change(desk, "max_order_pct", 0.2, symbol="eth")
    change(desk, "losses", 2.0)
    again = desk.restarted()
    assert row(again, "max_order_pct", "symbol ETHUSDT").limit.startswith("0.2 %")
    assert again.engine.trading.gate.limits_of(ETH).max_order_pct == 0.2
    assert again.engine.trading.limits.breakers.losses == 2
    change(again, "max_order_pct", None, symbol="eth")
    assert again.restarted().engine.trading.gate.limits_of(ETH) == LIMITS


def test_looser_than_trader_toml_needs_the_word() -> None:
    desk = ready()
    assert change(desk, "max_order_pct", 2.0).code == "LOOSER"
    assert buy(desk, "1100") == "C2_ORDER_SIZE"
    assert change(desk, "max_order_pct", 2.0, loosen=True).ok
    assert buy(desk, "1100") == "OK"
    assert desk.restarted().engine.trading.gate.limits.max_order_pct == 2.0


def test_tighter_for_a_stop_is_higher() -> None:
    desk = ready()
    assert change(desk, "min_stop_pct", 0.01).code == "LOOSER"
    assert change(desk, "min_stop_pct", 1.0).ok


def test_a_change_that_a_tighter_trader_toml_has_overtaken_counts_no_more() -> None:
    """It was tighter than 1 % when it was made; now it would be looser than the file, and nobody said that."""
    desk = ready()
    change(desk, "max_order_pct", 0.5)
    desk.config = config(msgspec.structs.replace(LIMITS, max_order_pct=0.3))
    assert desk.restarted().engine.trading.gate.limits.max_order_pct == 0.3


def test_a_breakers_limit_changes_while_it_runs() -> None:
    desk = ready(msgspec.structs.replace(config(), breakers=Breakers(daily_loss_pct=50.0, drawdown_pct=50.0)))
    assert change(desk, "daily_loss_pct", 0.1).ok
    desk.holding("900", stop_pct=90.0, target_pct=900.0)
    desk.wait(2.1)
    desk.price(1500.0)
    assert "C9_DAILY_LOSS" in codes(desk.wait(0.1))


@pytest.mark.parametrize(
    ("name", "value", "more", "code", "words"),
    [
        ("max_order_pct", 0.0, {}, "BAD_AMOUNT", "above 0 and at most 100"),
        ("max_order_pct", -1.0, {}, "BAD_AMOUNT", "above 0"),
        ("max_order_pct", 100.1, {}, "BAD_AMOUNT", "at most 100"),
        ("max_order_pct", float("nan"), {}, "BAD_AMOUNT", "above 0"),
        ("max_order_pct", float("inf"), {"loosen": True}, "BAD_AMOUNT", "at most 100"),
        ("orders_per_s", 1.5, {}, "BAD_AMOUNT", "a whole number from 1 to 100000"),
        ("losses", 0.0, {}, "BAD_AMOUNT", "a whole number from 1 to 100"),
        ("cooldown_s", -1.0, {}, "BAD_AMOUNT", "from 0 to 86400"),
        ("max_ordr_pct", 1.0, {}, "NOT_FOUND", "max_order_pct"),
        ("default_stop_pct", 1.0, {}, "NOT_FOUND", "no limit"),
        ("losses", 2.0, {"symbol": "eth"}, "BAD_REQUEST", "the account's alone"),
        ("max_order_pct", 0.5, {"symbol": "doge"}, "BAD_SYMBOL", "not traded"),
        ("max_order_pct", 0.5, {"strategy": "magic"}, "NOT_FOUND", "no strategy"),
        ("max_order_pct", 0.5, {"symbol": "eth", "strategy": "sma_cross"}, "BAD_REQUEST", "one of them"),
        ("max_order_pct", 0.5, {"reason": "  "}, "BAD_REQUEST", "Say why"),
        ("max_order_pct", None, {}, "NOT_FOUND", "nothing to take back"),
    ],
)
def test_nonsense_is_refused_with_what_is_allowed(
    name: str, value: float | None, more: dict[str, Any], code: str, words: str
) -> None:
    """And nothing is changed or written."""
    desk = ready()
    before = len(desk.journal)
    reply = change(desk, name, value, **more)
    assert (reply.code, words in reply.text) == (code, True)
    assert not any(isinstance(record, LimitSet | Audited) for record in desk.journal[before:])
    assert desk.engine.trading.gate.limits == LIMITS
    assert desk.engine.trading.gate.limits_of(ETH) == LIMITS


def test_a_limit_of_a_symbol_that_the_account_makes_pointless_says_so() -> None:
    """It may count later, when the account's has been loosened."""
    assert "The account's 1 is tighter" in change(ready(), "max_order_pct", 3.0, symbol="eth", loosen=True).text


@given(st.lists(st.tuples(st.sampled_from(sorted(OWN)), st.floats(0.01, 100), st.booleans()), max_size=6))
def test_without_the_word_no_change_lets_more_through(changes: list[tuple[str, float, bool]]) -> None:
    """Whatever was set, of account or symbol: nothing is looser than the file."""
    desk = ready()
    for name, value, is_own in changes:
        change(desk, name, value, symbol="eth" if is_own else "")
    for limits in (desk.engine.trading.gate.limits, desk.engine.trading.gate.limits_of(ETH)):
        assert not any(is_looser(name, getattr(limits, name), getattr(LIMITS, name)) for name in OWN)


def test_a_change_of_something_that_is_gone_is_passed_over() -> None:
    """A journal may name a limit that this version has no more."""
    desk = ready()
    desk.journal.append(LimitSet("gone_pct", "", "", 1.0, False, "cli:ann", "x", desk.now_ns))
    assert desk.restarted().engine.trading.limits.changes == {}


def test_what_was_taken_back_is_the_files_again() -> None:
    book = LimitBook(with_own(symbols={ETH: OwnLimits(collar_pct=1.0)}), SYMBOLS)
    scope = Scope("symbol", ETH)
    book.set(scope, "collar_pct", Change(0.5, "cli:ann", "x", False))
    assert book.value(scope, "collar_pct") == 0.5
    book.set(scope, "collar_pct", None)
    assert (book.value(scope, "collar_pct"), book.value(ACCOUNT, "collar_pct")) == (1.0, 2.0)

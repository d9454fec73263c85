"""Answers about what was traded, with exact numbers: round trips, profit and loss, equity, balances, and why."""

from __future__ import annotations

import msgspec
import pytest
from core_builders import ALICE, BTC, ETH, T0, Desk, config, sent

from engine.core.proposals import Proposal
from engine.core.trade_answers import DAY_NS
from engine.core.types import OrderState
from engine.wire import questions
from engine.wire.answers import BalancesView, Choices, EquityView, PnlView, RoundTripsView, WhyView
from engine.wire.commands import Amount, AnyCommand, Buy, Close
from engine.wire.questions import PeriodName
from engine.wire.replies import Reply, Result


def armed(**headlines: float) -> Desk:
    """Return a desk that may trade ETH and BTC."""
    return Desk(config(**headlines), symbols=(ETH, BTC)).ready()


def asked(desk: Desk, kind: type[AnyCommand], **words: object) -> Result:
    """Ask something that is answered."""
    reply = reply_to(desk, kind, **words)
    assert reply.ok, reply.text
    assert reply.result is not None
    return reply.result


def reply_to(desk: Desk, kind: type[AnyCommand], **words: object) -> Reply:
    """Ask something."""
    return desk.ask(kind(id=desk.new_id(), who=ALICE, **words))[0]  # type: ignore[call-arg]


def round_trip(desk: Desk, price: float, *, fee_e8: int = 0) -> None:
    """Buy 0.1 ETH at 2000 with a stop at 1960, and close it at a price."""
    desk.price(2000.0)
    (entry,) = sent(desk.buy("200", stop_pct=2.0)[1])
    desk.fill(entry, 2000.0, fee_e8=fee_e8, fee_asset="USDT")
    desk.price(price)
    (leaves,) = sent(desk.ask(Close(id=desk.new_id(), who=ALICE, symbol="eth"))[1])
    desk.fill(leaves, price)
    desk.wait(1)


def test_round_trips_tell_what_they_cost_and_made_in_quote_percent_and_r() -> None:
    """0.1 ETH, 200 in, 208 out, fee 0.2: 7.80, which is 1.95 times the 4.00 at risk."""
    desk = armed()
    round_trip(desk, 2080.0, fee_e8=20_000_000)
    view = asked(desk, questions.GetTrades)
    assert isinstance(view, RoundTripsView)
    (trip,) = view.trips
    assert (trip.cost_quote, trip.proceeds_quote, trip.fees_quote) == ("200.20", "208.00", "0.20")
    assert (trip.trade.pnl_quote, trip.trade.exit_reason, trip.strategy) == ("7.80", "slack:U01ALICE", "")
    assert trip.trade.pnl_pct == pytest.approx(100 * 7.8 / 200.2)
    assert trip.r_multiple == pytest.approx(7.8 / 4.0)
    assert view.known == 1


def test_open_round_trips_come_first_then_the_newest_of_the_symbol_that_was_asked_for() -> None:
    desk = armed()
    round_trip(desk, 2080.0)
    round_trip(desk, 1990.0)
    desk.price(2000.0, BTC)
    (entry,) = sent(desk.buy("200", symbol="btc")[1])
    desk.fill(entry, 2000.0)
    every = asked(desk, questions.GetTrades)
    assert isinstance(every, RoundTripsView)
    assert [t.trade.symbol for t in every.trips] == [BTC, ETH, ETH]
    assert [t.trade.pnl_quote for t in every.trips[1:]] == ["-1.00", "8.00"]
    one = asked(desk, questions.GetTrades, symbol="$ETH", most=1)
    assert isinstance(one, RoundTripsView)
    assert ([t.trade.pnl_quote for t in one.trips], one.known) == (["-1.00"], 2)
    assert reply_to(desk, questions.GetTrades, most=0).code == "BAD_REQUEST"


def test_profit_and_loss_are_summed_up_by_symbol_and_strategy() -> None:
    desk = armed(ask=0.3, act=0.6)
    round_trip(desk, 2080.0)
    round_trip(desk, 1980.0)
    round_trip(desk, 2040.0)
    desk.price(2000.0)
    (entry,) = sent(desk.headline(0.9))
    desk.fill(entry, 2000.0)
    desk.price(2010.0)
    desk.wait(1)
    view = asked(desk, questions.GetPnl, period="all")
    assert isinstance(view, PnlView)
    total = view.total
    assert (total.trades, total.wins, total.losses, total.realised_quote) == (3, 2, 1, "10.00")
    assert total.profit_factor == pytest.approx(12.0 / 2.0)
    assert total.expectancy_r == pytest.approx((2.0 - 0.5 + 1.0) / 3)
    assert [(row.name, row.trades, row.realised_quote) for row in view.strategies] == [
        ("by hand", 3, "10.00"),
        ("headlines", 0, "0.00"),
    ]
    made = entry.qty_lots * 1e-4 * 9.99
    assert float(view.strategies[1].unrealised_quote) == pytest.approx(made, abs=0.01)
    assert [row.name for row in view.symbols] == [ETH]


@pytest.mark.parametrize(("period", "trades"), [("today", 1), ("week", 2), ("month", 3), ("all", 4)])
def test_a_period_takes_what_closed_since_it_began(period: PeriodName, trades: int) -> None:
    """One trade each 40, 20 and 2 days ago, and one today."""
    desk = armed()
    for days in (20, 18, 2, 0):
        round_trip(desk, 2020.0)
        desk.now_ns += days * DAY_NS
    view = asked(desk, questions.GetPnl, period=period)
    assert isinstance(view, PnlView)
    assert view.total.trades == trades


def test_the_equity_is_thinned_with_its_ends_and_its_fall_is_known() -> None:
    desk = armed()
    for worth in (100_000, 101_000, 99_990, 100_500):
        desk.now_ns += 60 * 10**9
        desk.engine.trading.past.equity.add(desk.now_ns, worth * 10**8)
    desk.engine.trading.portfolio.peak_e8 = 101_000 * 10**8
    view = asked(desk, questions.GetEquity, points=3)
    assert isinstance(view, EquityView)
    assert [point.equity_quote for point in view.points] == ["100000.00", "99990.00", "100000.00"]
    assert (view.peak_quote, view.points[-1].ts_ns) == ("101000.00", desk.now_ns)
    made = asked(desk, questions.GetPnl, period="all")
    assert isinstance(made, PnlView)
    assert made.max_drawdown_quote == "1010.00"
    assert made.max_drawdown_pct == pytest.approx(1.0)


def test_balances_are_worth_what_the_bid_says_and_open_buys_are_not_free() -> None:
    desk = armed()
    desk.account(ETH="2", DOGE="5")
    desk.buy("200")
    view = asked(desk, questions.GetBalance)
    assert isinstance(view, BalancesView)
    assert [(a.asset, a.worth_quote) for a in view.assets] == [("USDT", "100000.00"), ("ETH", "3999.98"), ("DOGE", "")]
    assert float(view.free_quote) == pytest.approx(100_000 - 0.1 * 2040, abs=0.5)


def test_why_shows_the_signal_the_gate_and_the_numbers_behind_an_order() -> None:
    desk = armed(ask=0.3, act=0.6)
    desk.engine.trading.past.equity.add(T0, 100_000 * 10**8)
    (entry,) = sent(desk.headline(0.9))
    desk.fill(entry, 2000.0)
    for name in (entry.client_order_id, entry.client_order_id[3:9], entry.trade_id):
        view = asked(desk, questions.GetWhy, what=name)
        assert isinstance(view, WhyView)
        assert (view.strategy, view.confidence, view.ask, view.act) == ("headlines", 0.9, 0.3, 0.6)
        assert (view.client_order_id, view.trade_id) == (entry.client_order_id, entry.trade_id)
        assert view.reasons[0] == "listing +1"
        assert view.gate[0].startswith("passed: ")
        assert "at 2040.00 or better" in view.gate[0]
        assert "of an equity of 100,000.00 USDT; limit 1 %" in view.gate[1]
    proposal = asked(desk, questions.GetWhy, what=view.proposal_id)
    assert isinstance(proposal, WhyView)
    assert (proposal.kind, proposal.client_order_id) == ("proposal", entry.client_order_id)


def test_why_shows_the_refusal_of_a_proposal_and_a_restart_keeps_it() -> None:
    desk = armed(ask=0.3, act=0.6)
    desk.engine.trading.bars.trip("C9_DRAWDOWN", "limit=10%")
    desk.headline(0.9)
    for seen in (desk, desk.restarted()):
        (proposal,) = seen.engine.trading.proposals
        view = asked(seen, questions.GetWhy, what=proposal.proposal_id)
        assert isinstance(view, WhyView)
        assert view.gate == ("C9_DRAWDOWN: limit=10%",)


def test_an_id_that_fits_several_or_none_is_asked_back() -> None:
    desk = armed()
    orders = [sent(desk.buy("100")[1])[0] for _ in range(2)]
    for order in orders:
        desk.execute(order, OrderState.EXPIRED)
    assert reply_to(desk, questions.GetWhy, what="tr").code == "BAD_REQUEST"
    assert reply_to(desk, questions.GetWhy, what="zzzz").code == "NOT_FOUND"
    (first, second) = (proposal_of(desk, news_id) for news_id in ("a", "b"))
    desk.engine.trading.proposals.add(Proposal("p-abcd1", first.signal, "event", 1, 0))
    desk.engine.trading.proposals.add(Proposal("p-abcd2", second.signal, "event", 1, 0))
    reply = reply_to(desk, questions.GetWhy, what="abcd")
    assert (reply.code, reply.result) == ("BAD_REQUEST", Choices("abcd", ("p-abcd1", "p-abcd2")))


def proposal_of(desk: Desk, news_id: str) -> Proposal:
    """Return what people are asked after a headline."""
    desk.price(2000.0)
    desk.headline(0.6 if news_id == "a" else -0.6, news_id)
    return list(desk.engine.trading.proposals)[-1]


def test_a_restart_keeps_trades_profit_and_the_equitys_way() -> None:
    desk = armed()
    round_trip(desk, 2080.0)
    again = desk.restarted()
    again.price(2000.0)
    for kind, words in [(questions.GetTrades, {}), (questions.GetPnl, {"period": "all"}), (questions.GetEquity, {})]:
        before, after = asked(desk, kind, **words), asked(again, kind, **words)
        if isinstance(before, EquityView):
            before = msgspec.structs.replace(before, points=before.points[:-1])  # now, before the account is known
        assert before == after


@pytest.mark.parametrize("word", ["eth", "ETH/USDT", "eth-usdt", "$eth", "ETHUSDT", "eth_usdt"])
def test_symbols_are_forgiving(word: str) -> None:
    desk = armed()
    assert desk.buy("100", symbol=word)[0].ok


@pytest.mark.parametrize(
    ("word", "options"),
    [("et", ("ETHUSDT",)), ("eth/btc", ("ETHUSDT",)), ("ETHUSD", ("ETHUSDT",)), ("btv", ("BTCUSDT",))],
)
def test_a_symbol_that_is_not_traded_is_asked_back_and_never_guessed(word: str, options: tuple[str, ...]) -> None:
    desk = armed()
    reply = reply_to(desk, Buy, symbol=word, amount=Amount("quote", "100"))
    assert (reply.ok, reply.code) == (False, "BAD_SYMBOL")
    assert isinstance(reply.result, Choices)
    assert reply.result.options[0] == options[0]
    assert reply.result.word == word

"""How answers about past, market and strategies read in a terminal, and a command's help at the desk."""

from __future__ import annotations

from cli_fakes import TRADE

from engine.cli.desk_text import command_help, event_text, reply_text
from engine.wire import answers
from engine.wire.events import PriceReached
from engine.wire.replies import Reply, Result
from engine.wire.views import OrderStampsView, StrategyView

NS = 1_700_000_000 * 10**9
TOTAL = answers.PnlRow("all", 3, 2, 1, "10.00", "-1.50", "0.75", 6.0, 0.83)
WATCH = answers.WatchView("w3", "IOTAUSDT", "above", "1.20", "cli:ann", NS)


def text_of(result: Result) -> str:
    return reply_text(Reply("1", True, "OK", "", result))


def test_a_trade_is_a_row_with_what_it_made_in_money_percent_and_r() -> None:
    trip = answers.RoundTripView(TRADE, "sma_cross", "signal:1", "249.95", "0.00", "0.25", -0.11, 7_261.0)
    head, row, more = text_of(answers.RoundTripsView((trip,), 12)).splitlines()
    assert [head.split()[i] for i in (0, 1)] == ["trade", "symbol"]
    assert "−0.27 USDT (−0.11 %, −0.11 R)  0.25  sma_cross" in row
    assert "2 h 1 min" in row
    assert more == "11 more: trades 12"


def test_profit_and_loss_begin_with_the_whole_and_say_what_is_not_known_by_nothing() -> None:
    by_hand = answers.PnlRow("by hand", 0, 0, 0, "0.00", "-1.50", "0.25", None, None)
    view = answers.PnlView("week", 0, "USDT", TOTAL, (TOTAL,), (by_hand,), "101.00", 1.01)
    head, _, whole, _, last = text_of(view).splitlines()
    assert head == "the last 7 days, in USDT; largest fall of the equity 101.00 USDT (1.01 %)"
    assert whole.split() == ["all", "+10.00", "−1.50", "0.75", "3", "2", "1", "6.00", "+0.83", "R"]
    assert last.split() == ["strategy", "by", "hand", "+0.00", "−1.50", "0.25", "0", "0", "0"]


def test_a_decision_names_what_it_went_by_and_what_the_gate_said() -> None:
    stamps = OrderStampsView("tr-3f", "trade", NS, {"sent": 41_000})
    view = answers.WhyView(
        kind="order", id="tr-3f", summary="buy 1 IOTA: filled", by="auto", cause_id="signal:1", strategy="sma_cross",
        confidence=0.72, ask=0.5, act=0.9, reasons=("rose above",), gate=("passed: 1 IOTA",), client_order_id="tr-3f",
        trade_id="t-0c", ts_ns=NS, latency=stamps,
    )  # fmt: skip
    assert text_of(view).splitlines() == [
        "order tr-3f of 2023-11-14 22:13:20 UTC: buy 1 IOTA: filled",
        "by auto, cause signal:1",
        "sma_cross: confidence 0.72 (asks from 0.50, acts from 0.90)",
        "  rose above",
        "gate: passed: 1 IOTA",
        "see also: trade t-0c",
        "µs:  tr-3f after a trade event: sent 41.0",
    ]


def test_a_decision_about_news_names_headline_opinion_and_story() -> None:
    turn = answers.StoryTurnView(NS, "opened", "announced", "wire", "IOTA and M", ("partnership +0.70",), "asked")
    view = answers.WhyView(
        kind="proposal", id="p-9", summary="headlines proposed to buy", strategy="headlines", headline="IOTA and M",
        source="wire", opinion="rules 0.70, second opinion 0.33 where 0.40 is usual → 0.63", story=(turn,), ts_ns=NS,
    )  # fmt: skip
    lines = text_of(view).splitlines()
    assert "headline: IOTA and M (wire)" in lines
    assert "opinion: rules 0.70, second opinion 0.33 where 0.40 is usual → 0.63" in lines
    assert "story: 2023-11-14 22:13:20 UTC  opened by wire, announced since: IOTA and M" in lines


def test_a_number_that_was_set_is_shown_beside_its_default() -> None:
    sma = StrategyView("sma_cross", "technical", (), "auto", "ask", 0.5, 0.85, 3, 1, 2, 0)
    numbers = (answers.ParameterView("ask", "0.5", "0.4", True), answers.ParameterView("slow", "20", "20", False))
    detail = answers.StrategyDetail(sma, numbers, "", 0)
    assert "ask 0.5 (default 0.4), slow 20\n  last said: nothing yet" in text_of(
        answers.StrategiesView("ask", (detail,))
    )


def test_what_is_empty_is_said() -> None:
    assert text_of(answers.RoundTripsView((), 0)) == "no trade yet"
    assert text_of(answers.HeadlinesView(())) == "no headline since the engine started"
    assert text_of(answers.WatchesView(())) == "no price is watched: watch eth above 2700"


def test_what_fits_several_is_listed() -> None:
    reply = Reply("1", False, "BAD_SYMBOL", "Did you mean A or B?", answers.Choices("io", ("IOTAUSDT", "IOTXUSDT")))
    assert reply_text(reply) == "Did you mean A or B? (BAD_SYMBOL)\n  IOTAUSDT\n  IOTXUSDT"


def test_a_price_that_was_reached_is_told() -> None:
    told = event_text(PriceReached(ts_ns=NS, watch=WATCH, price="1.21"))
    assert told == "PRICE 1.21 reached: w3  IOTAUSDT above 1.20  (cli:ann)"


def test_help_explains_one_command_or_names_the_nearest() -> None:
    assert command_help("/watch").splitlines()[0] == "watch SYMBOL above|below PRICE, list, or off ID|all"
    assert command_help("colse") == "There is no command 'colse'. Did you mean close?"

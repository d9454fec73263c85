"""The words of questions, slips of the finger in orders, and the help that goes with every command."""

from __future__ import annotations

import pytest

from engine.cli.arguments import VERBS
from engine.cli.said import read_command
from engine.wire import questions as ask
from engine.wire.buy_words import read_buy
from engine.wire.commands import Amount, AnyCommand, CancelOrder, Resume, Who
from engine.wire.helps import HELPS, nearest
from engine.wire.mutes import EndMute, GetMutes, SetMute
from engine.wire.question_words import read_question
from engine.wire.words import BadWords, read_close, read_sell

ANN = Who("ann", "ann", "cli")
SAID = [
    ("balance", "", ask.GetBalance(id="1", who=ANN)),
    ("pnl", "", ask.GetPnl(id="1", who=ANN)),
    ("pnl", "WEEK", ask.GetPnl(id="1", who=ANN, period="week")),
    ("trades", "", ask.GetTrades(id="1", who=ANN)),
    ("trades", "20 eth", ask.GetTrades(id="1", who=ANN, symbol="eth", most=20)),
    ("trades", "$eth 5", ask.GetTrades(id="1", who=ANN, symbol="$eth", most=5)),
    ("strategies", "", ask.GetStrategies(id="1", who=ANN)),
    ("strategies", "set x ask 0.5", ask.SetParameter(id="1", who=ANN, strategy="x", name="ask", value="0.5")),
    ("why", "`tr-3f2a`", ask.GetWhy(id="1", who=ANN, what="tr-3f2a")),
    ("news", "5", ask.GetNews(id="1", who=ANN, most=5)),
    ("watch", "", ask.GetWatches(id="1", who=ANN)),
    ("watch", "list", ask.GetWatches(id="1", who=ANN)),
    ("mute", "", GetMutes(id="1", who=ANN)),
    ("mute", "list", GetMutes(id="1", who=ANN)),
    ("mute", "news", SetMute(id="1", who=ANN, what="news", seconds=3_600.0)),
    ("mute", "eth for 30M", SetMute(id="1", who=ANN, what="eth", seconds=1_800.0)),
    ("mute", "sma_cross on eth 2d", SetMute(id="1", who=ANN, what="sma_cross on eth", seconds=172_800.0)),
    ("mute", "off", EndMute(id="1", who=ANN)),
    ("mute", "off all", EndMute(id="1", who=ANN)),
    ("mute", "off sma_cross ON eth", EndMute(id="1", who=ANN, what="sma_cross on eth")),
    ("watch", "off w3", ask.Unwatch(id="1", who=ANN, watch_id="w3")),
    ("watch", "eth > $2,700.5", ask.Watch(id="1", who=ANN, symbol="eth", direction="above", price="2700.5")),
    ("cancel", "eth/usdt", CancelOrder(id="1", who=ANN, client_order_id="eth/usdt")),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "text", "command"), SAID, ids=[f"{verb} {text}" for verb, text, _ in SAID])
def test_words_become_a_question(verb: str, text: str, command: AnyCommand) -> None:
    assert read_question(verb, text, "1", ANN) == command


@pytest.mark.parametrize(
    ("verb", "text"),
    [
        ("pnl", "yesterday"),
        ("trades", "5 6"),
        ("trades", "eth btc"),
        ("strategies", "set sma_cross ask"),
        ("strategies", "show"),
        ("why", ""),
        ("why", "a b"),
        ("news", "many"),
        ("watch", "eth 2700"),
        ("watch", "eth near 2700"),
        ("mute", "news 1h 2h"),
        ("mute", "news for"),
        ("mute", "news soon"),
        ("mute", "sma_cross on"),
        ("mute", "off news 1h"),
        ("mute", "list news"),
        ("cancel", ""),
        ("cancel", "<@U1>"),
    ],
)
def test_words_that_are_no_question_get_the_right_form_with_an_example(verb: str, text: str) -> None:
    with pytest.raises(BadWords, match="for example"):
        read_question(verb, text, "1", ANN)


def test_a_terminal_has_no_mention_to_mute() -> None:
    with pytest.raises(BadWords, match=r"where you have a name .* type /mute me there"):
        read_question("mute", "me orders", "1", ANN)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("eth 2.5 %", Amount("percent", "2.5")),
        ("eth 250 usdt", Amount("quote", "250")),
        ("$eth 250", Amount("quote", "250")),
        ("eth-usdt 0.1eth", Amount("base", "0.1")),
        ("eth_usdt 0.1 ETH", Amount("base", "0.1")),
    ],
)
def test_what_is_clearly_meant_is_read_so(text: str, amount: Amount) -> None:
    assert read_buy(text).amount == amount
    assert read_sell(text).amount == amount


def test_a_percentage_apart_is_read_after_others_too() -> None:
    assert (read_buy("eth 250 2 % 5 %").stop_pct, read_buy("eth 250 2 % 5 %").target_pct) == (2.0, 5.0)
    assert read_close("eth 50 %").percent == 50.0


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("250 eth", "Did you mean: buy eth 250?"),
        ("$250 ETHUSDT 2%", "Did you mean: buy ETHUSDT $250 2%?"),
        ("eth 0,1eth", "Did you mean 0.1eth?"),
        ("eth 2,5%", "Did you mean 2.5%?"),
    ],
)
def test_a_slip_gets_the_right_form_and_buys_nothing(text: str, meant: str) -> None:
    with pytest.raises(BadWords) as said:
        read_buy(text)
    assert meant in str(said.value)


def test_thousands_may_have_commas() -> None:
    assert read_buy("eth 1,000").amount == Amount("quote", "1000")


@pytest.mark.parametrize(
    ("typed", "meant"), [("colse", "close"), ("/postions", "positions"), ("blance", "balance"), ("dance", "")]
)
def test_a_mistyped_command_gets_the_nearest_one(typed: str, meant: str) -> None:
    assert nearest(typed) == meant


def test_every_command_has_help_whose_examples_can_be_typed() -> None:
    """Each example is read by the very reader that reads what people type."""
    assert set(HELPS) >= VERBS - {"ack"}
    for name, it in HELPS.items():
        assert it.does.endswith(".")
        assert it.examples
        if name in ("health", "drill"):  # they have verbs of their own in a terminal
            continue
        for example in it.examples:
            verb, _, text = example.partition(" ")
            assert verb == name
            assert read_command(verb, text, "1", ANN).id == "1"


@pytest.mark.parametrize(
    ("text", "limit", "good_s"),
    [("eth 250 limit=2500", "2500", None), ("eth 250 2% limit=$2500.5:4h", "2500.5", 14_400.0), ("eth 250", "", None)],
)
def test_a_limit_may_have_a_time(text: str, limit: str, good_s: float | None) -> None:
    words = read_buy(text)
    assert (words.limit_price, words.good_s) == (limit, good_s)


@pytest.mark.parametrize("word", ["limit=", "limit=moon", "limit=2500:", "limit=2500:soon", "limit=2%"])
def test_a_limit_that_is_none_gets_the_right_form(word: str) -> None:
    with pytest.raises(BadWords, match="limit=2500"):
        read_buy(f"eth 250 {word}")


_IN_YOUR_WORDS = ("halt", "lock", "because", "reset")
"""What is a reason is read to its end."""


@pytest.mark.parametrize("example", sorted(example for one in HELPS.values() for example in one.examples))
def test_words_that_a_command_has_no_use_for_are_refused_with_how_it_is_written(example: str) -> None:
    """Somebody meant something by them; every command's own examples, and what follows."""
    if any(word in example.split() for word in _IN_YOUR_WORDS):
        return
    verb, _, rest = example.partition(" ")
    with pytest.raises(BadWords):
        read_command(verb, f"{rest} now and here", "1", ANN)


@pytest.mark.parametrize("text", ["live", "LIVE now", "eth"])
def test_resume_takes_the_one_word_that_arms_a_live_account(text: str) -> None:
    """Nothing else, on paper either."""
    with pytest.raises(BadWords, match="resume, or on a live account resume LIVE"):
        read_command("resume", text, "1", ANN)
    assert read_command("resume", " LIVE ", "1", ANN) == Resume(id="1", who=ANN, confirm="LIVE")

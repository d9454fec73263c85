"""The desk in a terminal: what it shows, what it understands, and that a script can use it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
from cli_fakes import ORDER, ORDERS, POSITIONS, PRICE, PROPOSAL, STATUS, TRADE, FakeEngine, serving

from engine.cli.desk import Desk, sit
from engine.cli.desk_text import (
    event_text,
    help_text,
    orders_text,
    positions_text,
    prices_text,
    proposal_text,
    reply_text,
    status_text,
)
from engine.cli.traded import in_status
from engine.wire.commands import AnyCommand, Approve, Buy, Confirm, Decide, GetStatus, Preview, Sell, Shown
from engine.wire.events import (
    AnyEvent,
    ApprovalChanged,
    ModeChanged,
    NewsHeard,
    Notice,
    OrderChanged,
    PricesMoved,
    ProposalClosed,
    ProposalOpened,
    SignalActed,
    TradeChanged,
    TradingArmed,
    TradingHalted,
)
from engine.wire.hand_views import ApprovalView, PreviewView
from engine.wire.line import EngineLine
from engine.wire.replies import OrderPlaced, ProposalTaken, Reply, Snapshot
from engine.wire.words import BadWords

WAITING = ApprovalView(
    approval_id="a-1", fingerprint="beef", symbol="IOTAUSDT", base_asset="IOTA", quote_asset="USDT", side="buy",
    qty="2415.0", price="1.0350", notional_quote="2500.00", worst_loss_quote="99.00", asked_by="slack:U01ALICE",
    proposal_id="", limit_quote="1000", state="waiting", decided_by="", outcome="", client_order_id="",
    ts_opened_ns=1, ts_expires_ns=120_000_000_001,
)  # fmt: skip
DECIDED = msgspec.structs.replace(PROPOSAL, state="bought", outcome="Bought by ann.")


@pytest.fixture
def home() -> Iterator[Path]:
    """Return a home whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="trader-") as folder:
        yield Path(folder)


def test_prices_are_one_line() -> None:
    """The last price and the change; a stale one says so."""
    stale = msgspec.structs.replace(PRICE, symbol="ETHUSDT", last="2682.51", change_pct=-0.5, is_fresh=False)
    assert prices_text([PRICE, stale]) == "IOTAUSDT 1.0349 (+1.25 %)   ETHUSDT 2,682.51 (−0.50 %) (stale)"
    assert prices_text([]) == "no prices yet"


def test_an_alert_has_its_numbers_and_what_to_type() -> None:
    """Price, stop, size, risk, the headline, the number to answer with, and that silence means no."""
    assert proposal_text(3, PROPOSAL).splitlines() == [
        "ALERT 3  BUY IOTAUSDT  confidence 0.72 (asks from 0.50, acts from 0.90)",
        "  headlines: “IOTA launches a marketplace” (story)",
        "  price 1.0505, stop 1.0190",
        "  238 IOTA for 250.02 USDT, at risk 7.50",
        "  type: yes 3 or no 3   (no answer within 60 s means no)",
    ]


def test_an_alert_to_sell_has_no_stop_and_no_risk() -> None:
    """It only gives away what is held, so nothing is said of either."""
    selling = msgspec.structs.replace(PROPOSAL, side="sell", stop_price="", target_price="", risk_quote="0.00")
    assert proposal_text(1, selling).splitlines()[2:4] == ["  price 1.0505", "  238 IOTA for 250.02 USDT"]


def test_the_help_names_what_is_traded() -> None:
    """Its examples can be typed as they stand, in 80 columns."""
    assert in_status(STATUS) == "SYMBOL"
    following = msgspec.structs.replace(STATUS.strategies[0], symbols=("ETHUSDT", "BTCUSDT"))
    example = in_status(msgspec.structs.replace(STATUS, strategies=(following,)))
    assert "buy ETH 250 2% 5%" in help_text(example)
    assert max(map(len, help_text("1000CHEEMS").splitlines())) <= 80


def test_a_technical_alert_gives_its_reasons_and_a_decided_one_asks_nothing() -> None:
    """Without a headline the reasons stand there; once decided nothing is to be typed."""
    technical = msgspec.structs.replace(DECIDED, headline="", warning="Trading is halted: resume first.")
    text = proposal_text(1, technical)
    assert "partnership +0.70" in text
    assert "Trading is halted: resume first." in text
    assert "type:" not in text


def test_the_status_says_that_it_is_halted_and_what_is_not_well() -> None:
    """The first line is about money and arming, each part of health has its own."""
    lines = status_text(STATUS).splitlines()
    assert lines[0] == "paper account on paper, HALTED: type resume to arm trading"
    assert "  BAD account: not reconciled" in lines
    armed = msgspec.structs.replace(STATUS, is_armed=True)
    assert status_text(armed).splitlines()[0] == "paper account on paper, armed"


def test_positions_orders_and_trades_are_plain_lines() -> None:
    """What is held with its stop, balances with what is locked, orders with their fills."""
    text = positions_text(POSITIONS)
    assert "IOTAUSDT 241.5 at 1.0350: −0.27 USDT (−0.11 %), stop 1.0143" in text
    assert "99,749.80 USDT, 241.5 IOTA (+1.5 locked)" in text
    assert "buy 241.5 IOTAUSDT: filled 241.5 IOTA at 1.0350 = 249.95 USDT, fee 0.25 USDT [t-1]" in orders_text(ORDERS)


def test_a_reply_shows_its_sentence_and_what_came_of_it() -> None:
    """A refusal has its code, once; an order its line; a click what changed since the alert."""
    assert reply_text(Reply("c", False, "HALTED", "Type resume first.")) == "Type resume first. (HALTED)"
    by_the_gate = "C2_ORDER_SIZE: limit=100 cost=250. Buy 100 or less."
    assert reply_text(Reply("c", False, "C2_ORDER_SIZE", by_the_gate)) == by_the_gate
    assert reply_text(Reply("c", True, "OK", "Sent.", OrderPlaced((ORDER,)))).startswith("Sent.\nbuy 241.5 IOTAUSDT")
    taken = ProposalTaken(DECIDED, ("price +0.31 %", "size cut 12 %"), ORDER)
    assert "  size cut 12 %\n  buy 241.5" in reply_text(Reply("c", True, "OK", "Bought.", taken))
    assert reply_text(Reply("c", True, "OK", "x", STATUS)) == status_text(STATUS)


EVENTS: list[tuple[AnyEvent, str]] = [
    (PricesMoved(ts_ns=1, prices=(PRICE,)), "IOTAUSDT 1.0349"),
    (ProposalOpened(ts_ns=1, proposal=PROPOSAL), "ALERT 7  BUY IOTAUSDT"),
    (ProposalClosed(ts_ns=1, proposal=DECIDED), "alert 7 bought: Bought by ann."),
    (SignalActed(ts_ns=1, proposal=DECIDED, order=ORDER), "  Bought by ann.\n  buy 241.5"),
    (OrderChanged(ts_ns=1, order=ORDER), "filled 241.5 IOTA at 1.0350"),
    (TradeChanged(ts_ns=1, what="closed", trade=TRADE, text="Closed at the stop."), "Closed at the stop."),
    (ModeChanged(ts_ns=1, mode="auto", strategy="", previous="ask", by="cli:ann"), "mode of everything: auto, was ask"),
    (TradingArmed(ts_ns=1, by="cli:ann"), "trading armed by cli:ann"),
    (TradingHalted(ts_ns=1, by="C6_REPEATS", reason="three alike"), "TRADING HALTED by C6_REPEATS: three alike"),
    (
        NewsHeard(
            ts_ns=1, source="story", news_id="1", title="IOTA!", url="", verdict="asked", symbols=(), confidence=0.7
        ),
        "news from story: IOTA! (asked)",
    ),
    (Notice(ts_ns=1, severity="critical", code="F17", text="The disk is full."), "CRITICAL F17: The disk is full."),
]


@pytest.mark.parametrize(("event", "text"), EVENTS, ids=[type(event).__name__ for event, _ in EVENTS])
def test_every_event_has_its_words(event: AnyEvent, text: str) -> None:
    """Nothing that the engine tells is left without words."""
    assert text in event_text(event, 7)


def test_alerts_are_numbered_and_answered_by_number() -> None:
    """``yes 1`` buys what alert 1 proposed with its fingerprint; ``no 1`` dismisses it; others are refused."""
    desk = Desk()
    with pytest.raises(BadWords, match="none so far"):
        desk.read("yes 1")
    desk.on_followed(ProposalOpened(ts_ns=1, proposal=PROPOSAL))
    yes, no = desk.read("yes 1"), desk.read("/no 1")
    assert isinstance(yes, Decide)
    assert isinstance(no, Decide)
    assert (yes.proposal_id, yes.choice, yes.fingerprint, yes.who.door) == ("p-1", "buy", "f-1", "desk")
    assert no.choice == "dismiss"
    for wrong in ("yes", "yes 2", "yes ²", "no p-2"):
        with pytest.raises(BadWords, match="by the number of its alert"):
            desk.read(wrong)


def test_an_alert_keeps_its_number_over_a_snapshot() -> None:
    """After a gap only alerts that were not seen before are shown, with the next numbers."""
    desk, second = Desk(), msgspec.structs.replace(PROPOSAL, proposal_id="p-2")
    desk.on_followed(ProposalOpened(ts_ns=1, proposal=PROPOSAL))
    text = desk.on_followed(Snapshot(1, STATUS, POSITIONS, ORDERS, (PROPOSAL, second), (PRICE,)))
    assert "ALERT 1" not in text
    assert "ALERT 2" in text
    assert "alert 1 bought" in desk.on_followed(ProposalClosed(ts_ns=2, proposal=DECIDED))


def test_prices_do_not_flood_the_terminal() -> None:
    """They come about once a second and are shown every ten."""
    desk = Desk()
    shown = [desk.on_followed(PricesMoved(ts_ns=s * 1_000_000_000, prices=(PRICE,))) for s in range(1, 22)]
    assert [bool(text) for text in shown].count(True) == 3


def test_the_desk_takes_the_words_of_slack() -> None:
    """With or without the slash, in any case; an unknown word is answered with the known ones."""
    desk = Desk()
    assert isinstance(desk.read("/BUY iota 250 2% 5%"), Buy)
    assert isinstance(desk.read(" status "), GetStatus)
    assert desk.read("   ") is None
    with pytest.raises(BadWords, match="use one of ack, auto, balance, buy"):
        desk.read("dance")


async def lines(*texts: str) -> AsyncIterator[str]:
    """Type these lines."""
    for text in texts:
        yield text


async def test_sitting_at_the_desk(home: Path) -> None:
    """Words become commands, a slip is answered without asking the engine, and ``quit`` leaves."""
    engine, said = FakeEngine(), list[str]()
    async with serving(home, engine.on_command), EngineLine(home / "engine.sock", watch=True) as line:
        await sit(line, lines("help", "buy iota nan", "buy iota 250", "quit", "halt"), said.append, "IOTA")
    assert [type(command).__name__ for command in engine.asked] == ["Buy"]
    assert any("'nan' is not a number" in text for text in said)
    assert said[-1] == "Done."


def preview(order: Buy | Sell, **changes: object) -> PreviewView:
    seen = PreviewView(
        symbol="IOTAUSDT", base_asset="IOTA", quote_asset="USDT", side="buy", qty="241.5", price="1.0350",
        limit_price="1.0557", notional_quote="249.95", avg_price="1.0352", slippage_pct=0.02, book_part=1.0,
        fee_quote="0.25", stop_price="1.0143", target_price="", worst_loss_quote="10.20", code="OK", detail="",
        advice="", needs_second=False, is_one_step=False, fingerprint=f"of-{order.id}", ts_ns=5,
        ts_expires_ns=30_000_000_005,
    )  # fmt: skip
    return msgspec.structs.replace(seen, **changes)


class PreviewingEngine(FakeEngine):
    """Previews what it is asked to, with some changes."""

    def __init__(self, **changes: object) -> None:
        super().__init__()
        self.changes = changes

    def on_command(self, command: AnyCommand) -> Reply:
        if isinstance(command, Preview):
            self.asked.append(command)
            assert isinstance(command.order, Buy | Sell)
            return Reply(command.id, True, "OK", "", preview(command.order, **self.changes))
        return super().on_command(command)


async def seated(home: Path, engine: FakeEngine, *texts: str) -> list[str]:
    """Sit at the desk as a person at a terminal, type these lines, and return what was said."""
    said = list[str]()
    async with serving(home, engine.on_command), EngineLine(home / "engine.sock", watch=True) as line:
        await sit(line, lines(*texts), said.append, "IOTA", is_asked=True)
    return said


async def test_at_a_terminal_an_order_is_previewed_and_confirmed_exactly_as_it_was_shown(home: Path) -> None:
    engine = PreviewingEngine()
    said = await seated(home, engine, "buy iota 250", "status", "confirm", "confirm")
    assert [type(command).__name__ for command in engine.asked] == ["Preview", "GetStatus", "Confirm"]
    asked, _, given = engine.asked
    assert isinstance(asked, Preview)
    assert isinstance(given, Confirm)
    assert (given.order, given.shown) == (asked.order, Shown("241.5", "1.0350", 5))
    assert given.fingerprint == f"of-{asked.order.id}"
    assert any("worst loss 10.20 USDT" in text for text in said)
    assert any("type: confirm (within 30 s), or cancel" in text for text in said)
    assert "There is no preview to confirm" in said[-1]


def test_words_after_confirm_are_refused() -> None:
    """They may be another order."""
    with pytest.raises(BadWords, match="'but less' is not understood: confirm takes no words after it"):
        Desk().read("confirm but less")


async def test_what_is_cancelled_refused_or_overtaken_is_not_confirmed(home: Path) -> None:
    engine = PreviewingEngine()
    said = await seated(home, engine, "buy iota 250", "cancel", "confirm")
    assert said[-2:] == [
        "Cancelled: nothing was ordered.",
        "There is no preview to confirm: type what to buy or sell first.",
    ]
    assert [type(command).__name__ for command in engine.asked] == ["Preview"]
    barred = PreviewingEngine(code="HALTED", advice="Type resume.")
    assert "There is no preview to confirm" in (await seated(home, barred, "sell iota all", "confirm"))[-1]
    twice = PreviewingEngine()
    await seated(home, twice, "buy iota 250", "sell iota 50%", "confirm")
    given = twice.asked[-1]
    assert isinstance(given, Confirm)
    assert isinstance(given.order, Sell)


async def test_a_confirmation_that_is_refused_leaves_the_preview_where_it_is(home: Path) -> None:
    engine = PreviewingEngine()
    engine.refusal = "The price is gone."
    said = await seated(home, engine, "buy iota 250", "confirm", "confirm")
    assert [type(command).__name__ for command in engine.asked] == ["Preview", "Confirm", "Confirm"]
    assert said[-1].startswith("The price is gone.")


async def test_a_small_amount_is_one_step_at_the_desk_too(home: Path) -> None:
    engine = PreviewingEngine(is_one_step=True)
    await seated(home, engine, "buy iota 10")
    assert [type(command).__name__ for command in engine.asked] == ["Preview", "Buy"]


def test_approve_and_dismiss_answer_an_alert_and_approve_and_decline_a_second_persons_order() -> None:
    """By number or id; each carries what was seen, and goes to the engine as a click in Slack does."""
    desk = Desk()
    desk.on_followed(ProposalOpened(ts_ns=1, proposal=PROPOSAL))
    desk.on_followed(ApprovalChanged(ts_ns=1, approval=WAITING))
    taken, left = desk.read("approve p-1"), desk.read("dismiss 1")
    assert isinstance(taken, Decide)
    assert isinstance(left, Decide)
    assert (taken.choice, taken.fingerprint, left.choice) == ("buy", "f-1", "dismiss")
    yes, no = desk.read("approve a-1"), desk.read("/decline a-1")
    assert isinstance(yes, Approve)
    assert isinstance(no, Approve)
    assert (yes.approval_id, yes.fingerprint, yes.is_yes, no.is_yes) == ("a-1", "beef", True, False)
    with pytest.raises(BadWords, match="1 to 1, a-1"):
        desk.read("approve a-2")


async def test_the_desk_follows_what_happens(home: Path) -> None:
    """An alert that opens while somebody sits there is shown, and can be answered."""
    engine, shown = FakeEngine(), asyncio.Event()
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        if "ALERT 1" in text:
            shown.set()

    async def typed() -> AsyncIterator[str]:
        yield "status"
        server.publish(ProposalOpened(ts_ns=1, proposal=PROPOSAL))
        await asyncio.wait_for(shown.wait(), 30.0)
        yield "yes 1"

    async with serving(home, engine.on_command) as server, EngineLine(home / "engine.sock", watch=True) as line:
        await sit(line, typed(), say, "IOTA")
    assert isinstance(engine.asked[-1], Decide)
    assert said[-1] == "Decided."


async def test_the_desk_says_when_the_engine_is_away(home: Path) -> None:
    """Nobody at the other end is a sentence, not the end of the desk."""
    said: list[str] = []
    async with EngineLine(home / "engine.sock", watch=True, patience_s=0.01) as line:
        await sit(line, lines("status", "quit"), said.append, "IOTA")
    assert "The engine isn't running" in said[-1]


@pytest.mark.parametrize("kind", ["pipe", "file"])
async def test_a_script_can_sit_at_the_desk(home: Path, kind: str) -> None:
    """``trader desk`` reads a pipe or a file to its end, does each line, and leaves with exit code 0."""
    engine, script = FakeEngine(), b"buy iota 250\nsell iota 50%\nstatus"
    argv = [sys.executable, "-m", "engine.cli.main", "desk"]
    env = {**os.environ, "TRADER_HOME": str(home)}
    async with serving(home, engine.on_command):
        if kind == "pipe":
            done = await asyncio.to_thread(
                subprocess.run, argv, input=script, env=env, capture_output=True, check=False
            )
        else:
            (home / "script").write_bytes(script)
            with (home / "script").open("rb") as file:
                done = await asyncio.to_thread(
                    subprocess.run, argv, stdin=file, env=env, capture_output=True, check=False
                )
    assert (done.returncode, done.stderr) == (0, b"")
    assert [type(command).__name__ for command in engine.asked] == ["GetStatus", "Buy", "Sell", "GetStatus"]
    assert b"paper account on paper" in done.stdout


def test_a_desk_without_an_engine_is_exit_code_2(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says how to start one, instead of waiting for ever."""
    monkeypatch.setenv("TRADER_HOME", str(home))
    done = subprocess.run(
        [sys.executable, "-m", "engine.cli.main", "desk"], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert done.returncode == 2
    assert b"trader run" in done.stderr

"""The four walks of docs/architecture.md, through real sockets: (a) and (d) here, (b) and (c) in Slack."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from waiting import until

from engine.cli.main import main
from engine.core.config import OrderFlow, SmaCross, Strategies, TradingConfig
from engine.core.record_codec import decode_record
from engine.core.records import Intended
from engine.live import Live
from engine.process import running
from engine.research.session import replay_session
from engine.settings import Settings
from engine.store.inputs import decode_input
from engine.store.journal import Journal
from engine.store.recorder import SessionRecord, read_session
from engine.venues.binance.sign import make_signer
from engine.venues.binance.urls import ApiKeys
from engine.venues.paper.defaults import PAPER_API_KEY, PAPER_API_SECRET
from engine.venues.paper.main import running_exchange
from engine.venues.paper.options import ExchangeOptions
from engine.wire import commands
from engine.wire.commands import Who
from engine.wire.replies import Reply

ANN = Who("ann", "ann", "cli")
EAGER = TradingConfig(
    mode="auto",
    strategies=Strategies(
        sma_cross=SmaCross(ask=0.1, act=0.2, bar_s=30, fast=2, slow=5),
        order_flow=OrderFlow(ask=0.1, act=0.2, min_trades=5),
    ),
)
"""So quick to act that a few seconds of the story give orders; the way that they go is the same as with any setting."""


@pytest.fixture(name="settings")
async def trading_at_a_paper_exchange(tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings of an engine that records its session, and the exchange that it will trade on."""
    options = ExchangeOptions(port=0, tape="story", speed=100.0, seed=7, wait_for_client=True)
    async with running_exchange(options) as urls:
        yield Settings(
            trading=EAGER,
            rest_url=urls.rest,
            stream_url=urls.stream,
            ws_api_url=urls.ws_api,
            news_stream_url=urls.news or "",
            home=tmp_path,
            http_port=0,
            record=tmp_path / "session.txt",
        )


async def until_armed(live: Live) -> None:
    """Ask to resume until the engine is ready for it."""
    for attempt in range(600):
        if ask(live, commands.Resume(id=f"resume-{attempt}", who=ANN)).ok:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the engine was never ready to be armed")


def ask(live: Live, command: commands.AnyCommand) -> Reply:
    """Give the engine a command as its line does."""
    return live.on_command(command)


async def traded_session(settings: Settings) -> list[SessionRecord]:
    """Trade the story until a few orders of strategies have been filled; return what was recorded."""
    async with running(settings) as live:
        await until_armed(live)
        await until(lambda: len(live.engine.trading.orders.finished(10)) >= 3)
    assert settings.record is not None
    return list(read_session(settings.record))


def names_of(data: bytes) -> list[str]:
    """Return the names that a request gives to what it places: one order, or a target and a stop."""
    params = msgspec.json.decode(data)["params"]
    return [params[key] for key in ("newClientOrderId", "aboveClientOrderId", "belowClientOrderId") if key in params]


async def test_walk_a_a_market_frame_becomes_order_bytes_with_nothing_in_between(settings: Settings) -> None:
    """The order's bytes leave inside the very callback that heard the trade, after its intent was journaled."""
    session = await traded_session(settings)
    orders = [i for i, record in enumerate(session) if record.kind == "order"]
    causes = [session[i - 1] for i in orders]
    by_trades = [record for record in causes if record.kind == "trade"]
    assert by_trades, "no trade led to an order"
    with Journal.open(settings.home / "journal.bin") as journal:
        intents = [r.order for r in map(decode_record, journal.records()) if isinstance(r, Intended)]
    sent = [name for i in orders for name in names_of(session[i].data)]
    assert sent == [order.client_order_id for order in intents]
    trade = decode_input("trade", by_trades[0].data)
    assert trade.ts_recv_ns in {order.ts_ns for order in intents}


async def test_walk_d_a_recorded_session_replays_to_the_same_order_bytes(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was heard is all that decides: a new engine that hears the session again sends the same bytes."""
    await traded_session(settings)
    keys = ApiKeys(PAPER_API_KEY, PAPER_API_SECRET)
    assert settings.record is not None
    parity = replay_session(settings.record, keys, make_signer(keys))
    assert len(parity.live) >= 3
    assert parity.is_equal
    assert main(["replay", str(settings.record), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["is_same"], told["orders_same"]) == (True, len(parity.live))
    settings.record.write_bytes(settings.record.read_bytes() + b"1 order 3\n{}!\n")
    assert main(["replay", str(settings.record)]) == 1


async def test_a_restart_remembers_positions_modes_and_answers(settings: Settings) -> None:
    """What the journal holds is what the next engine begins with; trading starts halted all the same."""
    buy = commands.Buy(id="buy-1", who=ANN, symbol="iota", amount=commands.Amount("quote", "250"))
    async with running(settings) as live:
        ask(live, commands.SetMode(id="mode-1", who=ANN, mode="off"))
        await until_armed(live)
        first = ask(live, buy)
        assert first.ok, first.text
        await until(lambda: live.engine.trading.portfolio.open)
        held = live.engine.trading.portfolio.position_lots(next(iter(live.engine.trading.markets)))
    again = msgspec.structs.replace(settings, record=settings.home / "session-2.txt")
    async with running(again) as live:
        trading = live.engine.trading
        assert not trading.is_armed
        assert trading.modes.everything == "off"
        await until(lambda: trading.is_reconciled)
        assert trading.portfolio.position_lots(next(iter(trading.markets))) == held
        assert ask(live, buy).text == first.text
        kinds = {order.approved.origin for order in trading.orders.working()}
        assert kinds == {"exit:stop_loss", "exit:take_profit"}, "its protection stayed at the exchange throughout"

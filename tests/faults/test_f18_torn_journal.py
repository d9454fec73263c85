"""F18: a torn tail is cut and the account reconciled; a flipped bit before it keeps the engine from starting."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from asking import ask, until_armed
from fault_bench import ANN, IS_FULL, new_id
from moving_market import Market, engine_process, install

from engine.cli.main import main
from engine.store.frames import HEAD_BYTES, HEADER, payload_at
from engine.venues.paper.main import Urls, running_exchange
from engine.venues.paper.options import ExchangeOptions
from engine.wire import commands
from engine.wire.line import EngineLine, socket_path
from engine.wire.views import PositionsView

WITHIN_S = 60.0


@pytest.fixture(name="market")
def a_market_moved_by_hand(monkeypatch: pytest.MonkeyPatch) -> Market:
    """The tape of the next exchange."""
    return install(monkeypatch)


async def agrees(home: Path, urls: Urls, market: Market) -> None:
    """Start an engine on the journal as it is; once it is ready it holds what the exchange holds, under a stop."""
    async with engine_process(home, urls) as engine, EngineLine(socket_path(home)) as line:
        await until_armed(line)
        view = (await ask(line, commands.GetPositions(id=new_id(), who=ANN))).result
        assert isinstance(view, PositionsView)
        assert sum(round(float(trade.qty) * 10_000) for trade in view.positions) == market.exchange.held_lots() > 0
        async with asyncio.timeout(WITHIN_S):
            while market.exchange.stop_lots() != market.exchange.held_lots():
                await asyncio.sleep(0.02)
        engine.kill()
        await engine.wait()


def starts(data: bytes) -> list[int]:
    """Return where each record begins, and the end."""
    places = [len(HEADER)]
    while (payload := payload_at(data, places[-1])) is not None:
        places.append(places[-1] + HEAD_BYTES + len(payload))
    return places


@pytest.mark.timeout(3600 if IS_FULL else 240)
async def test_f18_a_torn_tail_is_cut_and_the_account_is_reconciled(
    tmp_path: Path, market: Market, capsys: pytest.CaptureFixture[str]
) -> None:
    """Real engines on a journal that ends in the middle of one of its last records; then on one that is damaged."""
    path = tmp_path / "journal.bin"
    async with running_exchange(ExchangeOptions(port=0, balances={"USDT": "100000"})) as urls:
        async with engine_process(tmp_path, urls) as engine, EngineLine(socket_path(tmp_path)) as line:
            await until_armed(line)
            amount = commands.Amount("quote", "500")
            assert (await ask(line, commands.Buy(id=new_id(), who=ANN, symbol="eth", amount=amount))).ok
            async with asyncio.timeout(WITHIN_S):
                while not market.exchange.held_lots() or market.exchange.stop_lots() != market.exchange.held_lots():
                    await asyncio.sleep(0.02)
            engine.kill()
            await engine.wait()
        for back in range(1, 40) if IS_FULL else (1,):
            data = path.read_bytes()
            path.write_bytes(data[: starts(data)[-1 - (back % 3)] + back] if back % 3 else data[:-back])
            await agrees(tmp_path, urls, market)
        data = bytearray(path.read_bytes())
        data[starts(bytes(data))[2] + HEAD_BYTES] ^= 0x10
        path.write_bytes(data)
        async with engine_process(tmp_path, urls) as refusing:
            assert await refusing.wait() == 2
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TRADER_HOME", str(tmp_path))
            assert await asyncio.to_thread(main, ["journal", "check"]) == 1
            assert await asyncio.to_thread(main, ["journal", "cut"]) == 0
        assert "trader reconcile" in capsys.readouterr().out
        await agrees(tmp_path, urls, market)

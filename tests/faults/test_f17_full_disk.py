"""F17: a disk that is full, and a journal that can't be written: nothing is bought, cancels leave, an alarm tells."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from fault_bench import ANN, Scene, new_id
from fault_bench import trading as engine_and_exchange
from moving_market import EXCHANGE_EXITS, SYMBOL, Market, install, until_covered

from engine.core.instrument import parse_e8
from engine.wire import commands
from engine.wire.views import HealthView

SMALL: Final = "size=3m"
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(name="market")
def a_market_moved_by_hand(monkeypatch: pytest.MonkeyPatch) -> Market:
    """The tape of the next exchange."""
    return install(monkeypatch)


@pytest.fixture(name="small_disk")
def a_small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB; skipped where nobody may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", SMALL, "tmpfs", folder], check=False, capture_output=True, text=True
    )
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(disk: Path) -> None:
    """Leave no byte free."""
    with open(disk / "filler", "ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1024))


async def protected(scene: Scene, market: Market) -> None:
    """Buy, and wait until the exchange has the stop."""
    await scene.bought("500")
    await until_covered(scene, market)


async def orders_at_the_exchange(scene: Scene) -> set[str]:
    """Return the names of all orders that the exchange ever had of the symbol."""
    return {row["clientOrderId"] for row in await scene.asked("allOrders", symbol=SYMBOL, limit=1000)}


async def use_up_the_page(scene: Scene, home: Path) -> None:
    """Write into the journal until what is left of its last page is less than an order's records need."""
    while _PAGE - (home / "journal.bin").stat().st_size % _PAGE > 400:
        assert (await scene.ask(commands.SetMode(id=new_id(), who=ANN, mode="auto"))).ok


def outside(scene: Scene) -> Sequence[HealthView]:
    """Return how the rooms around the core are."""
    return scene.live.engine.people.outside_health


def alarms(scene: Scene) -> list[str]:
    """Return what people were told about the journal."""
    return [text for text in scene.notices("FAULT") if "the journal can't be written" in text]


async def test_f17_on_a_full_disk_nothing_is_bought_and_what_is_held_can_be_sold(
    small_disk: Path, market: Market
) -> None:
    """The sale is written first, into the room that the journal had laid up; nobody can arm trading again meanwhile."""
    async with engine_and_exchange(small_disk, EXCHANGE_EXITS) as scene:
        await protected(scene, market)
        resting = scene.limit_buy(5.0, 500)
        await scene.until(lambda: scene.order(resting).state == "working")
        fill(small_disk)
        await use_up_the_page(scene, small_disk)
        before = await orders_at_the_exchange(scene)
        await scene.buy("200")
        await scene.until(lambda: alarms(scene))
        assert await orders_at_the_exchange(scene) == before
        assert not scene.trading.is_armed
        assert (await scene.cancel(resting)).ok
        await scene.until(lambda: scene.order(resting).state == "canceled")
        await scene.until(lambda: any(h.name == "journal" and not h.is_ok for h in outside(scene)))
        assert (await scene.ask(commands.Resume(id=new_id(), who=ANN))).code == "NOT_READY"
        await scene.close()
        await scene.until(lambda: market.exchange.held_lots() == 0 and not scene.trading.portfolio.open)
    (small_disk / "filler").unlink()
    async with engine_and_exchange(small_disk, EXCHANGE_EXITS, is_armed=False) as again:
        assert not again.trading.portfolio.open, "the sale was written down"


@pytest.mark.parametrize("flatten", [False, True])
async def test_f17_a_journal_that_can_not_be_written_lets_cancels_leave_and_nothing_else(
    tmp_path: Path, market: Market, flatten: bool
) -> None:
    """No entry and no sale, which could be given twice after a restart; what protects at the exchange stays there."""
    async with engine_and_exchange(tmp_path, EXCHANGE_EXITS) as scene:
        await protected(scene, market)
        resting = scene.limit_buy(5.0, 500)
        await scene.until(lambda: scene.order(resting).state == "working")
        read_only = os.open(tmp_path / "journal.bin", os.O_RDONLY)
        journal: Any = scene.live._pen._journal
        os.dup2(read_only, journal.fileno())
        os.close(read_only)
        before = await orders_at_the_exchange(scene)
        await scene.buy("200")
        await scene.ask(commands.Close(id=new_id(), who=ANN, symbol="all"))
        await scene.ask(commands.Kill(id=new_id(), who=ANN, flatten=flatten))
        await scene.until(lambda: scene.order(resting).state == "canceled")
        assert alarms(scene)
        assert not scene.trading.is_armed
        await scene.until(lambda: scene.trading.strangers.ts_compared_ns)
        assert await orders_at_the_exchange(scene) == before
        assert market.exchange.stop_lots() == market.exchange.held_lots() > 0
        account = await scene.asked("account")
        assert any(row["asset"] == "ETH" and parse_e8(row["locked"]) for row in account["balances"])

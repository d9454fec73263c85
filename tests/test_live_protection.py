"""What protects a position leaves as an order does: written down first, with a cause behind it, both halves or none."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from engine.core.actions import Action, Protect, Replace
from engine.core.record_codec import AnyRecord, decode_record
from engine.core.records import Intended
from engine.core.types import (
    ApprovedOrder,
    ApprovedProtection,
    ClientOrderId,
    OrderListId,
    OrderRequest,
    OrderType,
    Side,
    TradeId,
)
from engine.core.warm import FIRST_TICKS, SCRATCH, scratch_engine
from engine.live import Live
from engine.store.journal import JournalUnwritable

T0 = 10**18


class Disk:
    """A journal in memory that may be full."""

    def __init__(self, *, is_full: bool) -> None:
        self.failure = ""
        self.records: list[AnyRecord] = []
        self._is_full = is_full

    def append(self, payload: bytes) -> None:
        if self._is_full:
            self.failure = "no space left"
            raise JournalUnwritable(self.failure)
        self.records.append(decode_record(payload))

    def use_reserve(self) -> bool:
        return False


class Wire:
    """Where orders leave; keeps what left, and how much had been written down by then."""

    def __init__(self, disk: Disk) -> None:
        self.left: list[tuple[str, int]] = []
        self._disk = disk

    def send_protection(self, protection: ApprovedProtection) -> bool:
        self.left.append((protection.list_id, len(self._disk.records)))
        return True

    def replace(self, order: ApprovedOrder, cancelled: str, along: tuple[str, ...]) -> bool:
        self.left.append((f"{order.client_order_id} for {cancelled}", len(self._disk.records)))
        return True


def a_live(*, is_full: bool = False) -> tuple[Live, Disk, Wire]:
    disk = Disk(is_full=is_full)
    live, wire = Live(scratch_engine(T0), disk, None), Wire(disk)
    wired: Any = wire
    live.orders = wired
    return live, disk, wire


def a_protection(live: Live) -> ApprovedProtection:
    """Let the gate approve a stop and a target over a thousand lots."""
    trading = live.engine.trading
    facts = msgspec.structs.replace(trading.facts(SCRATCH.symbol), sellable_lots=1000)
    stop, target = (_leg("stop", OrderType.STOP_LOSS_LIMIT), _leg("target", OrderType.LIMIT_MAKER))
    protection = trading.gate.protect(OrderListId("tr-list"), stop, target, facts)
    assert isinstance(protection, ApprovedProtection), protection
    return protection


def _leg(name: str, kind: OrderType) -> OrderRequest:
    stop, target = FIRST_TICKS * 98 // 100, FIRST_TICKS * 104 // 100
    return OrderRequest(
        ClientOrderId(f"tr-{name}"), SCRATCH.symbol, Side.SELL, kind, 0, 0, True, stop, target,
        f"protection:t:0:{name}", "exit:stop_loss", TradeId("t"), T0,
    )  # fmt: skip


def actions(live: Live) -> tuple[list[Action], list[str]]:
    """Return a protection and a sale that takes its place, and the causes of all three orders."""
    protection = a_protection(live)
    sale = protection.stop
    both: list[Action] = [Protect(protection), Replace(sale, protection.legs[0], ())]
    return both, [*(order.cause_id for order in protection.orders), sale.cause_id]


def test_each_order_is_written_down_before_the_bytes_of_the_list_leave() -> None:
    live, disk, wire = a_live()
    (protect, replace), causes = actions(live)
    for action, due in ((protect, causes[:2]), (replace, causes[2:])):
        for cause in due:
            live.engine.trading.last_hop.cause_in(cause)
        live.perform([action])
    assert wire.left == [("tr-list", 2), ("tr-stop for tr-target", 3)]
    names = [record.order.client_order_id for record in disk.records if isinstance(record, Intended)]
    assert names == ["tr-target", "tr-stop", "tr-stop"]


@pytest.mark.parametrize("which", [0, 1], ids=["list", "replacement"])
def test_c15_without_a_cause_for_each_nothing_leaves_and_trading_halts(which: int) -> None:
    live, _, wire = a_live()
    both, causes = actions(live)
    if which == 0:
        live.engine.trading.last_hop.cause_in(causes[0])  # one of two is not enough
    live.perform([both[which]])
    assert wire.left == []
    assert not live.engine.trading.is_armed


@pytest.mark.parametrize("which", [0, 1], ids=["list", "replacement"])
def test_f17_nothing_leaves_that_could_not_be_written_down(which: int) -> None:
    live, _, wire = a_live(is_full=True)
    both, causes = actions(live)
    for cause in causes:
        live.engine.trading.last_hop.cause_in(cause)
    live.perform([both[which]])
    assert wire.left == []

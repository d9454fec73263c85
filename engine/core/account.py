"""The venue's account at one moment: what it holds, and what is open there."""

from __future__ import annotations

import msgspec

from engine.core.types import ExecutionReport


class Balance(msgspec.Struct, frozen=True, gc=False):
    """What the account holds of one asset, in 1e-8 of it."""

    asset: str
    free_e8: int
    locked_e8: int


class AccountSnapshot(msgspec.Struct, frozen=True):
    """The venue's account at one moment, for reconciliation."""

    balances: tuple[Balance, ...]
    open_orders: tuple[ExecutionReport, ...]
    ts_recv_ns: int
    ts_asked_ns: int = 0
    """When the venue was asked: what changed after that need not be in it. 0 where asking takes no time."""

"""How the comparison of the venue's account with ours looks from outside."""

from __future__ import annotations

from typing import Literal

import msgspec


class ForeignOrderView(msgspec.Struct, frozen=True):
    """An open order on our account that we did not place."""

    symbol: str
    client_order_id: str
    side: Literal["buy", "sell"]
    qty: str
    filled_qty: str
    price: str
    """Empty for one without a limit."""
    base_asset: str
    quote_asset: str
    state: Literal["waiting", "adopted", "ignored", "gone"]
    decided_by: str = ""


class ComparedView(msgspec.Struct, frozen=True):
    """One symbol as the venue has it, and as we do; amounts in decimals of the base asset."""

    symbol: str
    base_asset: str
    held: str
    """What the account has of the base asset, free and locked."""
    position: str
    """What of that is ours."""
    aside: str
    """What of that was there besides, as far as it was counted."""
    open_orders: int
    """Of ours, open at the venue as far as we know."""
    foreign: int
    """Orders of somebody else's that wait for a word."""
    trouble: str
    """Why it has no entries; empty where it adds up."""


class ReconciliationView(msgspec.Struct, frozen=True, tag="reconciliation"):
    """What was compared, and what was found."""

    ts_compared_ns: int
    """When the venue was asked; 0 where it has not answered yet."""
    is_reconciled: bool
    is_moving: bool
    """An order was under way, so that only open orders were compared, and balances the next time."""
    findings: tuple[str, ...]
    symbols: tuple[ComparedView, ...]
    """Those that have something of ours or of somebody else's, or trouble."""
    foreign: tuple[ForeignOrderView, ...]
    """Those that wait for somebody's word."""

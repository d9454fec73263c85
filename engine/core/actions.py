"""What the core wants done, in this order: written down, sent, asked, and only then told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from engine.core.records import AnyRecord
from engine.core.types import ApprovedOrder, ClientOrderId, Symbol
from engine.wire.events import AnyEvent


class Write(msgspec.Struct, frozen=True):
    """Append a record to the journal."""

    record: AnyRecord


class Send(msgspec.Struct, frozen=True):
    """Send an approved order; its intent was written by the action before."""

    order: ApprovedOrder


class Cancel(msgspec.Struct, frozen=True):
    """Cancel an open order of ours."""

    symbol: Symbol
    client_order_id: ClientOrderId


class Query(msgspec.Struct, frozen=True):
    """Ask the venue what became of an order, its fills included."""

    symbol: Symbol
    client_order_id: ClientOrderId


class Publish(msgspec.Struct, frozen=True):
    """Tell whoever watches. The event is made by ``make()`` when everything else was done: making it is not on the
    way of an order."""

    make: Callable[[], AnyEvent]


Action: TypeAlias = Write | Send | Cancel | Query | Publish

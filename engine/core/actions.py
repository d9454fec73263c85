"""What the core wants done, in this order: written down, sent, asked, and only then told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from engine.core.record_codec import AnyRecord
from engine.core.types import ApprovedOrder, ApprovedProtection, ClientOrderId, Symbol
from engine.wire.events import AnyEvent


class Write(msgspec.Struct, frozen=True):
    """Append a record to the journal."""

    record: AnyRecord


class Send(msgspec.Struct, frozen=True, gc=False):
    """Send an approved order, once its intent has been written to the journal."""

    order: ApprovedOrder
    decided: int = 0
    gated: int = 0
    """When it was worded and when it was approved, by the clock that was given for that."""


class Replace(msgspec.Struct, frozen=True):
    """Cancel a protective order, and send a sale instead, once its intent has been written to the journal.

    One request: the sale leaves only if the cancel succeeds, so that nothing is sold twice.
    """

    order: ApprovedOrder
    cancelled: ClientOrderId
    along: tuple[ClientOrderId, ...]
    """The others of its list, which go with it."""


class Protect(msgspec.Struct, frozen=True):
    """Send a stop and a target as one list, once the intents of both have been written to the journal."""

    protection: ApprovedProtection


class Cancel(msgspec.Struct, frozen=True):
    """Cancel an open order of ours."""

    symbol: Symbol
    client_order_id: ClientOrderId


class Query(msgspec.Struct, frozen=True):
    """Ask the venue what became of an order, its fills included."""

    symbol: Symbol
    client_order_id: ClientOrderId


class AskAccount(msgspec.Struct, frozen=True):
    """Ask the venue for the account before it is due: at once, or when things have settled."""

    is_urgent: bool


class Publish(msgspec.Struct, frozen=True):
    """Tell whoever watches. The event is made by ``make()`` when everything else was done: making it is not on the
    way of an order."""

    make: Callable[[], AnyEvent]


class Later(msgspec.Struct, frozen=True):
    """Let the core go on with what no order waits for, once everything else was done: ``Engine.after``."""

    go_on: Callable[[], None]


Action: TypeAlias = Write | Send | Replace | Protect | Cancel | Query | AskAccount | Publish | Later

"""How a sale is cut where what it sells is locked by protection that rests at the exchange in several parts.

One request can make one list go, and gets what that had locked (cancelReplace). So each part that is needed makes way
for a sale of its own: then nothing is sold that the exchange has just sold itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, takewhile
from typing import NamedTuple

import msgspec

from engine.core.orders import Order, Orders
from engine.core.resting import Part
from engine.core.types import ApprovedOrder, OrderRequest, order_name


class Cut(NamedTuple):
    """A piece of a sale, and the part that makes way for it; None where nothing has to."""

    lots: int
    part: Part | None


def cuts(lots: int, free_lots: int, parts: Sequence[Part], least_lots: int) -> list[Cut]:
    """Cut a sale of so many lots; ``free_lots`` are locked by no part, and go with the first piece.

    The part that is just as large makes way, else the smallest that is large enough, else several, the largest first.
    A piece of less than ``least_lots``, which the venue would not take, is made larger at the cost of the one before.
    """
    if not parts or lots <= free_lots:
        return [Cut(lots, None)]
    enough = [part for part in parts if part.rest_lots + free_lots >= lots]
    if enough:
        same = [part for part in enough if part.rest_lots == lots]
        return [Cut(lots, (same or sorted(enough, key=lambda part: part.rest_lots))[0])]
    found: list[Cut] = []
    for part in sorted(parts, key=lambda part: -part.rest_lots):
        piece = min(part.rest_lots + (0 if found else max(free_lots, 0)), lots)
        if piece > 0:
            found.append(Cut(piece, part))
            lots -= piece
    return _without_crumb(found, least_lots)


def piece_of(request: OrderRequest, lots: int, number: int) -> OrderRequest:
    """Word a piece of a sale: the first, number 0, keeps its name, the others have causes of their own."""
    if not number:
        return msgspec.structs.replace(request, qty_lots=lots)
    cause_id = _cause_of(request.cause_id, number)
    return msgspec.structs.replace(request, qty_lots=lots, cause_id=cause_id, client_order_id=order_name(cause_id))


def pieces(first: ApprovedOrder, orders: Orders) -> list[Order]:
    """Return the orders that a sale was cut into, given the first of them."""
    names = (order_name(_cause_of(first.cause_id, number)) for number in count(1))
    others = takewhile(lambda order: order is not None, map(orders.get, names))
    return [orders.of(first), *(order for order in others if order is not None)]


def _without_crumb(found: list[Cut], least_lots: int) -> list[Cut]:
    missing = least_lots - found[-1].lots
    if len(found) < 2 or missing <= 0:
        return found
    *before, giver, crumb = found
    if giver.lots - missing < least_lots:
        return [*before, giver]
    return [*before, Cut(giver.lots - missing, giver.part), Cut(least_lots, crumb.part)]


def _cause_of(cause_id: str, number: int) -> str:
    """Name the cause of a further piece; numbers begin with 1."""
    return f"{cause_id}:part{number}"

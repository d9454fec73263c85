"""The venue's words about order lists, as it writes them: replies, the user's stream.

Unknown fields are ignored, because the venue adds them at will.
"""

from __future__ import annotations

import msgspec


class ListedEventWire(msgspec.Struct, frozen=True):
    """An order of a list in an event. Raw: ``{"s":"ETHBTC","i":17,"c":"AJYsMjErWJesZvqlJCTUgL"}``."""

    client_order_id: str = msgspec.field(name="c")


class ListStatusWire(msgspec.Struct, frozen=True):
    """A list that began, changed, ended, or was refused something.

    Raw: ``{"e":"listStatus","E":1564035303637,"s":"ETHBTC","g":2,"c":"OCO","l":"EXEC_STARTED","L":"EXECUTING",``
    ``"r":"NONE","C":"F4QN4G8DlFATFlIUQ0cjdD","T":1564035303625,"O":[{"s":"ETHBTC","i":17,"c":"AJYs…"},…]}``.
    Source: Binance, User data stream, "Order Update"; what ``l`` can be: ENUM definitions, "Order List Status
    (listStatusType)".
    """

    status_type: str = msgspec.field(name="l")
    orders: tuple[ListedEventWire, ...] = msgspec.field(default=(), name="O")


class AnswerShape(msgspec.Struct, frozen=True):
    """Enough of an answer to see whether it is about a list. Raw: ``{"orderListId":2,…,"orderReports":[{…},{…}]}``."""

    order_reports: tuple[msgspec.Raw, ...] | None = msgspec.field(default=None, name="orderReports")

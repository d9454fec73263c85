"""How the paper exchange refuses: Binance's own codes, words and HTTP statuses.

Source: Binance spot documentation, "Error codes for Binance".
"""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):
    """A request that the venue turns down, in the venue's words."""

    def __init__(self, code: int, message: str, status: int = 400, data: Mapping[str, object] | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status
        self.data = data
        """Further fields of the answer, as -2021's two half results."""


def filter_failure(name: str) -> Refused:
    """Refuse for a symbol's filter."""
    return Refused(-1013, f"Filter failure: {name}")


def new_order_rejected(why: str) -> Refused:
    """Refuse an order that the matching can't take (-2010)."""
    return Refused(-2010, why)


def cancel_rejected(why: str = "Unknown order sent.") -> Refused:
    """Refuse a cancel (-2011)."""
    return Refused(-2011, why)


def no_such_order() -> Refused:
    """Answer a query for an order that does not exist (-2013)."""
    return Refused(-2013, "Order does not exist.")


def invalid_symbol() -> Refused:
    """Refuse a symbol that is not listed here (-1121)."""
    return Refused(-1121, "Invalid symbol.")


def mandatory(name: str) -> Refused:
    """Refuse for a parameter that is missing or empty (-1102)."""
    return Refused(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def unneeded(name: str) -> Refused:
    """Refuse for a parameter that this kind of order does not take (-1106)."""
    return Refused(-1106, f"Parameter '{name}' sent when not required.")

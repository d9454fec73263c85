"""What can go wrong at this border, in our own words: no foreign exception leaves this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.venues.binance.order_wires import ErrorDataWire


class VenueError(Exception):
    """Something between us and the venue failed; the text is a sentence for a person."""

    may_have_worked = False
    """True where what was asked may have been done all the same."""


class BadFrame(VenueError):
    """A message that makes no sense: it is dropped and counted, and nothing of it was applied (F15)."""

    may_have_worked = True


class Unreachable(VenueError):
    """No answer came: no route, refused, reset or timed out. What was asked may have been done all the same."""

    may_have_worked = True


class RequestRefused(VenueError):
    """The venue answered with an error.

    ``status`` is the HTTP status (the WebSocket API uses the same), ``code`` the venue's own (0 for none), ``data``
    what it says besides.
    """

    def __init__(self, status: int, code: int, message: str, data: ErrorDataWire | None = None) -> None:
        super().__init__(f"the venue answered {status} ({code}): {message}")
        self.status = status
        self.code = code
        self.message = message
        self.data = data


class Throttled(VenueError):
    """Not sent: the venue asked for silence, or the next request would pass its limits (F7)."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"the venue wants silence for another {wait_s:.1f} s; nothing was sent")
        self.wait_s = wait_s


class KeyRefused(VenueError):
    """The account's key may do too much or too little, or nobody says what: waiting does not help, another does."""


class NotTraded(VenueError):
    """A symbol that was named can't be traded here; waiting does not help, naming another one does."""

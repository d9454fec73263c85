"""What waits to be sent to the channel: at Slack's pace, the urgent first, each message in its latest state only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.render.blocks import clip

Send: TypeAlias = Callable[[], Awaitable[None]]
Drop: TypeAlias = Callable[[], None]

_log = logging.getLogger(__name__)
# Source: Slack, "Rate limits": about one message per second per channel, short bursts allowed. Measured: eight
# at once lost one even with the SDK's retry handler.
_GAP_S: Final = 1.0
_BURST: Final = 3
_FIRST_BACKOFF_S: Final = 0.2
_LONGEST_BACKOFF_S: Final = 30.0
_LAST_WORDS_S: Final = 1.0
_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429
_NOT_SLACKS_DAY: Final = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
"""Words with which Slack says that it failed itself. Source: Slack, "chat.postMessage", errors."""
_PAGE_OF_A_PROXY: Final = 200
"""So many characters of it say enough in a log."""


class Outbox:
    """A queue of one channel. A job put under a key that already waits takes its place, so edits coalesce."""

    def __init__(self, *, gap_s: float = _GAP_S, burst: int = _BURST, backoff_s: float = _FIRST_BACKOFF_S) -> None:
        """Allow ``burst`` messages at once after a quiet time, then one each ``gap_s`` seconds.

        ``backoff_s`` is the first wait when Slack can't be reached; it doubles up to half a minute.
        """
        self._backoff_s = backoff_s
        self._gap_s = gap_s
        self._burst = burst
        self._jobs: dict[str, tuple[Send, Drop]] = {}
        self._urgent: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._empty_at = 0.0

    @property
    def backlog(self) -> int:
        """How many messages wait."""
        return len(self._jobs)

    def put(self, key: str, send: Send, *, is_urgent: bool = False, dropped: Drop = lambda: None) -> None:
        """Queue a job; ``send`` is called when its turn comes and should then say what is true at that moment.

        The urgent ones go first, in order. ``dropped`` is called when Slack refuses it for good.
        """
        self._jobs[key] = send, dropped
        if is_urgent:
            self._urgent[key] = None
        self._idle.clear()
        self._wake.set()

    async def drained(self) -> None:
        """Wait until nothing waits."""
        await self._idle.wait()

    async def run(self) -> None:
        """Send what is put, for ever."""
        while True:
            while not self._jobs:
                self._idle.set()
                self._wake.clear()
                await self._wake.wait()
            await self._wait_for_turn()
            key = next(iter(self._urgent or self._jobs))
            self._urgent.pop(key, None)
            await self._deliver(key, *self._jobs.pop(key))

    async def _deliver(self, key: str, send: Send, dropped: Drop) -> None:
        backoff_s = self._backoff_s
        while True:
            try:
                await _to_its_end(send)
                return None
            except SlackApiError as error:
                wait_s = wait_asked_for(error, backoff_s)
                if wait_s is None:
                    _log.error("Slack refused a message", extra={"key": key, "why": reason_of(error)})
                    return dropped()
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                wait_s = backoff_s
                _log.warning("Slack can't be reached", extra={"key": key, "why": repr(error)})
            await asyncio.sleep(wait_s)
            backoff_s = min(backoff_s * 2, _LONGEST_BACKOFF_S)
            send, dropped = self._jobs.pop(key, (send, dropped))

    async def _wait_for_turn(self) -> None:
        """Keep a leaky bucket: ``_empty_at`` is when it would be empty again."""
        now = asyncio.get_running_loop().time()
        self._empty_at = max(self._empty_at, now) + self._gap_s
        await asyncio.sleep(max(0.0, self._empty_at - now - self._burst * self._gap_s))


async def _to_its_end(send: Send) -> None:
    """Send; when we are stopped meanwhile, still hear Slack's answer, or the message would be posted again later."""
    sending = asyncio.ensure_future(send())
    try:
        await asyncio.shield(sending)
    except asyncio.CancelledError:
        await asyncio.wait({sending}, timeout=_LAST_WORDS_S)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        raise


def wait_asked_for(error: SlackApiError, backoff_s: float) -> float | None:
    """Say how many seconds to wait before the same is tried again; None where trying again is no use."""
    status = getattr(error.response, "status_code", 0)
    if status == _TOO_MANY or reason_of(error) == "ratelimited":
        headers = getattr(error.response, "headers", {})
        return float(headers.get("Retry-After") or headers.get("retry-after") or backoff_s)
    return backoff_s if status >= _SERVER_ERROR or reason_of(error) in _NOT_SLACKS_DAY else None


def may_have_been_taken(error: SlackApiError | aiohttp.ClientError) -> bool:
    """Tell whether Slack may have done what it was asked for, although there is no answer that says so."""
    if not isinstance(error, SlackApiError):
        return not isinstance(error, aiohttp.ClientConnectorError)
    status = getattr(error.response, "status_code", 0)
    return status >= _SERVER_ERROR or reason_of(error) in _NOT_SLACKS_DAY


def reason_of(error: SlackApiError) -> str:
    """Return Slack's own word for what is wrong, for example ``channel_not_found``."""
    # A proxy in between answers with a page of its own, which the client hands on as text.
    answer = getattr(error.response, "data", error.response)
    return str(answer.get("error") or "") if isinstance(answer, dict) else clip(str(answer), _PAGE_OF_A_PROXY)

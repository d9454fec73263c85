"""Requests over HTTP: one warm session, errors in our own words, silence where the venue asks for it (F7)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

import aiohttp
import msgspec
from yarl import URL

from engine.venues.binance.errors import RequestRefused, Unreachable
from engine.venues.binance.limits import Budget
from engine.venues.binance.order_wires import ErrorWire
from engine.venues.binance.orders_codec import OrderEncoder
from engine.venues.binance.sign import rest_payload
from engine.venues.binance.urls import ApiKeys

_TIMEOUT_S: Final = 10.0
_BAD_TIMESTAMP: Final = -1021
"""Source: Binance, "Error codes", INVALID_TIMESTAMP."""

_error = msgspec.json.Decoder(ErrorWire)


class RestClient:
    """Talks to one venue's REST API for one account; ``encoder`` signs, None where there are no keys."""

    def __init__(
        self,
        base_url: str,
        keys: ApiKeys | None,
        encoder: OrderEncoder | None,
        budget: Budget,
        clock_ns: Callable[[], int],
    ) -> None:
        self.clock_offset_ms = 0
        """The venue's clock less ours."""
        self.used_weight = 0
        """Of what the venue allows in a minute, as its last answer said."""
        self.on_stale_clock: Callable[[], None] = _nothing
        """Called when the venue refuses our clock (C17)."""
        self._base_url = base_url
        self._headers = {"X-MBX-APIKEY": keys.api_key} if keys else {}
        self._encoder = encoder
        self._budget = budget
        self._clock_ns = clock_ns
        self._session: aiohttp.ClientSession | None = None

    def venue_ms(self) -> int:
        """Return the time by the venue's clock."""
        return self._clock_ns() // 1_000_000 + self.clock_offset_ms

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, path: str, params: Mapping[str, str | int] | None = None, *, is_bulk: bool = False) -> bytes:
        """Ask for something public; raises RequestRefused, Unreachable or Throttled.

        ``is_bulk`` says that many such questions may come at once, and that others go first.
        """
        query = rest_payload((name, str(value)) for name, value in (params or {}).items()).decode()
        return await self._request("GET", f"{path}?{query}" if query else path, None, is_bulk=is_bulk)

    async def signed(self, method: str, path: str, params: Mapping[str, str | int]) -> bytes:
        """Ask for something of the account, the parameters in the query; raises as ``get`` does."""
        if self._encoder is None:
            raise ValueError("this needs API keys, and there are none: put them into the environment")
        query = self._encoder.encode_rest_request(params, self.venue_ms()).decode()
        return await self._request(method, f"{path}?{query}", None)

    async def post_order(self, body: bytes, path: str = "/api/v3/order") -> bytes:
        """Send orders that are encoded and signed; raises as ``get`` does, Unreachable meaning: outcome unknown."""
        return await self._request("POST", path, body)

    async def _request(self, method: str, target: str, body: bytes | None, *, is_bulk: bool = False) -> bytes:
        now_s = asyncio.get_running_loop().time()
        self._budget.check_weight(now_s, is_urgent=method == "DELETE", is_bulk=is_bulk)
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S))
        headers = self._headers
        if body is not None:
            headers = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        # Encoded already: the query must stay exactly as it was signed.
        url = URL(self._base_url + target, encoded=True)
        try:
            async with self._session.request(method, url, data=body, headers=headers) as answer:
                data = await answer.read()
                self._note(answer.status, answer.headers)
                if answer.status >= 400:
                    refused = _refusal(answer.status, data)
                    if refused.code == _BAD_TIMESTAMP:
                        self.on_stale_clock()
                    raise refused
                return data
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(f"no answer from the venue: {type(error).__name__}") from None

    def _note(self, status: int, headers: Mapping[str, str]) -> None:
        """Take what the answer says of the venue's limits."""
        now_s = asyncio.get_running_loop().time()
        self.used_weight = _whole(headers.get("X-MBX-USED-WEIGHT-1M", ""), self.used_weight)
        self._budget.on_weight(self.used_weight, now_s)
        if status in (418, 429):
            self._budget.on_refused(status, _whole(headers.get("Retry-After", ""), 0), now_s)
        else:
            self._budget.is_banned = False


def _refusal(status: int, data: bytes) -> RequestRefused:
    try:
        error = _error.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        error = ErrorWire(0, data[:100].decode("utf-8", "replace"))
    return RequestRefused(status, error.code, error.msg, error.data)


def _nothing() -> None:
    """Stand in until somebody listens."""


def _whole(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() else otherwise

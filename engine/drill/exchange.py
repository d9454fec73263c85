"""Asks the paper exchange what is true: a client of its own, so that a mistake of the engine's can't hide itself."""

from __future__ import annotations

import hashlib
import hmac
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

import aiohttp
import msgspec

from engine.clock import now_ns
from engine.core.instrument import parse_e8
from engine.venues.paper.defaults import PAPER_API_KEY, PAPER_API_SECRET
from engine.venues.paper.main import Urls


class Rules(NamedTuple):
    """What the exchange takes of a symbol, in 1e-8."""

    lot_e8: int
    min_notional_e8: int


class Asker:
    """Signed questions over REST; open it with ``async with``."""

    def __init__(self, urls: Urls) -> None:
        self._base = f"{urls.rest}/api/v3/"
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(headers={"X-MBX-APIKEY": PAPER_API_KEY})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def rules(self) -> dict[str, Rules]:
        """Return by base asset what the exchange takes of it."""
        if self._session is None:
            raise RuntimeError("open the asker first: async with Asker(urls) as asker")
        async with self._session.get(f"{self._base}exchangeInfo") as response:
            info = msgspec.json.decode(await response.read())
        return {
            row["baseAsset"]: _rules({rule["filterType"]: rule for rule in row["filters"]}) for row in info["symbols"]
        }

    async def ask(self, what: str, **params: str | int) -> Any:
        """Return the answer as plain objects; raises aiohttp.ClientResponseError for a refusal."""
        if self._session is None:
            raise RuntimeError("open the asker first: async with Asker(urls) as asker")
        query = urlencode({**params, "timestamp": now_ns() // 1_000_000})
        signature = hmac.new(PAPER_API_SECRET.encode(), query.encode(), hashlib.sha256).hexdigest()
        async with self._session.get(f"{self._base}{what}?{query}&signature={signature}") as response:
            response.raise_for_status()
            return msgspec.json.decode(await response.read())


def _rules(filters: dict[str, Any]) -> Rules:
    return Rules(parse_e8(filters["LOT_SIZE"]["stepSize"]), parse_e8(filters["NOTIONAL"]["minNotional"]))

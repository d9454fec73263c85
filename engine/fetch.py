"""One visit to an address over HTTP: conditional, bounded in size and time, and never into a private network.

A body is read as it was sent and unpacked here, because a small packed one can be made to fill the memory.
"""

from __future__ import annotations

import asyncio
import ipaddress
import zlib
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

MOST_BYTES: Final = 4 << 20
"""Of a body, packed or not."""
TIMEOUT_S: Final = 15.0
MOST_REDIRECTS: Final = 3
LONGEST_WAIT_S: Final = 86_400.0
"""Of a Retry-After that asks for more, so much is waited."""
_AGENT: Final = "slack-trader/1"
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class Fetch(msgspec.Struct, frozen=True):
    """What a visit came to; kept for the health view."""

    url: str
    """Without its query."""
    status: int
    """0 where there was no answer."""
    ts_ns: int
    took_ms: int
    size: int
    """Bytes of the body as it was sent."""
    etag: str
    detail: str
    """What went wrong, in words; empty where nothing did."""
    retry_after_s: float = 0.0

    @property
    def is_ok(self) -> bool:
        """Say whether the visit told something: what is there, or that nothing is new."""
        return self.status in (200, 304)

    def text(self, now_ns: int) -> str:
        """Say in words what was visited, when, and what it said."""
        said = self.detail or (f"{self.status}, {self.size} bytes" if self.status == 200 else str(self.status))
        etag = f", etag {self.etag[:40]}" if self.etag else ""
        return f"{self.url} {(now_ns - self.ts_ns) / 1e9:.0f} s ago: {said} in {self.took_ms} ms{etag}"


class FetchError(Exception):
    """A visit that led to nothing; the text says why."""


class _Guard(AbstractResolver):
    """Finds addresses, and refuses private ones of every host but those that were configured."""

    def __init__(self, trusted: str) -> None:
        self._trusted = trusted
        self._resolver = ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        """Find the addresses of a host; raises OSError where one is private and the host was not configured."""
        found = await self._resolver.resolve(host, port, family)
        if host != self._trusted and any(is_private(one["host"]) for one in found):
            raise OSError(f"{host} is a private address")
        return found

    async def close(self) -> None:
        await self._resolver.close()


def without_query(url: str) -> str:
    """Return an address as it may be shown: what follows a question mark often is a token."""
    shown = url.partition("?")[0]
    return shown if shown == url else f"{shown}?…"


def is_private(host: str) -> bool:
    """Say whether a host, where it is written as an address, is none of the public internet's."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost"


class Fetcher:
    """Visits one address again and again, and remembers what it is asked to say next time."""

    def __init__(
        self,
        url: str,
        clock_ns: Callable[[], int],
        headers: Mapping[str, str] | None = None,
        *,
        most_bytes: int = MOST_BYTES,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """Prepare; ``headers`` go to this address only, never to where it redirects.

        ``most_bytes``: of a body, packed or not; ``timeout_s``: of a visit with its redirects.
        """
        self.url = url
        self._clock_ns = clock_ns
        self._headers = dict(headers or {})
        self._most_bytes, self._timeout_s = most_bytes, timeout_s
        self._host = urlsplit(url).hostname or ""
        self._etag = self._modified = ""

    def session(self) -> aiohttp.ClientSession:
        """Open a session that can't be led into a private network."""
        connector = aiohttp.TCPConnector(resolver=_Guard(self._host), limit=2, ttl_dns_cache=60)
        timeout = aiohttp.ClientTimeout(total=self._timeout_s)
        return aiohttp.ClientSession(
            connector=connector, timeout=timeout, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
        )

    async def get(self, session: aiohttp.ClientSession) -> tuple[Fetch, bytes]:
        """Visit it once; the body is empty unless there is something new."""
        began_ns, url = self._clock_ns(), self.url
        status = size = 0
        detail = etag = ""
        retry_after_s = 0.0
        body = b""
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await self._follow(session)
                async with response:
                    status, url, etag = response.status, str(response.url), response.headers.get("ETag", "")
                    retry_after_s = _wait_s(response.headers.get("Retry-After", ""), self._clock_ns() / 1e9)
                    if status == 200:
                        sent = await self._read(response)
                        size, body = len(sent), await self._unpacked(sent, response)
                        self._etag, self._modified = etag, response.headers.get("Last-Modified", "")
                    elif status != 304:
                        detail = f"answered {status}"
        except (aiohttp.ClientError, OSError, TimeoutError, FetchError) as error:
            detail, status = _in_words(error) or f"no answer within {self._timeout_s:g} s", 0
        now_ns = self._clock_ns()
        took_ms = (now_ns - began_ns) // 1_000_000
        return Fetch(without_query(url), status, now_ns, took_ms, size, etag, detail, retry_after_s), body

    def forget(self) -> None:
        """Ask for everything the next time, as after a body that could not be read."""
        self._etag = self._modified = ""

    async def _follow(self, session: aiohttp.ClientSession) -> aiohttp.ClientResponse:
        url, headers = self.url, self._asked()
        for _ in range(MOST_REDIRECTS + 1):
            response = await session.get(url, headers=headers, allow_redirects=False)
            if response.status not in _REDIRECTS:
                return response
            response.release()
            where, host = _redirected(url, response.headers.get("Location", ""))
            if urlsplit(where).scheme not in ("http", "https") or (host != self._host and is_private(host)):
                raise FetchError(f"it redirects to {without_query(where)[:200]}, where nothing is fetched from")
            if urlsplit(url).scheme == "https" and urlsplit(where).scheme != "https":
                raise FetchError(f"it redirects to {without_query(where)[:200]}, which is not encrypted")
            url = where
            if host != self._host:
                headers = {name: value for name, value in headers.items() if name not in self._headers}
        raise FetchError(f"it redirects more than {MOST_REDIRECTS} times")

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        data = bytearray()
        async for part in response.content.iter_chunked(1 << 16):
            data += part
            if len(data) > self._most_bytes:
                raise FetchError(f"it sent more than {self._most_bytes >> 20} MB")
        return bytes(data)

    async def _unpacked(self, sent: bytes, response: aiohttp.ClientResponse) -> bytes:
        """Unpack on a thread: the loop that decides can't wait for a large one."""
        encoding = response.headers.get("Content-Encoding", "")
        return await asyncio.to_thread(unpack, sent, encoding, self._most_bytes) if encoding else sent

    def _asked(self) -> dict[str, str]:
        headers = {"User-Agent": _AGENT, "Accept-Encoding": "gzip, deflate", **self._headers}
        if self._etag:
            headers["If-None-Match"] = self._etag
        if self._modified:
            headers["If-Modified-Since"] = self._modified
        return headers


def unpack(data: bytes, encoding: str, most_bytes: int = MOST_BYTES) -> bytes:
    """Unpack a body by its Content-Encoding; raises FetchError where it is damaged or too large."""
    if encoding in ("", "identity"):
        return data
    if encoding not in ("gzip", "deflate"):
        raise FetchError(f"it is packed with {encoding}, which was not asked for")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32) if encoding == "gzip" else zlib.decompressobj()
    try:
        body = unpacker.decompress(data, most_bytes + 1)
    except zlib.error as error:
        raise FetchError(f"it can't be unpacked ({error})") from None
    if len(body) > most_bytes:
        raise FetchError(f"it unpacks to more than {most_bytes >> 20} MB")
    return body


def _redirected(url: str, location: str) -> tuple[str, str]:
    """Return where a redirect leads, and its host; raises FetchError where that is no address."""
    try:
        where = urljoin(url, location)
        return where, urlsplit(where).hostname or ""
    except ValueError:
        raise FetchError("it redirects to what is no address") from None


def _in_words(error: Exception) -> str:
    """Say what went wrong without the address, in whose query a key may stand; empty where only time was too short."""
    if isinstance(error, TimeoutError):
        return ""
    if isinstance(error, aiohttp.ClientResponseError):
        return f"its answer makes no sense: {error.message}"
    if isinstance(error, aiohttp.InvalidURL):
        return "its address, or the one that it redirects to, makes no sense"
    return str(error) or type(error).__name__


def _wait_s(text: str, now_s: float) -> float:
    """Read a Retry-After: seconds, or a date. Source: RFC 9110, 10.2.3."""
    if text.isdecimal():
        return min(float(text[:9]), LONGEST_WAIT_S)
    try:
        return max(0.0, min(parsedate_to_datetime(text).timestamp() - now_s, LONGEST_WAIT_S)) if text else 0.0
    except (ValueError, OverflowError):
        return 0.0

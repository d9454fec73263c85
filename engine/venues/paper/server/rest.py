"""The REST door, and what a key may do. Source: Binance spot, "REST API", General Information and LIMITS."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from engine.venues.paper.errors import Refused
from engine.venues.paper.server.faults import Fault
from engine.venues.paper.server.keys import check_time, rest_payload
from engine.venues.paper.server.limits import RateLimited
from engine.venues.paper.server.operations import OPERATIONS, Operation
from engine.venues.paper.server.params import from_rest
from engine.venues.paper.server.venue import Venue

Handler = Callable[[web.Request], Awaitable[web.Response]]


def routes(venue: Venue) -> list[web.RouteDef]:
    """Return the routes of every operation."""
    return [web.route(op.verb, op.prefix + op.path, _handler(venue, op)) for op in OPERATIONS]


def json_response(payload: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Render an answer."""
    return web.Response(
        body=msgspec.json.encode(payload),
        status=status,
        headers=headers,
        content_type="application/json",
        charset="utf-8",
    )


def error_response(refused: Refused, headers: dict[str, str] | None = None) -> web.Response:
    """Render a refusal: ``{"code":-1121,"msg":"Invalid symbol."}``."""
    headers = dict(headers or {})
    if isinstance(refused, RateLimited):
        headers["Retry-After"] = str(refused.retry_after_s)
    body: dict[str, Any] = {"code": refused.code, "msg": refused.message}
    if refused.data is not None:
        body["data"] = refused.data
    return json_response(body, refused.status, headers)


def _handler(venue: Venue, operation: Operation) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        """Answer a request, with the delays and faults that were asked for."""
        if venue.options.latency_in_ms:
            await asyncio.sleep(venue.options.latency_in_ms / 1000)
        if (fault := venue.faults.on_request(operation.method)) is not None:
            if fault.kind != "late_request":
                return _struck(venue, request, fault)
            await asyncio.sleep(fault.ms / 1000)
        response = _answer(venue, request, operation, (await request.read()).decode("utf-8", "replace"))
        venue.flush()
        if (fault := venue.faults.on_reply(operation.method)) is not None:
            response = await _garbled(request, response, fault)
        if venue.options.latency_out_ms:
            await asyncio.sleep(venue.options.latency_out_ms / 1000)
        return response

    return handle


def _answer(venue: Venue, request: web.Request, operation: Operation, body: str) -> web.Response:
    address, now_ms = request.remote or "", venue.now_ms()
    headers: dict[str, str] = {}
    try:
        used = str(venue.limiter.spend(address, operation.weight, now_ms))
        headers = {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}
        query = request.raw_path.partition("?")[2]
        account = _authenticate(venue, request, query, body) if operation.is_signed else ""
        if operation.places:
            venue.limiter.count_order(account, now_ms, operation.places)
            headers |= _order_counts(venue, account, now_ms)
        return json_response(operation.run(venue, account, from_rest(query, body)), headers=headers)
    except Refused as refused:
        return error_response(refused, headers)


def _authenticate(venue: Venue, request: web.Request, query: str, body: str) -> str:
    """Return the account whose key signed a request; raises Refused."""
    key = venue.keys.find(request.headers.get("X-MBX-APIKEY"))
    payload, signature = rest_payload(query, body)
    check_time(from_rest(query, body), venue.now_us())
    key.verify(payload, signature)
    return key.account


def _order_counts(venue: Venue, account: str, now_ms: int) -> dict[str, str]:
    ten_seconds, day = venue.limiter.order_counts(account, now_ms)
    return {"X-MBX-ORDER-COUNT-10S": str(ten_seconds), "X-MBX-ORDER-COUNT-1D": str(day)}


def _struck(venue: Venue, request: web.Request, fault: Fault) -> web.Response:
    """Answer a request that a fault befell before it was carried out."""
    if fault.kind == "lose_request":
        return _vanish(request)
    if fault.kind == "rate_limit":
        status = 418 if fault.status == 418 else 429
        if status == 418:
            venue.limiter.ban(request.remote or "", venue.now_ms(), fault.seconds * 1000)
        return error_response(RateLimited(-1003, "Too many requests queued.", status, fault.seconds))
    return error_response(Refused(fault.code, fault.msg, fault.status))


async def _garbled(request: web.Request, response: web.Response, fault: Fault) -> web.Response:
    """Do to an answer what a fault does."""
    if fault.kind == "lose_reply":
        return _vanish(request)
    if fault.kind == "error_after":
        return error_response(Refused(fault.code, fault.msg, fault.status))
    await asyncio.sleep(fault.ms / 1000)
    return response


def _vanish(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)  # written to a connection that is gone

"""The WebSocket API door: ``/ws-api/v3``. Source: Binance spot, "WebSocket API".

A request and its answer::

    {"id":"1","method":"order.place","params":{"symbol":"ETHUSDT", …, "apiKey":"…","signature":"…"}}
    {"id":"1","status":200,"result":{…},"rateLimits":[…]}

After ``session.logon`` (Ed25519 keys only) neither key nor signature is needed any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import msgspec
from aiohttp import web

from engine.venues.paper.errors import Refused
from engine.venues.paper.server.faults import Fault
from engine.venues.paper.server.keys import ApiKey, check_time, ws_payload
from engine.venues.paper.server.limits import RateLimited
from engine.venues.paper.server.lines import DelayLine, Line
from engine.venues.paper.server.operations import BY_METHOD, Operation
from engine.venues.paper.server.params import Params, from_ws
from engine.venues.paper.server.venue import Venue

SESSION_WEIGHT: Final = 2
MOST_SUBSCRIPTIONS: Final = 1_000


class _Request(msgspec.Struct):
    method: str
    id: int | str | None = None
    params: dict[str, Any] = {}


def _keep_text(number: str) -> str:
    """Leave a decimal as it was written: a signature was made over those very characters."""
    return number


_decode = msgspec.json.Decoder(_Request, float_hook=_keep_text).decode


def routes(venue: Venue, keep: Callable[[Line, str], None], drop: Callable[[Line], None]) -> list[web.RouteDef]:
    """Return the route; ``keep`` and ``drop`` hear of lines that come and go."""

    async def serve(request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        line = await Line.open(request, venue.options.latency_out_ms / 1000)
        wants_limits = request.query.get("returnRateLimits", "true") != "false"
        session = Session(venue, line, request.remote or "", wants_limits=wants_limits)
        inbound = DelayLine(venue.options.latency_in_ms / 1000)
        keep(line, "ws_api")
        try:
            await line.receive(lambda data: inbound.after_delay(lambda: session.on_message(data)))
        finally:
            venue.user_hub.unsubscribe(line)
            drop(line)
        return line.socket

    return [web.get("/ws-api/v3", serve)]


class Session:
    """One connection to the WebSocket API."""

    def __init__(self, venue: Venue, line: Line, address: str, *, wants_limits: bool) -> None:
        self._venue = venue
        self._line = line
        self._address = address
        self._wants_limits = wants_limits
        self._connected_ms = venue.now_ms()
        self._key: ApiKey | None = None
        self._authorized_ms = 0
        self._subscriptions = 0
        self._of_session: list[int] = []

    def on_message(self, data: bytes) -> None:
        """Answer a request, then tell the accounts what it changed."""
        try:
            request = _decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._line.send(_encoded(None, 400, {"error": {"code": -1135, "msg": "Invalid JSON Request"}}))
            return
        fault = self._venue.faults.on_request(request.method)
        if fault is None:
            self._carry_out(request)
        elif fault.kind == "late_request":
            asyncio.get_running_loop().call_later(fault.ms / 1000, self._carry_out, request)
        else:
            self._struck(request, fault)

    def _carry_out(self, request: _Request) -> None:
        reply = self._answer(request)
        if (fault := self._venue.faults.on_reply(request.method)) is None:
            self._line.send(reply)
        else:
            self._garbled(request, reply, fault)
        self._venue.flush()

    def _answer(self, request: _Request) -> bytes:
        params = from_ws(request.params)
        account: str | None = None
        try:
            operation = BY_METHOD.get(request.method)
            weight = operation.weight if operation is not None else SESSION_WEIGHT
            self._venue.limiter.spend(self._address, weight, self._venue.now_ms())
            if operation is None:
                result = self._on_session_method(request.method, params)
            else:
                account = self._authenticate(params) if operation.is_signed else None
                result = self._run(operation, account or "", params)
        except Refused as refused:
            return _encoded(request.id, refused.status, self._error(refused), self._limits(params, account))
        return _encoded(request.id, 200, {"result": result}, self._limits(params, account))

    def _run(self, operation: Operation, account: str, params: Params) -> Any:
        if operation.places:
            self._venue.limiter.count_order(account, self._venue.now_ms(), operation.places)
        return operation.run(self._venue, account, params)

    def _limits(self, params: Params, account: str | None) -> list[Any] | None:
        if not params.flag("returnRateLimits", self._wants_limits):
            return None
        return self._venue.limiter.counted_table(self._address, account, self._venue.now_ms())

    # --- who is asking ----------------------------------------------------------------------------------------

    def _authenticate(self, params: Params) -> str:
        """Return the account of a signed request, or of the session; raises Refused."""
        if self._key is not None and "signature" not in params:
            check_time(params, self._venue.now_us())
            return self._key.account
        return self._verified(params).account

    def _verified(self, params: Params) -> ApiKey:
        key = self._venue.keys.find(params.get("apiKey"))
        payload, signature = ws_payload(params)
        check_time(params, self._venue.now_us())
        key.verify(payload, signature)
        return key

    def _on_session_method(self, method: str, params: Params) -> Any:
        if method == "session.logon":
            return self._log_on(params)
        if method == "session.status":
            return self._status()
        if method == "session.logout":
            self._log_out()
            return self._status()
        if method == "userDataStream.subscribe":
            if self._key is None:
                raise Refused(-2015, "Invalid API-key, IP, or permissions for action.", 401)
            return self._subscribe(self._key.account, is_of_session=True)
        if method == "userDataStream.subscribe.signature":
            return self._subscribe(self._verified(params).account)
        if method == "userDataStream.unsubscribe":
            self._venue.user_hub.unsubscribe(self._line, params.integer("subscriptionId"))
            return {}
        raise Refused(-1000, f"Unknown method '{method}'.")

    def _log_on(self, params: Params) -> Any:
        key = self._verified(params)
        if not key.is_ed25519:
            raise Refused(-4056, "HMAC_SHA256 API key is not supported.")
        self._key, self._authorized_ms = key, self._venue.now_ms()
        return self._status()

    def _status(self) -> Any:
        return {
            "apiKey": self._key.api_key if self._key else None,
            "authorizedSince": self._authorized_ms if self._key else None,
            "connectedSince": self._connected_ms,
            "returnRateLimits": self._wants_limits,
            "serverTime": self._venue.now_ms(),
            "userDataStream": self._subscriptions > 0,
        }

    def _log_out(self) -> None:
        """End the session, and with it the user streams that it opened."""
        self._key = None
        for subscription_id in self._of_session:
            self._venue.user_hub.unsubscribe(self._line, subscription_id)
            event = {"e": "eventStreamTerminated", "E": self._venue.now_ms()}
            self._line.send(msgspec.json.encode({"subscriptionId": subscription_id, "event": event}))
        self._of_session.clear()

    def _subscribe(self, account: str, *, is_of_session: bool = False) -> Any:
        if self._subscriptions >= MOST_SUBSCRIPTIONS:
            raise Refused(-2035, "Subscription to the User Data Stream is not allowed any more on this connection.")
        subscription_id = self._subscriptions
        self._subscriptions += 1
        if is_of_session:
            self._of_session.append(subscription_id)
        self._venue.user_hub.subscribe(account, self._line, subscription_id)
        return {"subscriptionId": subscription_id}

    # --- faults -----------------------------------------------------------------------------------------------

    def _struck(self, request: _Request, fault: Fault) -> None:
        if fault.kind == "lose_request":
            return
        if fault.kind == "rate_limit":
            status = 418 if fault.status == 418 else 429
            refused: Refused = RateLimited(-1003, "Too many requests queued.", status, fault.seconds)
        else:
            refused = Refused(fault.code, fault.msg, fault.status)
        self._line.send(_encoded(request.id, refused.status, self._error(refused)))

    def _garbled(self, request: _Request, reply: bytes, fault: Fault) -> None:
        if fault.kind == "late_reply":
            asyncio.get_running_loop().call_later(fault.ms / 1000, self._line.send, reply)
        elif fault.kind == "error_after":
            refused = Refused(fault.code, fault.msg, fault.status)
            self._line.send(_encoded(request.id, refused.status, self._error(refused)))

    def _error(self, refused: Refused) -> dict[str, Any]:
        error: dict[str, Any] = {"code": refused.code, "msg": refused.message}
        if isinstance(refused, RateLimited):
            now_ms = self._venue.now_ms()
            error["data"] = {"serverTime": now_ms, "retryAfter": now_ms + refused.retry_after_s * 1000}
        elif refused.data is not None:
            error["data"] = refused.data
        return {"error": error}


def _encoded(
    request_id: int | str | None, status: int, body: dict[str, Any], rate_limits: list[Any] | None = None
) -> bytes:
    limits = {} if rate_limits is None else {"rateLimits": rate_limits}
    return msgspec.json.encode({"id": request_id, "status": status, **body, **limits})

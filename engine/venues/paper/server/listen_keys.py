"""Listen keys, for clients from before 20 February 2026, when Binance closed this door.

Some that still knock (nautilus_trader 1.221) know no other way to hear of their orders: they POST for a key and
listen to it as if it were a market stream. The engine does not use it.
"""

from __future__ import annotations

import secrets

from aiohttp import web

from engine.venues.paper.errors import Refused
from engine.venues.paper.server.rest import error_response, json_response
from engine.venues.paper.server.venue import Venue

PATH = "/api/v3/userDataStream"
INVALID = Refused(-1125, "This listenKey does not exist.")


def routes(venue: Venue) -> list[web.RouteDef]:
    """Return the routes to get, keep and give back a key; they take an API key and no signature."""

    async def begin(request: web.Request) -> web.Response:
        """Give a new listen key for the account of an API key."""
        try:
            account = venue.keys.find(request.headers.get("X-MBX-APIKEY")).account
        except Refused as refused:
            return error_response(refused)
        key = secrets.token_hex(32)
        venue.listen_keys[key] = account
        return json_response({"listenKey": key})

    async def keep(request: web.Request) -> web.Response:
        key = (await request.post()).get("listenKey") or request.query.get("listenKey", "")
        return json_response({}) if key in venue.listen_keys else error_response(INVALID)

    async def end(request: web.Request) -> web.Response:
        key = (await request.post()).get("listenKey") or request.query.get("listenKey", "")
        return error_response(INVALID) if venue.listen_keys.pop(str(key), None) is None else json_response({})

    return [web.post(PATH, begin), web.put(PATH, keep), web.delete(PATH, end)]

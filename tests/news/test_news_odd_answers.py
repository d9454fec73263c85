"""Headers of an answer that can't be meant are said in words: raised, they would end the source for good."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.clock import now_ns
from engine.fetch import Fetch, Fetcher


async def visit(status: int, **headers: str) -> Fetch:
    """Visit a site that gives this answer, as often as it is asked."""

    async def say(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})

    app = web.Application()
    app.router.add_get("/feed", say)
    async with TestServer(app) as server:
        fetcher = Fetcher(str(server.make_url("/feed")), now_ns)
        async with fetcher.session() as session:
            fetch, body = await fetcher.get(session)
    assert body == b""
    return fetch


@pytest.mark.parametrize("where", ["http://[x", "//[", "http://127.0.0.1:99999999/", "http://127.0.0.1:x/", "http://"])
async def test_a_redirect_to_what_is_no_address_is_a_failed_visit(where: str) -> None:
    fetch = await visit(302, Location=where)
    assert not fetch.is_ok
    assert fetch.detail


@pytest.mark.parametrize(
    "moment", ["Mon, 01 Jan 2020 00:00:00 +99999999999999", "Mon, 01 Jan 999999999999 00:00:00 GMT"]
)
async def test_a_moment_to_come_again_that_no_calendar_has_is_none(moment: str) -> None:
    fetch = await visit(503, Retry_After=moment)
    assert (fetch.status, fetch.retry_after_s) == (503, 0.0)

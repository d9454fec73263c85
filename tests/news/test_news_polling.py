"""Sources that are visited over real HTTP: conditional, adaptive, bounded, recorded, and never led astray."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path

import pytest
from aiohttp import web
from news_samples import Notes, listening
from waiting import until

from engine.clock import now_ns
from engine.fetch import MOST_BYTES, Fetcher, FetchError, is_private, unpack
from engine.news.build import build_sources
from engine.news.config import NewsConfig, SourceConfig
from engine.news.exchanges import EXCHANGES
from engine.news.feeds import feed, page_reader
from engine.news.poll import PolledSource
from engine.news.source import LATEST_MS, BadItem, RawItem

RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>wire</title>
<item><title>Kraken lists IOTA &amp; more</title><link>https://e.example/2</link><guid>g2</guid>
<pubDate>Tue, 28 Nov 2017 14:00:00 GMT</pubDate></item>
<item><title>Older</title><link>https://e.example/1</link><guid>g1</guid>
<pubDate>Mon, 27 Nov 2017 14:00:00 +0000</pubDate></item></channel></rss>"""
ATOM = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>wire</title>
<entry><id>urn:1</id><title type="html">IOTA &lt;b&gt;rises&lt;/b&gt;</title><link href="https://e.example/a"/>
<updated>2017-11-28T14:00:00Z</updated></entry></feed>"""
PAGE = b"""<html><body><article><h2><a href="/n/1">IOTA joins Bosch</a></h2>
<time datetime="2017-11-28T14:00:00Z"></time></article><article><h2> Undated </h2>
</article><article><p>no title</p></article></body></html>"""
PAGE_SOURCE = SourceConfig(
    name="page", kind="page", url="https://e.example/news", item="article", title="h2", time="time"
)
THEN_MS = 1_511_877_600_000


class Site:
    """A web site that answers what it is told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[web.Request] = []
        self.answer: Callable[[web.Request], web.StreamResponse] = lambda _: web.Response(body=RSS)
        self.url = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Site]:
        """Serve for the length of a block."""

        async def serve(request: web.Request) -> web.StreamResponse:
            self.asked.append(request)
            return self.answer(request)

        app = web.Application()
        app.router.add_get("/{path:.*}", serve)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/feed"
        try:
            yield self
        finally:
            await runner.cleanup()

    def source(self, poll_s: float = 0.01) -> PolledSource:
        """A source that follows it."""
        return PolledSource("wire", Fetcher(self.url, now_ns), feed, now_ns, poll_s)


def test_rss_and_atom_are_read() -> None:
    """Ids, titles without markup of their format, links and dates."""
    items = feed(RSS)
    assert [(one.id, one.title, one.url) for one in items] == [
        ("g2", "Kraken lists IOTA & more", "https://e.example/2"),
        ("g1", "Older", "https://e.example/1"),
    ]
    assert items[0].ts_ms == THEN_MS
    assert [(one.id, one.ts_ms) for one in feed(ATOM)] == [("urn:1", THEN_MS)]


@pytest.mark.parametrize("body", [b"", b"hello", b"<html></html>", b"\x00\xff", b"{}"])
def test_what_is_no_feed_is_refused(body: bytes) -> None:
    """And says so."""
    with pytest.raises(BadItem):
        feed(body)


@pytest.mark.parametrize(
    "body",
    [
        RSS.replace(b'version="1.0"?', b'version="1.0" encoding="UTF\xf08"?'),
        RSS.replace(b'version="1.0"?', b'version="1.0" encoding="\x00utf-8"?'),
        ATOM.replace(b"&lt;b&gt;", b"&lt;b&&#x110000;gt;").replace(b"</entry>", b"</\x05ntry>"),
        b'<rss version="2.0"><channel><title>x & y</title><item><title>&#xFFFFFFFF;</title></item></channel></rss>',
    ],
)
def test_a_feed_that_feedparser_stumbles_over_is_refused(body: bytes) -> None:
    """Raised, it would end the source for good."""
    with pytest.raises(BadItem, match="no feed"):
        feed(body)


def test_an_entry_whose_link_is_nothing_has_none() -> None:
    entry = b"<item><title>IOTA</title><guid>1<x</guid></item>"
    (item,) = feed(b'<?xml version="1.0"?><rss version="2.0"><channel>' + entry + b"</channel></rss>")
    assert (item.title, item.url) == ("IOTA", "")


@pytest.mark.parametrize(("year", "ts_ms"), [(b"9999", LATEST_MS), (b"2017", THEN_MS)])
def test_a_date_that_no_record_could_hold_is_still_one_of_the_future(year: bytes, ts_ms: int) -> None:
    assert feed(RSS.replace(b"28 Nov 2017", b"28 Nov " + year))[0].ts_ms == ts_ms
    ms, announced = 2**63 - 1 if year == b"9999" else ts_ms, EXCHANGES["binance"]
    article = {"id": 1, "code": "a", "title": "x", "releaseDate": ms}
    body = json.dumps({"data": {"catalogs": [{"articles": [article]}]}}).encode()
    assert announced(body)[0].ts_ms == ts_ms
    assert announced(body.replace(str(ms).encode(), b"-5"))[0].ts_ms == 0


def test_titles_that_are_html_are_read_as_text() -> None:
    """Kraken's blog writes each apostrophe as a reference, which was never a reason to look twice."""
    post = {"id": 1, "date_gmt": "2024-05-01T13:00:00", "link": "https://blog.kraken.com/x"}
    body = json.dumps([{**post, "title": {"rendered": "Kraken&#8217;s <em>TNSR</em> &amp; co"}}]).encode()
    assert EXCHANGES["kraken"](body)[0].title == "Kraken\u2019s TNSR & co"
    assert feed(ATOM)[0].title == "IOTA rises"


def test_a_page_is_read_by_its_selectors() -> None:
    """What has no title is passed over, what has no date has none, links are whole addresses."""
    items = page_reader(PAGE_SOURCE)(PAGE)
    assert [(one.title, one.url, one.ts_ms) for one in items] == [
        ("IOTA joins Bosch", "https://e.example/n/1", THEN_MS),
        ("Undated", "https://e.example/news", 0),
    ]
    assert [one.id for one in items] == ["https://e.example/n/1", "Undated"]


PAYLOADS = {
    "binance": {
        "code": "000000",
        "data": {
            "catalogs": [
                {
                    "catalogId": 48,
                    "articles": [{"id": 7, "code": "c0de", "title": "T", "type": 1, "releaseDate": THEN_MS}],
                }
            ]
        },
        "success": True,
    },
    "upbit": {
        "success": True,
        "data": {
            "notices": [
                {
                    "id": 7,
                    "title": "T",
                    "category": "x",
                    "listed_at": "2017-11-29T00:00:00+09:00",
                    "first_listed_at": "2017-11-28T23:00:00+09:00",
                }
            ]
        },
    },
    "kraken": [
        {"id": 7, "date_gmt": "2017-11-28T14:00:00", "link": "https://blog.kraken.com/x", "title": {"rendered": "T"}}
    ],
    "coinbase": {"incidents": [{"id": "7", "name": "T", "created_at": "2017-11-28T14:00:00.000Z", "shortlink": ""}]},
}


@pytest.mark.parametrize("kind", PAYLOADS)
def test_each_exchanges_payload_is_read(kind: str) -> None:
    """Id, title and moment of publication of the documented payload; anything else is refused in words."""
    (item,) = EXCHANGES[kind](json.dumps(PAYLOADS[kind]).encode())
    assert (item.id, item.title, item.ts_ms) == ("7", "T", THEN_MS)
    for body in (b"<html>blocked</html>", b'{"data":1}', b"[1]", b"\xff"):
        with pytest.raises(BadItem):
            EXCHANGES[kind](body)


async def test_a_source_is_visited_with_what_it_said_last_time() -> None:
    """ETag and date go back; a 304 is contact without news, and each visit is recorded."""
    site = Site()

    def answer(request: web.Request) -> web.Response:
        headers = {"ETag": '"v1"', "Last-Modified": "Tue, 28 Nov 2017 14:00:00 GMT"}
        is_known = request.headers.get("If-None-Match") == '"v1"'
        return web.Response(status=304, headers=headers) if is_known else web.Response(body=RSS, headers=headers)

    site.answer = answer
    async with site.serving(), listening(site.source()) as notes:
        await notes.until("fetch", 3)
    assert notes.of("item") == ["g1", "g2"]  # the oldest first
    assert notes.of("fetch")[:3] == ["200", "304", "304"]
    assert site.asked[1].headers["If-Modified-Since"] == "Tue, 28 Nov 2017 14:00:00 GMT"
    first = notes.fetches[0]
    assert (first.url, first.size, first.etag) == (site.url, len(RSS), '"v1"')
    assert f"{site.url} 5 s ago: 200, {len(RSS)} bytes in " in first.text(first.ts_ns + 5_000_000_000)


async def test_a_token_in_an_address_is_not_shown() -> None:
    """It goes to the source, and neither to the log nor to people."""
    site = Site()
    async with site.serving():
        fetcher = Fetcher(f"{site.url}?auth_token=s3cret", now_ns)
        async with fetcher.session() as session:
            fetch, _ = await fetcher.get(session)
    assert site.asked[0].query["auth_token"] == "s3cret"
    assert fetch.url == f"{site.url}?…"


async def test_visits_follow_the_news() -> None:
    """Sooner while news comes, later while none does, never beyond eight times the usual."""
    site = Site()
    async with site.serving():
        source = site.source(poll_s=10.0)
        notes = Notes()
        fetcher = Fetcher(site.url, now_ns)
        async with fetcher.session() as session:
            fetch, body = await fetcher.get(session)
        assert await source._read(fetch, body, notes) == 2
        source._pause_s(fetch, 2)
        assert source.interval_s == 5.0
        for _ in range(40):
            pause_s = source._pause_s(fetch, 0)
        assert source.interval_s == 80.0
        assert 72.0 <= pause_s <= 88.0
        assert len({source._pause_s(fetch, 0) for _ in range(5)}) == 5  # jitter


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_retry_after_is_obeyed(form: str) -> None:
    """In seconds or as a date; what is absurd is bounded."""
    site = Site()
    value = "120" if form == "seconds" else formatdate(now_ns() / 1e9 + 120, usegmt=True)
    site.answer = lambda _: web.Response(status=429, headers={"Retry-After": value})
    async with site.serving():
        source, fetcher = site.source(poll_s=1.0), Fetcher(site.url, now_ns)
        async with fetcher.session() as session:
            fetch, body = await fetcher.get(session)
    assert (fetch.status, body, fetch.is_ok) == (429, b"", False)
    assert source._pause_s(fetch, 0) == pytest.approx(120.0, abs=2.0)


async def test_a_source_that_fails_is_told_and_left_alone_for_longer() -> None:
    """Refused, broken and unreadable answers are told, and it recovers by itself."""
    site, count = Site(), 0

    def answer(request: web.Request) -> web.Response:
        nonlocal count
        count += 1
        return [web.Response(status=500), web.Response(body=b"nonsense"), web.Response(body=RSS)][min(count - 1, 2)]

    site.answer = answer
    async with site.serving(), listening(site.source()) as notes:
        await notes.until("item", 2)
    assert "answered 500" in notes.of("trouble")[0]
    assert "no feed" in notes.of("bad")[0]
    told = [kind for kind, _ in notes.told]
    assert told[: told.index("item")] == ["fetch", "trouble", "fetch", "bad", "trouble", "fetch", "contact"]
    assert "can't be read: no feed" in notes.of("trouble")[1]


async def test_a_feed_that_never_ends_is_left_in_words() -> None:
    site = Site()

    async with site.serving():
        site.answer = lambda _: web.Response(body=RSS, headers={"Content-Length": "1000000"})
        fetcher = Fetcher(site.url, now_ns, timeout_s=0.2)
        async with fetcher.session() as session:
            fetch, body = await fetcher.get(session)
    assert (fetch.status, body, fetch.detail) == (0, b"", "no answer within 0.2 s")


async def test_a_body_is_bounded_packed_and_unpacked() -> None:
    """A packed body of a few kilobytes that unpacks to gigabytes is refused before it is unpacked."""
    bomb = gzip.compress(bytes(MOST_BYTES + 1))
    assert len(bomb) < 10_000
    with pytest.raises(FetchError, match="unpacks to more"):
        unpack(bomb, "gzip")
    assert unpack(gzip.compress(RSS), "gzip") == RSS
    for data, encoding in ((b"junk", "gzip"), (RSS, "br")):
        with pytest.raises(FetchError):
            unpack(data, encoding)
    site = Site()
    site.answer = lambda request: (
        web.Response(body=bomb, headers={"Content-Encoding": "gzip"})
        if "bomb" in request.path
        else web.Response(body=bytes(MOST_BYTES + 1))
    )
    async with site.serving():
        for url, words in ((site.url, "sent more than"), (site.url + "bomb", "unpacks to more")):
            fetcher = Fetcher(url, now_ns)
            async with fetcher.session() as session:
                fetch, body = await fetcher.get(session)
            assert (fetch.status, body) == (0, b"")
            assert words in fetch.detail


@pytest.mark.parametrize(
    "where", ["http://127.0.0.2:1/x", "http://localhost:1/x", "http://10.0.0.1/", "http://[::1]/", "file:///etc/passwd"]
)
async def test_no_redirect_leads_into_a_private_network(where: str) -> None:
    """Whatever a page says, only the address that was configured may be private."""
    site = Site()
    site.answer = lambda _: web.Response(status=302, headers={"Location": where})
    async with site.serving():
        fetcher = Fetcher(site.url, now_ns)
        async with fetcher.session() as session:
            fetch, body = await fetcher.get(session)
    assert (fetch.status, body) == (0, b"")
    assert "redirects to" in fetch.detail
    assert len(site.asked) == 1


async def test_redirects_at_the_same_host_are_followed_to_an_end() -> None:
    """Three of them; a circle is left."""
    site = Site()
    site.answer = lambda request: (
        web.Response(body=RSS) if "there" in request.path else web.Response(status=301, headers={"Location": "/there"})
    )
    async with site.serving():
        fetcher = Fetcher(site.url, now_ns)
        async with fetcher.session() as session:
            fetch, body = await fetcher.get(session)
            assert (fetch.status, body) == (200, RSS)
            site.answer = lambda _: web.Response(status=302, headers={"Location": "/feed"})
            fetch, _ = await fetcher.get(session)
    assert "more than 3 times" in fetch.detail


async def test_names_of_private_addresses_are_refused() -> None:
    """Also where a public name resolves to one."""
    from engine.fetch import _Guard

    guard = _Guard("feeds.example")
    with pytest.raises(OSError, match="private"):
        await guard.resolve("localhost", 80)
    await guard.close()
    assert is_private("192.168.0.1")
    assert is_private("169.254.169.254")
    assert not is_private("8.8.8.8")


async def test_what_has_no_date_is_dated_by_its_first_sight_unless_it_was_there_before_us() -> None:
    """The first visit's entries are old news, whenever they were written."""
    clock_ns = 1_700_000_000_000_000_000
    source = PolledSource("p", Fetcher("http://127.0.0.1:1/", now_ns), page_reader(PAGE_SOURCE), lambda: clock_ns, 1.0)
    notes = Notes()
    site = Site()
    async with site.serving():
        fetcher = Fetcher(site.url, now_ns)
        for body in (PAGE, PAGE.replace(b"Undated", b"Fresh")):
            site.answer = lambda _, body=body: web.Response(body=body)
            async with fetcher.session() as session:
                fetch, got = await fetcher.get(session)
            await source._read(fetch, got, notes)
    assert [(one.title, one.ts_ms, one.is_dated) for one in notes.items] == [
        ("Undated", 0, False),
        ("IOTA joins Bosch", THEN_MS, True),
        ("Fresh", clock_ns // 1_000_000, False),
    ]


async def test_what_else_is_to_be_done_is_done_between_the_items_of_a_large_page() -> None:
    """Thousands of items, told in one go, would keep the market waiting for seconds."""
    articles = [{"id": i, "code": "a", "title": f"news {i}", "releaseDate": THEN_MS} for i in range(200)]
    body = json.dumps({"data": {"catalogs": [{"articles": articles}]}}).encode()
    turns, seen = 0, set[int]()

    class Ear(Notes):
        def on_item(self, item: RawItem, ts_recv_ns: int = 0) -> None:
            seen.add(turns)

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(turn())
    site = Site()
    site.answer = lambda _: web.Response(body=body)
    async with site.serving():
        source = PolledSource("bnb", Fetcher(site.url, now_ns), EXCHANGES["binance"], now_ns, 60.0)
        listening_task = asyncio.create_task(source.listen(Ear()))
        await until(lambda: len(seen) >= 10)
        listening_task.cancel()
    task.cancel()
    await asyncio.wait([task, listening_task])


async def test_an_edit_is_told_again_under_its_id() -> None:
    """The same entry with another title."""
    site = Site()
    async with site.serving(), listening(site.source()) as notes:
        await notes.until("item", 2)
        site.answer = lambda _: web.Response(body=RSS.replace(b"lists IOTA", b"delists IOTA"))
        assert await notes.until("item", 3) == ["g1", "g2", "g2"]


async def test_every_kind_is_built_from_settings(tmp_path: Path) -> None:
    """Each kind becomes a source of its name; tokens go where they belong."""
    site = Site()
    async with site.serving():
        kinds = ("binance", "coinbase", "upbit", "kraken", "rss", "stream", "webhook", "tradingview", "file")
        config = NewsConfig(
            sources=tuple(SourceConfig(name=f"n-{kind}", kind=kind, url=site.url) for kind in kinds)  # type: ignore[arg-type]
        )
        built = build_sources(config, {}, tmp_path, now_ns)
        assert [one.name for one in built] == [f"n-{kind}" for kind in kinds]
        token = SourceConfig(name="t", kind="rss", url=site.url, secret="NEWS_SECRET_T", poll_s=1.0)
        (source,) = build_sources(NewsConfig(sources=(token,)), {"NEWS_SECRET_T": "s3cret"}, tmp_path, now_ns)
        async with listening(source) as notes:
            await notes.until("item", 2)
    assert site.asked[0].headers["Authorization"] == "Bearer s3cret"
    await asyncio.sleep(0)

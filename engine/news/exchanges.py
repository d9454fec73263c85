"""What exchanges announce, each read from its own JSON: Binance, Coinbase, Upbit and Kraken.

None of these is an interface that its exchange promises to keep; what differs from the payload below is told as an
item that could not be read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec

from engine.news.poll import Parse
from engine.news.source import BadItem, RawItem, raw_item
from engine.news.text import plain

_T = TypeVar("_T")


class _Article(msgspec.Struct):
    id: int
    code: str
    title: str
    release_ms: int = msgspec.field(name="releaseDate")


class _Catalog(msgspec.Struct):
    articles: list[_Article] = []


class _Catalogs(msgspec.Struct):
    catalogs: list[_Catalog] = []


class _Binance(msgspec.Struct):
    """Binance's announcements, as its own support page asks for them.

    Raw: ``{"code":"000000","data":{"catalogs":[{"catalogId":48,"articles":[{"id":181434,"code":"5f3c…",
    "title":"Binance Will List Celestia (TIA) with Seed Tag Applied","type":1,"releaseDate":1698671932206}]}]},
    "success":true}``. Catalogue 48 is new listings, 161 delistings, 49 news.
    """

    data: _Catalogs


class _Notice(msgspec.Struct):
    id: int
    title: str
    listed_at: str
    first_listed_at: str = ""


class _Notices(msgspec.Struct):
    notices: list[_Notice] = []


class _Upbit(msgspec.Struct):
    """Upbit's notices; titles are Korean, tickers are in brackets.

    Raw: ``{"success":true,"data":{"total_count":3120,"notices":[{"id":4695,"title":"체인링크(LINK) 신규 거래지원 안내",
    "category":"거래","listed_at":"2024-12-03T15:30:00+09:00","first_listed_at":"2024-12-03T15:30:00+09:00",
    "need_new_badge":false}]}}``. ``listed_at`` moves when a notice is edited, ``first_listed_at`` does not.
    """

    data: _Notices


class _Rendered(msgspec.Struct):
    rendered: str


class _Post(msgspec.Struct):
    """One post of Kraken's blog, which is a WordPress. Source: its REST API handbook, "Posts".

    Raw: ``[{"id":20931,"date_gmt":"2024-05-01T13:00:00","link":"https://blog.kraken.com/…",
    "title":{"rendered":"Kraken&#8217;s TNSR is available for trading!"}}]``. Its titles are HTML.
    """

    id: int
    date_gmt: str
    link: str
    title: _Rendered


class _Incident(msgspec.Struct):
    id: str
    name: str
    created_at: str
    shortlink: str = ""


class _Coinbase(msgspec.Struct):
    """Coinbase's status page, which is Atlassian's. Source: Statuspage API, "incidents.json".

    Raw: ``{"page":{"id":"…"},"incidents":[{"id":"p31zjtct2jer","name":"SOL-USD trading is live","status":"resolved",
    "created_at":"2024-05-01T13:00:00.000Z","shortlink":"https://stspg.io/…"}]}``. Coinbase announces listings on its
    blog and on X; its blog is followed as ``page`` or through a feed.
    """

    incidents: list[_Incident]


def binance(body: bytes) -> list[RawItem]:
    """Read Binance's announcements."""
    page = "https://www.binance.com/en/support/announcement/"
    return [
        raw_item(str(one.id), one.title, page + one.code, one.release_ms)
        for catalog in _decoded(body, _Binance).data.catalogs
        for one in catalog.articles
    ]


def upbit(body: bytes) -> list[RawItem]:
    """Read Upbit's notices."""
    page = "https://upbit.com/service_center/notice?id="
    return [
        raw_item(str(one.id), one.title, f"{page}{one.id}", iso_ms(one.first_listed_at or one.listed_at))
        for one in _decoded(body, _Upbit).data.notices
    ]


def kraken(body: bytes) -> list[RawItem]:
    """Read Kraken's blog."""
    posts: Iterable[_Post] = _decoded(body, list[_Post])
    return [raw_item(str(one.id), plain(one.title.rendered), one.link, iso_ms(one.date_gmt)) for one in posts]


def coinbase(body: bytes) -> list[RawItem]:
    """Read Coinbase's status page."""
    incidents = _decoded(body, _Coinbase).incidents
    return [raw_item(one.id, one.name, one.shortlink, iso_ms(one.created_at)) for one in incidents]


EXCHANGES: Final[dict[str, Parse]] = {"binance": binance, "coinbase": coinbase, "upbit": upbit, "kraken": kraken}
"""By the ``kind`` of a source."""


def _decoded(body: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadItem(str(error)) from None


def iso_ms(text: str) -> int:
    """Read an ISO date, UTC where it names no zone; 0 where it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return 0
    return max(0, int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000))

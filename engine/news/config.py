"""The ``[news]`` section of ``trader.toml``: where headlines come from, and how far each source is believed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from engine.core.config import Ratio
from engine.news.trust import UNKNOWN

Kind = Literal["binance", "coinbase", "upbit", "kraken", "rss", "page", "stream", "webhook", "tradingview", "file"]
SECRET_PREFIX: Final = "NEWS_SECRET_"  # noqa: S105  the beginning of a name
_SCHEMES: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("binance", "coinbase", "upbit", "kraken", "rss", "page"), ("https", "http")),
    "stream": ("wss", "ws"),
    "webhook": ("http",),
    "tradingview": ("http",),
}
_USUAL: Final[Mapping[str, str]] = {
    "binance": "https://www.binance.com/bapi/composite/v1/public/cms/article/list/query"
    "?type=1&catalogId=48&pageNo=1&pageSize=20",
    "coinbase": "https://status.exchange.coinbase.com/api/v2/incidents.json",
    "upbit": "https://api-manager.upbit.com/api/v1/announcements?os=web&page=1&per_page=20&category=trade",
    "kraken": "https://blog.kraken.com/wp-json/wp/v2/posts?per_page=20",
}
"""Where each exchange announces; another address can be named, for example another catalogue of Binance's."""
_HEADER: Final = re.compile(r"\s*\[\[\s*news\s*\.\s*sources\s*\]\]")
_PATH: Final = re.compile(r"(?P<what>.*) - at `\$(?P<path>[^`]*)`", re.DOTALL)


class NewsConfigError(ValueError):
    """The section can't be meant; the message names the line and what to write."""


class SourceConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One source; what its kind has no use for stays empty."""

    name: Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[a-z0-9-]+$")]
    """What people call it, and the name under which all its headlines come."""
    kind: Kind
    url: str = ""
    """Of a file its path; of a webhook where to listen: ``http://127.0.0.1:8791/hook``."""
    trust: Ratio = UNKNOWN
    poll_s: Annotated[float, Meta(ge=1.0, le=86_400.0)] = 30.0
    """Between two visits; half of it while news comes, up to eight times as much while none does."""
    secret: Annotated[str, Meta(pattern=r"^(NEWS_SECRET_[A-Z0-9_]+)?$")] = ""
    """The name of the environment setting that holds its token or its signing key."""
    subscribe: Annotated[str, Meta(max_length=4000)] = ""
    """Sent to a stream once it is connected; ``{secret}`` stands for the token."""
    item: str = ""
    """Of a page: the CSS selector of one entry, ``title`` and ``link`` inside it."""
    title: str = ""
    link: str = ""
    time: str = ""
    """The element with a ``datetime`` attribute; empty where the page has none."""
    allow_from: tuple[str, ...] = ()
    """Addresses that may call a webhook; empty for any, of TradingView for those that it documents."""

    @property
    def address(self) -> str:
        """Return where it is visited."""
        return self.url or _USUAL.get(self.kind, "")


class NewsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything in ``[news]``."""

    rules: str = ""
    """Another rule table than the one that is built in."""
    unknown_trust: Ratio = UNKNOWN
    trust: dict[str, Ratio] = {}
    """How far publishers are believed whose items come through NEWS_STREAM_URL and NEWS_FILE, by their names."""
    sources: tuple[SourceConfig, ...] = ()


def parse_news_config(text: str, name: str = "trader.toml") -> NewsConfig:
    """Read the ``[news]`` section of a file's text, which is valid TOML; raises NewsConfigError with one sentence."""
    table = tomllib.loads(text).get("news", {})
    try:
        config = msgspec.convert(table, NewsConfig)
    except msgspec.ValidationError as error:
        raise NewsConfigError(_explain(str(error), text, name)) from None
    for number, wrong in _problems(config):
        raise NewsConfigError(f"{_place(text, name, number)}: {wrong}")
    return config


def _problems(config: NewsConfig) -> Iterator[tuple[int, str]]:
    names: set[str] = set()
    for number, source in enumerate(config.sources):
        if source.name in names:
            yield number, f'there are two sources called "{source.name}": give each a name of its own.'
        names.add(source.name)
        if wrong := _wrong_address(source):
            yield number, wrong
        if source.kind == "page" and not (source.item and source.title):
            yield number, 'a page needs item and title, two CSS selectors such as "article" and "h2".'
        if source.kind in ("webhook", "tradingview") and not source.secret:
            yield (
                number,
                f'a {source.kind} needs secret = "{SECRET_PREFIX}…", the setting that holds its key.',
            )


def _wrong_address(source: SourceConfig) -> str:
    if source.kind == "file":
        return "" if source.url else "a file needs url, its path."
    schemes = _SCHEMES[source.kind]
    try:
        parts = urlsplit(source.address)
        is_address = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    return "" if is_address else f"url of {source.name} is no address: write one like {schemes[0]}://host/path."


def _explain(message: str, text: str, name: str) -> str:
    found = _PATH.fullmatch(message)
    path = found["path"] if found else ""
    number = re.search(r"\[(\d+)\]", path)
    key = path.removeprefix(".").replace(f"[{number[1]}]" if number else "", "")
    return (
        f"{_place(text, name, int(number[1]) if number else None)}: news.{key}: {found['what'] if found else message}."
    )


def _place(text: str, name: str, source: int | None) -> str:
    lines = [i for i, line in enumerate(text.splitlines(), start=1) if _HEADER.match(line)]
    if source is not None and source < len(lines):
        return f"{name} line {lines[source]}"
    heads = [i for i, line in enumerate(text.splitlines(), start=1) if line.strip().startswith(("[news]", "[news."))]
    return f"{name} line {heads[0]}" if heads else name


def secrets_of(config: NewsConfig) -> Mapping[str, Any]:
    """Return the names of the environment settings that hold the sources' secrets, each with its source's name."""
    return {source.secret: source.name for source in config.sources if source.secret}

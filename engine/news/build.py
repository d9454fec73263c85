"""Makes the sources that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from engine.fetch import Fetcher
from engine.news.config import NewsConfig, SourceConfig
from engine.news.exchanges import EXCHANGES
from engine.news.feeds import feed, page_reader
from engine.news.file import FileSource
from engine.news.poll import PolledSource
from engine.news.source import Source
from engine.news.stream import StreamSource
from engine.news.trust import Trust
from engine.news.webhook import WebhookSource


def build_sources(
    config: NewsConfig, secrets: Mapping[str, str], folder: Path, clock_ns: Callable[[], int]
) -> list[Source]:
    """Return every source of the settings; ``secrets`` by setting, ``folder``: what a file's path is relative to."""
    return [_source(one, secrets.get(one.secret, ""), folder, clock_ns) for one in config.sources]


def trust_of(config: NewsConfig) -> Trust:
    """Return how far each source is believed, by the name under which its headlines come."""
    return Trust({**config.trust, **{one.name: one.trust for one in config.sources}}, config.unknown_trust)


def _source(config: SourceConfig, secret: str, folder: Path, clock_ns: Callable[[], int]) -> Source:
    if config.kind == "file":
        return FileSource(config.name, folder / config.url)
    if config.kind == "stream":
        return StreamSource(config.name, config.address, clock_ns, subscribe=config.subscribe, token=secret)
    if config.kind in ("webhook", "tradingview"):
        return WebhookSource(config, secret, clock_ns)
    parse = EXCHANGES.get(config.kind) or (feed if config.kind == "rss" else page_reader(config))
    fetcher = Fetcher(config.address, clock_ns, {"Authorization": f"Bearer {secret}"} if secret else None)
    return PolledSource(config.name, fetcher, parse, clock_ns, config.poll_s)

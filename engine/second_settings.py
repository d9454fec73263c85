"""The second venue, for arbitrage: where it is and with which keys; an account, a journal and a line of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from engine.environment import Named, SettingsError
from engine.hosts import is_live
from engine.secret import Secret
from engine.venues.paper.defaults import PAPER_API_KEY, PAPER_API_SECRET

_URLS: Final = ("SECOND_REST_URL", "SECOND_STREAM_URL", "SECOND_WS_API_URL")


class SecondVenue(msgspec.Struct, frozen=True):
    """Where the second venue is; it speaks the same protocol as the first."""

    rest_url: str
    stream_url: str
    ws_api_url: str
    api_key: Secret
    api_secret: Secret
    private_key: Path | None = None


def read_second(named: Named, venue: Literal["paper", "binance"], *, first_is_live: bool) -> SecondVenue | None:
    """Read the second venue; None where no address of it is set. Raises SettingsError."""
    schemes = (("http", "https"), ("ws", "wss"), ("ws", "wss"))
    rest, stream, ws_api = urls = tuple(named.url(name, allowed) for name, allowed in zip(_URLS, schemes, strict=True))
    if not any(urls):
        return None
    for name, url in zip(_URLS, urls, strict=True):
        if not url:
            raise SettingsError(f"{name} is missing: the second venue needs all three of {', '.join(_URLS)}.")
    hosts = {name: urlsplit(url).hostname or "" for name, url in zip(_URLS, urls, strict=True)}
    if is_live(venue, hosts) is not first_is_live:
        raise SettingsError(f"{_URLS[0]} mixes real and play money with the first venue: name two of the same kind.")
    if venue == "paper":
        return SecondVenue(rest, stream, ws_api, Secret(PAPER_API_KEY), Secret(PAPER_API_SECRET))
    key, secret = Secret(named.text("SECOND_API_KEY")), Secret(named.text("SECOND_API_SECRET"))
    private_key = named.existing_file("SECOND_PRIVATE_KEY")
    if not key or not (secret or private_key):
        raise SettingsError("SECOND_API_KEY and SECOND_API_SECRET are missing: put the second account's into .env.")
    return SecondVenue(rest, stream, ws_api, key, secret, private_key)

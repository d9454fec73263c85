"""Where the venue is, and with which keys we speak to it."""

from __future__ import annotations

from pathlib import Path

import msgspec


class VenueUrls(msgspec.Struct, frozen=True):
    """The venue's three doors, without a slash at the end. Which hosts are allowed is for the settings to say (C1)."""

    rest: str = "https://api.binance.com"
    stream: str = "wss://stream.binance.com:9443"
    """Without ``/stream`` or ``/ws``."""
    ws_api: str = "wss://ws-api.binance.com:443/ws-api/v3"


class ApiKeys(msgspec.Struct, frozen=True):
    """An API key with its HMAC secret, or with the file of an Ed25519 private key (PEM). Never shown (C18)."""

    api_key: str
    secret: str = ""
    private_key: Path | None = None
    """Preferred where both are given: with it a session logs on, and its orders need no signature."""

    def __repr__(self) -> str:
        return "ApiKeys(hidden)"

    __str__ = __repr__

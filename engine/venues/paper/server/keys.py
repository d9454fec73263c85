"""API keys and signatures: who is asking, and is it really them, and is it now.

Source: Binance spot, "Request security", and its WebSocket API's. REST signs the query and the body as they were
sent, one after the other without a separator, the signature itself left out. The WebSocket API signs the
parameters sorted by name, not percent-encoded. HMAC is hex, either case; Ed25519 is base64.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import b64decode
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from engine.venues.paper.errors import Refused, mandatory

DEFAULT_RECV_WINDOW_US: Final = 5_000_000
LONGEST_RECV_WINDOW_US: Final = 60_000_000
AHEAD_US: Final = 1_000_000
EARLIEST_MS: Final = 1_483_228_800_000
"""1 January 2017, before which Binance takes no timestamp."""
EARLIEST_US: Final = EARLIEST_MS * 1000


class ApiKey(msgspec.Struct, frozen=True):
    """One key of one account: with an HMAC secret, or with the public half of an Ed25519 pair."""

    account: str
    api_key: str
    secret: bytes = b""
    public_key: Ed25519PublicKey | None = None

    @property
    def is_ed25519(self) -> bool:
        """True for the kind of key that may log a session on."""
        return self.public_key is not None

    def verify(self, payload: bytes, signature: str) -> None:
        """Pass a payload that this key signed; raises Refused (-1022)."""
        if self.public_key is None:
            expected = hmac.new(self.secret, payload, hashlib.sha256).hexdigest()
            is_good = hmac.compare_digest(expected.encode(), signature.lower().encode())
        else:
            is_good = _is_signed(self.public_key, payload, signature)
        if not is_good:
            raise Refused(-1022, "Signature for this request is not valid.")


class KeyRing:
    """All keys of the exchange."""

    def __init__(self) -> None:
        self._keys: dict[str, ApiKey] = {}

    def add(self, account: str, api_key: str, secret_or_pem: str) -> None:
        """Register a key; raises ValueError for a PEM that is no Ed25519 public key."""
        if secret_or_pem.lstrip().startswith("-----BEGIN"):
            public = load_pem_public_key(secret_or_pem.encode())
            if not isinstance(public, Ed25519PublicKey):
                raise ValueError("the public key is not an Ed25519 one")
            self._keys[api_key] = ApiKey(account, api_key, public_key=public)
        else:
            self._keys[api_key] = ApiKey(account, api_key, secret=secret_or_pem.encode())

    def find(self, api_key: str | None) -> ApiKey:
        """Return a key; raises Refused (-2014, -2015)."""
        if not api_key:
            raise Refused(-2014, "API-key format invalid.", 401)
        if api_key not in self._keys:
            raise Refused(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        return self._keys[api_key]


def rest_payload(query: str, body: str) -> tuple[bytes, str]:
    """Return what a REST request signed, and its signature, wherever that was put; raises Refused (-1102)."""
    kept_query, query_signature = _without_signature(query)
    kept_body, body_signature = _without_signature(body)
    signature = query_signature or body_signature
    if not signature:
        raise mandatory("signature")
    return (kept_query + kept_body).encode(), signature


def ws_payload(params: Mapping[str, str]) -> tuple[bytes, str]:
    """Return what a WebSocket API request signed, and its signature; raises Refused (-1102)."""
    if not params.get("signature"):
        raise mandatory("signature")
    payload = "&".join(f"{name}={value}" for name, value in sorted(params.items()) if name != "signature")
    return payload.encode(), params["signature"]


def check_time(params: Mapping[str, str], now_us: int) -> None:
    """Pass a request of now; raises Refused: -1102, -1021, -1131.

    The rule: ``timestamp < serverTime + 1 s`` and ``serverTime - timestamp <= recvWindow``.
    """
    timestamp_us = _timestamp_us(params.get("timestamp", ""))
    window_us = _recv_window_us(params.get("recvWindow", ""))
    if timestamp_us >= now_us + AHEAD_US:
        raise Refused(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now_us - timestamp_us > window_us:
        raise Refused(-1021, "Timestamp for this request is outside of the recvWindow.")


def _timestamp_us(text: str) -> int:
    if not text:
        raise mandatory("timestamp")
    if not text.isdecimal() or not text.isascii():
        raise Refused(-1100, "Illegal characters found in parameter 'timestamp'; legal range is '^[0-9]{1,20}$'.")
    value = int(text)
    return value if value >= EARLIEST_US else value * 1000


def _recv_window_us(text: str) -> int:
    if not text:
        return DEFAULT_RECV_WINDOW_US
    whole, _, part = text.partition(".")
    if not whole.isdecimal() or not (not part or part.isdecimal()) or len(part) > 3:
        raise Refused(
            -1100, "Illegal characters found in parameter 'recvWindow'; legal range is '^[0-9]{1,5}(\\.[0-9]{1,3})?$'."
        )
    window_us = int(whole + part.ljust(3, "0"))
    if window_us > LONGEST_RECV_WINDOW_US:
        raise Refused(-1131, "recvWindow must be less than 60000.")
    return window_us


def _without_signature(text: str) -> tuple[str, str]:
    kept: list[str] = []
    signature = ""
    for part in text.split("&") if text else ():
        if part.startswith("signature="):
            signature = unquote(part.removeprefix("signature="))
        else:
            kept.append(part)
    return "&".join(kept), signature


def _is_signed(public_key: Ed25519PublicKey, payload: bytes, signature: str) -> bool:
    try:
        public_key.verify(b64decode(signature, validate=True), payload)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True

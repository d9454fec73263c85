"""Signatures: Binance's own known answers, every placement, and when a request is too old or too early."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from engine.venues.paper.errors import Refused
from engine.venues.paper.server.keys import ApiKey, KeyRing, check_time, rest_payload, ws_payload

NOW_US = 1_700_000_000_000_000


@pytest.fixture(scope="module")
def vectors(shared_data: Path) -> dict[str, Any]:
    """Signatures from exchanges' documentation."""
    read: dict[str, Any] = json.loads((shared_data / "vectors" / "signing_official.json").read_text("utf-8"))
    return read


def test_every_official_hmac_vector_is_accepted(vectors: dict[str, Any]) -> None:
    """The payload is rebuilt from what was sent, and verifies; with one character changed it doesn't."""
    for vector in vectors["binance_official"]:
        key = ApiKey("x", vector["apiKey"], vector["secret"].encode())
        payload, signature = _as_sent(vector)
        assert payload == vector["payload"].encode()
        for case in (str.lower, str.upper):
            key.verify(payload, case(signature))
        with pytest.raises(Refused) as refused:
            key.verify(payload + b"x", signature)
        assert refused.value.code == -1022


def _as_sent(vector: dict[str, Any]) -> tuple[bytes, str]:
    signature = vector["signature"]
    if vector["kind"] == "ws":
        return ws_payload({**dict(part.split("=", 1) for part in vector["payload"].split("&")), "signature": signature})
    if vector["kind"] == "rest-mixed":
        return rest_payload(vector["query"], f"{vector['body']}&signature={signature}")
    return rest_payload(f"{vector['payload']}&signature={signature}", "")


def test_the_official_ed25519_vector_is_accepted(vectors: dict[str, Any]) -> None:
    """The documentation's own key signs the documentation's own text."""
    (vector,) = vectors["binance_ed25519_official"]
    private = load_pem_private_key(vector["private_key_pem"].encode(), None)
    assert isinstance(private, Ed25519PrivateKey)
    ring = KeyRing()
    ring.add("x", "key", private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
    ring.find("key").verify("\x01".join(vector["payload_parts"]).encode(), vector["signature_b64"])


@pytest.mark.parametrize(
    ("query", "body", "payload"),
    [
        ("a=1&b=2&signature=S", "", b"a=1&b=2"),
        ("signature=S&a=1&b=2", "", b"a=1&b=2"),
        ("", "a=1&signature=S&b=2", b"a=1&b=2"),
        ("a=1", "b=2&signature=S", b"a=1b=2"),
        ("a=1&signature=S", "b=2", b"a=1b=2"),
    ],
)
def test_the_signature_may_stand_anywhere(query: str, body: str, payload: bytes) -> None:
    """Query or body, first or last: it is taken out, the rest stays as it was sent."""
    assert rest_payload(query, body) == (payload, "S")


def test_a_base64_signature_arrives_percent_encoded() -> None:
    """The plus signs of base64 survive the query."""
    private = Ed25519PrivateKey.generate()
    signature = b64encode(private.sign(b"timestamp=1")).decode()
    payload, received = rest_payload(f"timestamp=1&signature={quote(signature, safe='')}", "")
    ApiKey("x", "key", public_key=private.public_key()).verify(payload, received)
    with pytest.raises(Refused):
        ApiKey("x", "key", public_key=private.public_key()).verify(payload, "not base64!")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ("timestamp=1700000000000", 0),
        ("timestamp=1700000000000000", 0),
        ("timestamp=1699999995000", 0),
        ("timestamp=1699999994999", -1021),
        ("timestamp=1700000000999", 0),
        ("timestamp=1700000001000", -1021),
        ("timestamp=1699999940000&recvWindow=60000", 0),
        ("timestamp=1699999999998&recvWindow=1.5", -1021),
        ("timestamp=1700000000000&recvWindow=60001", -1131),
        ("timestamp=1700000000000&recvWindow=-5", -1100),
        ("timestamp=now", -1100),
        ("recvWindow=5000", -1102),
    ],
)
def test_a_request_is_of_now(params: str, code: int) -> None:
    """Earlier than recvWindow allows or a second ahead is refused; milliseconds and microseconds both count."""
    if not code:
        check_time(dict(parse_qsl(params)), NOW_US)
        return
    with pytest.raises(Refused) as refused:
        check_time(dict(parse_qsl(params)), NOW_US)
    assert refused.value.code == code


def test_unknown_keys_are_refused() -> None:
    """No key is -2014, a wrong one -2015, both with HTTP 401."""
    for api_key, code in ((None, -2014), ("wrong", -2015)):
        with pytest.raises(Refused) as refused:
            KeyRing().find(api_key)
        assert (refused.value.code, refused.value.status) == (code, 401)


def test_a_key_that_is_not_ed25519_is_refused_at_start() -> None:
    """Garbage between PEM lines is a ValueError with a reason, not a key."""
    with pytest.raises(ValueError):
        KeyRing().add("x", "key", "-----BEGIN PUBLIC KEY-----\nnope\n-----END PUBLIC KEY-----\n")

"""Signatures equal the venue's published ones, byte for byte."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.venues.binance.errors import VenueError
from engine.venues.binance.sign import Ed25519Signer, HmacSigner, make_signer, rest_payload, ws_payload
from engine.venues.binance.urls import ApiKeys


@pytest.fixture(scope="module")
def vectors(shared_data: Path) -> Any:
    """Known answers, with their sources."""
    return json.loads((shared_data / "vectors" / "signing_official.json").read_text("utf-8"))


def test_every_official_hmac_signature_comes_out(vectors: Any) -> None:
    for vector in vectors["binance_official"]:
        signed = HmacSigner(vector["secret"]).sign(vector["payload"].encode())
        assert signed.decode() == vector["signature"], vector["name"]


def test_rest_parameters_are_percent_encoded_before_signing(vectors: Any) -> None:
    checked = 0
    for vector in vectors["binance_official"]:
        if vector["kind"] == "rest":
            assert rest_payload(map(tuple, vector["params"])).decode() == vector["payload"]
            checked += 1
    assert checked == 2


def test_websocket_parameters_are_sorted_and_not_encoded(vectors: Any) -> None:
    checked = 0
    for vector in vectors["binance_official"]:
        if vector["kind"] == "ws":
            pairs = [tuple(pair.split("=", 1)) for pair in vector["payload"].split("&")]
            assert ws_payload(reversed(pairs)).decode() == vector["payload"]
            checked += 1
    assert checked == 2


def test_the_official_ed25519_signature_comes_out(vectors: Any) -> None:
    (vector,) = vectors["binance_ed25519_official"]
    payload = "\x01".join(vector["payload_parts"]).encode()
    assert Ed25519Signer(vector["private_key_pem"]).sign(payload).decode() == vector["signature_b64"]


@given(secret=st.text(min_size=1, max_size=200), payload=st.binary(max_size=300))
def test_hmac_equals_the_standard_library_for_every_key_length(secret: str, payload: bytes) -> None:
    expected = hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()
    signer = HmacSigner(secret)
    assert signer.sign(payload).decode() == expected
    assert signer.sign(payload).decode() == expected, "signing leaves the prepared states as they were"


def test_a_private_key_is_preferred_and_read_from_its_file(vectors: Any, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text(vectors["binance_ed25519_official"][0]["private_key_pem"])
    assert make_signer(ApiKeys("k", "", path)).can_logon
    assert not make_signer(ApiKeys("k", "secret")).can_logon


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_private_key_that_is_none_is_refused_with_a_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text(text)
    with pytest.raises(VenueError, match="private key"):
        make_signer(ApiKeys("k", "", path))
    with pytest.raises(VenueError, match="file can't be read"):
        make_signer(ApiKeys("k", "", tmp_path / "absent.pem"))


def test_no_secret_shows_in_any_text() -> None:
    keys = ApiKeys("the-api-key", "the-secret")
    for text in (repr(keys), str(keys), f"{keys}", repr(HmacSigner("the-secret")), repr([keys])):
        assert "the-" not in text


def test_what_is_prepared_serves_one_signature() -> None:
    """Prepared once, twice or never, each signature is that of its own payload."""
    signer = HmacSigner("a secret")
    for times, payload in enumerate((b"first", b"second", b"second", b"third")):
        for _ in range(times):
            signer.prepare()
        assert signer.sign(payload) == hmac.new(b"a secret", payload, "sha256").hexdigest().encode()

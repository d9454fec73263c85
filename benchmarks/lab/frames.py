"""WebSocket frames and HTTP requests as bytes, the server's side: only what the load server needs of them.

Source: RFC 6455, sections 1.3 and 5.2.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Final, NamedTuple

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
_MAGIC: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Frame(NamedTuple):
    """One frame of a client, and how many bytes of the buffer it took."""

    opcode: int
    payload: bytes
    size: int


class Request(NamedTuple):
    """One HTTP request, and how many bytes of the buffer it took."""

    method: str
    target: str
    key: bytes
    """Of a WebSocket's opening; empty for any other request."""
    body: bytes
    size: int


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """Write one unmasked frame of fewer than 2**16 bytes, or a larger one with its long length."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 1 << 16:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + payload


def read_frame(data: bytes | bytearray) -> Frame | None:
    """Read the first frame of a buffer, unmasked; None while it isn't whole."""
    if len(data) < 2:
        return None
    size, at = data[1] & 0x7F, 2
    if size >= 126:
        wide = 2 if size == 126 else 8
        if len(data) < at + wide:
            return None
        size, at = int.from_bytes(data[at : at + wide], "big"), at + wide
    mask_at, at = at, at + (4 if data[1] & 0x80 else 0)
    if len(data) < at + size:
        return None
    payload = bytes(data[at : at + size])
    if at > mask_at:
        payload = _unmask(payload, bytes(data[mask_at:at]))
    return Frame(data[0] & 0x0F, payload, at + size)


def read_request(data: bytes | bytearray) -> Request | None:
    """Read the first request of a buffer; None while it isn't whole."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    first, *lines = bytes(data[:end]).split(b"\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    length = int(headers.get(b"content-length", b"0"))
    whole = end + 4 + length
    if len(data) < whole:
        return None
    method, target, _ = first.decode("ascii").split(" ")
    return Request(method, target, headers.get(b"sec-websocket-key", b""), bytes(data[end + 4 : whole]), whole)


def switching(key: bytes) -> bytes:
    """Write the answer that opens a WebSocket."""
    accept = b64encode(hashlib.sha1(key + _MAGIC, usedforsecurity=False).digest())
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    return head + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"


def answer(status: int, body: bytes) -> bytes:
    """Write an HTTP answer in JSON on a connection that stays open."""
    head = b"HTTP/1.1 %d -\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(body)) + body


def _unmask(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(key, "little")).to_bytes(size, "little")

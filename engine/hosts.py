"""Which hosts the engine may talk to, and which of them mean real money (C1)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Final

from engine.environment import SettingsError
from engine.venues.paper.defaults import PAPER_PORT

DEFAULT_URLS: Final[Mapping[str, tuple[str, str, str]]] = {
    "paper": (
        f"http://127.0.0.1:{PAPER_PORT}",
        f"ws://127.0.0.1:{PAPER_PORT}",
        f"ws://127.0.0.1:{PAPER_PORT}/ws-api/v3",
    ),
    "binance": (
        "https://api.binance.com",
        "wss://stream.binance.com:9443",
        "wss://ws-api.binance.com:443/ws-api/v3",
    ),
}
"""REST, market streams, WebSocket API. Source: Binance's "General API Information"."""
_LIVE_HOSTS: Final = frozenset(
    {"api.binance.com", "api-gcp.binance.com", "stream.binance.com", "data-stream.binance.vision", "ws-api.binance.com"}
    | {f"api{number}.binance.com" for number in range(1, 5)}
)
_TEST_HOSTS: Final = frozenset(
    {"testnet.binance.vision", "stream.testnet.binance.vision", "ws-api.testnet.binance.vision"}
    | {"demo-api.binance.com", "demo-stream.binance.com", "demo-ws-api.binance.com"}
)


def is_live(venue: str, hosts: Mapping[str, str]) -> bool:
    """Say whether the hosts mean real money; raises SettingsError for one that is on no list (C1)."""
    if venue == "paper":
        for name, host in hosts.items():
            if not _is_near(host):
                raise SettingsError(f"{name} names {host}, but ENGINE_VENUE is paper: name this machine or leave it.")
        return False
    for name, host in hosts.items():
        if host not in _LIVE_HOSTS | _TEST_HOSTS:
            raise SettingsError(f"{name} names {host}, which is no host of Binance: leave {name} empty for its own.")
    live = {host in _LIVE_HOSTS for host in hosts.values()}
    if len(live) == 2:
        raise SettingsError(f"{', '.join(hosts)} mix real and test hosts: name all three of the same kind.")
    return live == {True}


def _is_near(host: str) -> bool:
    """Say whether a host is this machine, a private address, or a bare name as a container's neighbours have."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # What begins with a digit may be an address in another notation: 134744072 is 8.8.8.8 to a resolver.
        return "." not in host and host[:1].isalpha()
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_private

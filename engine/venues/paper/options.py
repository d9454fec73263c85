"""How a paper exchange is set up: everything that can be chosen when it is started."""

from __future__ import annotations

from pathlib import Path

import msgspec

from engine.venues.paper.defaults import (
    MAKER_FEE_PPM,
    PAPER_ACCOUNT,
    PAPER_API_KEY,
    PAPER_API_SECRET,
    PAPER_BALANCES,
    PAPER_HOST,
    PAPER_PORT,
    TAKER_FEE_PPM,
)


class AccountOption(msgspec.Struct, frozen=True):
    """One account with one key; an account may appear again with another key."""

    name: str
    api_key: str
    secret: str
    """The HMAC secret, or an Ed25519 public key as PEM."""

    def __repr__(self) -> str:
        """Show whose it is and never the secret."""
        return f"AccountOption({self.name!r}, …)"


class ExchangeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What ``trader exchange`` can be told."""

    host: str = PAPER_HOST
    port: int = PAPER_PORT
    """0 for any free one."""
    tape: str = "story"
    speed: float | None = None
    """None for the tape's own: 20 for the story and for candles, 1 for the rest."""
    seed: int = 0
    balances: dict[str, str] = msgspec.field(default_factory=lambda: dict(PAPER_BALANCES))
    """What each account begins with, as plain decimals, unless ``state`` knows it."""
    accounts: tuple[AccountOption, ...] = (AccountOption(PAPER_ACCOUNT, PAPER_API_KEY, PAPER_API_SECRET),)
    maker_fee_ppm: int = MAKER_FEE_PPM
    taker_fee_ppm: int = TAKER_FEE_PPM
    latency_in_ms: float = 0.0
    """From a client to the matching."""
    latency_out_ms: float = 0.0
    """From the matching to a client, market data included."""
    weight_limit_1m: int = 6_000
    order_limit_10s: int = 100
    order_limit_1d: int = 200_000
    """Binance's own limits; 0 for none."""
    connection_life_s: float = 86_400.0
    """After so long a WebSocket is cut, as Binance does after 24 hours."""
    wait_for_client: bool = False
    """Let the tape begin only when somebody listens to it."""
    state: Path | None = None
    """A file that keeps what the accounts hold; what it holds counts before ``balances``. None keeps nothing."""


def account_option(text: str) -> AccountOption:
    """Read ``name:apikey:secret``, or ``name:apikey:@/path/public.pem``; raises ValueError with what to write."""
    name, _, rest = text.partition(":")
    api_key, _, secret = rest.partition(":")
    if not (name and api_key and secret):
        raise ValueError("an account is written name:apikey:secret, or name:apikey:@/path/public.pem for Ed25519")
    if not secret.startswith("@"):
        return AccountOption(name, api_key, secret)
    try:
        return AccountOption(name, api_key, Path(secret[1:]).read_text("utf-8"))
    except OSError as error:
        raise ValueError(f"the public key {secret[1:]} can't be read: {error.strerror}") from None


def balance_option(text: str) -> tuple[str, str]:
    """Read ``USDT=100000``; raises ValueError with what to write."""
    asset, _, amount = text.partition("=")
    if not asset.isalnum() or not amount.replace(".", "", 1).isdecimal():
        raise ValueError(f"{text!r}: a balance is written ASSET=AMOUNT, for example USDT=100000")
    return asset.upper(), amount

"""What the account's key may do (C18): one that may withdraw is refused, and so is one that may not trade.

Asked at the start. Where real money is at stake, an answer is needed; the venue's testnet gives none.
"""

from __future__ import annotations

import msgspec

from engine.venues.binance.errors import BadFrame, KeyRefused, RequestRefused, VenueError
from engine.venues.binance.rest import RestClient

PATH = "/sapi/v1/account/apiRestrictions"


class PermissionsWire(msgspec.Struct, frozen=True):
    """What a key may do. Source: Binance, Wallet, "Get API Key Permission".

    Raw: ``{"ipRestrict":false,"createTime":1698645219000,"enableReading":true,"enableWithdrawals":false,
    "enableInternalTransfer":false,"enableMargin":false,"enableFutures":false,"permitsUniversalTransfer":false,
    "enableVanillaOptions":false,"enableSpotAndMarginTrading":false,"enablePortfolioMarginTrading":true}``.
    """

    may_withdraw: bool = msgspec.field(name="enableWithdrawals")
    may_trade: bool = msgspec.field(name="enableSpotAndMarginTrading")


_permissions = msgspec.json.Decoder(PermissionsWire)


async def check_key(rest: RestClient, whose: str, *, is_live: bool) -> None:
    """Pass a key that may trade and not withdraw.

    ``whose`` names it for people. Raises KeyRefused for another, and where real money is at stake for one of which
    the venue does not say what it may; VenueError while it can't be asked there.
    """
    try:
        permissions = await _ask(rest)
    except RequestRefused as error:
        if not is_live:
            return
        if error.status >= 500 or error.status in (418, 429):
            raise
        raise KeyRefused(
            f"The venue does not say what {whose} may do ({error}), so it is not used: check the key, and that it "
            "may be used from this address."
        ) from None
    except VenueError:
        if not is_live:
            return
        raise
    _judge(permissions, whose)


def _judge(permissions: PermissionsWire, whose: str) -> None:
    if permissions.may_withdraw:
        raise KeyRefused(
            f"{_capital(whose)} may withdraw, so it is not used: switch withdrawals off for it at the venue, or make "
            "a key without them."
        )
    if not permissions.may_trade:
        raise KeyRefused(f"{_capital(whose)} may not trade: switch spot trading on for it at the venue.")


async def _ask(rest: RestClient) -> PermissionsWire:
    try:
        return _permissions.decode(await rest.signed("GET", PATH, {}))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadFrame(f"what the key may do was not understood: {error}") from None


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]

"""Starts the paper exchange in this process."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import msgspec

from engine.cli.refused import Refused
from engine.settings import read_settings
from engine.venues.paper.main import run
from engine.venues.paper.options import ExchangeOptions, account_option, balance_option
from engine.wire.logs import set_up


def main(args: argparse.Namespace) -> int:
    """Serve until stopped; the one line on standard output says in JSON where."""
    settings = read_settings()
    set_up("exchange", settings.log_level, settings.secrets)
    return run(options(args))


def options(args: argparse.Namespace) -> ExchangeOptions:
    """Read what the command line chose; the account that the engine uses is always there. Raises Refused."""
    defaults = ExchangeOptions()
    try:
        chosen = ExchangeOptions(
            host=args.host,
            port=args.port,
            tape=args.tape,
            speed=args.speed,
            seed=args.seed,
            balances=dict(map(balance_option, args.balance or ())) or defaults.balances,
            accounts=(*defaults.accounts, *map(account_option, args.account or ())),
            wait_for_client=args.wait_for_client,
            state=Path(args.state) if args.state else None,
        )
    except ValueError as error:
        text = str(error)
        raise Refused("BAD_REQUEST", f"{text[:1].upper()}{text[1:]}.") from None
    return msgspec.structs.replace(chosen, **_likeness(args))


def _likeness(args: argparse.Namespace) -> dict[str, Any]:
    """Return what was said of fees, latency and limits; nothing for what was not."""
    said = {
        "maker_fee_ppm": _ppm(args.maker_fee),
        "taker_fee_ppm": _ppm(args.taker_fee),
        "latency_in_ms": args.latency_in,
        "latency_out_ms": args.latency_out,
        "weight_limit_1m": args.weight_limit,
        "order_limit_10s": args.order_limit,
        "connection_life_s": args.connection_life,
    }
    return {name: value for name, value in said.items() if value is not None}


def _ppm(percent: float | None) -> int | None:
    return None if percent is None else round(percent * 10_000)

"""Which processes one ``trader run`` has, and how they find each other: by their environment, nothing else."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from engine.cli.supervisor import Child
from engine.settings import Settings, child_environment
from engine.venues.paper.tape.circle import SYMBOLS

BAD_INPUT: Final = 2
"""The exit code by which a child says that its settings are wrong: starting it again would not help."""
PAPER_ACCOUNT_FILE: Final = "paper-account.json"
"""In the home folder: the journal holds positions that only this account has."""
SECOND_ACCOUNT_FILE: Final = "second-account.json"
"""The same of the second paper exchange."""
NOT_FOR: Final = {
    "bot": ("BINANCE_", "SECOND_", "LEDGER_", "NEWS_SECRET_", "NOTIFY_", "WATCHDOG_"),
    "local-slack": ("BINANCE_", "SECOND_", "SLACK_", "LEDGER_", "NEWS_SECRET_", "NOTIFY_", "WATCHDOG_"),
    "ledger": ("BINANCE_", "SECOND_", "NEWS_SECRET_", "SLACK_", "NOTIFY_", "WATCHDOG_"),
    "watchdog": ("SECOND_", "SLACK_", "LEDGER_", "NOTIFY_"),
    "notify": ("BINANCE_", "SECOND_", "NEWS_SECRET_", "SLACK_", "LEDGER_", "WATCHDOG_"),
}
"""What a child's environment has none of, by its name."""
NOT_FOR_OTHERS: Final = ("SLACK_", "LEDGER_", "NOTIFY_", "WATCHDOG_")
"""What those have none of that are not named there, the engine among them."""
NOT_AVAILABLE: Final = 3
"""The local Slack's exit code where it can't be installed."""


@dataclass(frozen=True)
class Ports:
    """Where the processes of a run listen."""

    exchange: int
    page: int
    """The local Slack's; every interface."""
    second: int = 0
    """The second paper exchange's; 0 where there is none."""

    @property
    def exchange_url(self) -> str:
        """Where the paper exchange answers."""
        return f"http://127.0.0.1:{self.exchange}"

    @property
    def page_url(self) -> str:
        """Where a person's browser finds the local Slack."""
        return f"http://127.0.0.1:{self.page}"


def people_at(settings: Settings, args: argparse.Namespace) -> Literal["desk", "slack", "local slack"]:
    """Say where people follow this run: in this terminal, in their own workspace, or in a Slack on this machine.

    The local Slack checks no token, and whoever reaches its page is its admin: it is for paper money only.
    """
    if args.no_slack:
        return "desk"
    if settings.has_slack:
        return "slack"
    return "desk" if settings.is_live else "local slack"


def exchange_child(settings: Settings, args: argparse.Namespace, ports: Ports) -> Child:
    """Return the paper exchange, whose market waits until the engine listens."""
    words = ["exchange", "--tape", endless(args.tape), "--seed", str(args.seed), "--port", str(ports.exchange)]
    words += ["--speed", str(args.speed)] if args.speed is not None else []
    words += ["--state", str(settings.home / PAPER_ACCOUNT_FILE), "--wait-for-client"]
    return _child(settings, "exchange", [*_trader(), *words], {})


def second_child(settings: Settings, args: argparse.Namespace, ports: Ports) -> Child:
    """Return the second paper exchange: the same tape from another seed, so that its prices differ a little."""
    words = ["exchange", "--tape", endless(args.tape), "--seed", str(args.seed + 1), "--port", str(ports.second)]
    words += ["--speed", str(args.speed)] if args.speed is not None else []
    words += ["--state", str(settings.home / SECOND_ACCOUNT_FILE), "--wait-for-client"]
    return _child(settings, "second-exchange", [*_trader(), *words], {})


def wants_second(settings: Settings) -> bool:
    """Say whether a run brings a second paper exchange: arbitrage is not off, and nobody has named another one."""
    is_on = settings.trading.strategies.arbitrage.mode != "off"
    return settings.venue == "paper" and is_on and settings.second is None


def endless(tape: str) -> str:
    """Return a tape that begins anew at its end, as the story does, unless it says itself how often it is played."""
    name, _, options = tape.partition("?")
    has_end = name.startswith(("recording:", "candles:"))
    if not has_end or any(option.startswith("laps=") for option in options.split("&")):
        return tape
    return f"{name}?{'&'.join(filter(None, (options, 'laps=0')))}"


def engine_child(settings: Settings, args: argparse.Namespace, ports: Ports) -> Child:
    """Return the engine, pointed at this run's paper exchange unless a real venue is set."""
    changes = _venue(settings, ports)
    if ports.second:
        host = f"127.0.0.1:{ports.second}"
        urls = (f"http://{host}", f"ws://{host}", f"ws://{host}/ws-api/v3")
        changes |= dict(zip(("SECOND_REST_URL", "SECOND_STREAM_URL", "SECOND_WS_API_URL"), urls, strict=True))
    if settings.venue == "paper" and args.tape == "story" and not settings.news_stream_url:
        changes["NEWS_STREAM_URL"] = f"ws://127.0.0.1:{ports.exchange}/_news"
    if settings.venue == "paper" and args.tape == "circle" and not settings.trading.strategies.arbitrage.circle:
        changes["ENGINE_CIRCLE"] = ",".join(SYMBOLS)
    return _child(settings, "engine", [*_trader(), "engine"], changes)


def watchdog_child(settings: Settings, ports: Ports) -> Child:
    """Return what cancels the engine's open entries at the same venue when the engine is gone."""
    return _child(settings, "watchdog", [*_trader(), "watchdog"], _venue(settings, ports))


def _venue(settings: Settings, ports: Ports) -> dict[str, str]:
    """Return where this run's paper exchange is; nothing where a real venue is set."""
    if settings.venue != "paper":
        return {}
    host = f"127.0.0.1:{ports.exchange}"
    return {
        "BINANCE_REST_URL": ports.exchange_url,
        "BINANCE_STREAM_URL": f"ws://{host}",
        "BINANCE_WS_API_URL": f"ws://{host}/ws-api/v3",
    }


def local_slack_child(settings: Settings, ports: Ports) -> Child:
    """Return the throwaway Slack, for who has no workspace at hand."""
    words = [sys.executable, "-m", "bot.local_slack", "--port", str(ports.page), "--home", str(settings.home)]
    return _child(settings, "local-slack", words, {}, {NOT_AVAILABLE})


def bot_child(settings: Settings, local_slack_url: str) -> Child:
    """Return the bot; ``local_slack_url`` is empty where a real Slack is configured."""
    changes = {"TRADER_LOCAL_SLACK": local_slack_url} if local_slack_url else {}
    return _child(settings, "bot", [sys.executable, "-m", "bot"], changes)


def ledger_child(settings: Settings) -> Child:
    """Return what keeps the ledger up with the engine's journal; trading goes on without it."""
    return _child(settings, "ledger", [*_trader(), "ledger", "follow"], {})


def notify_child(settings: Settings) -> Child:
    """Return what reaches people outside Slack; trading goes on without it."""
    return _child(settings, "notify", [*_trader(), "notify", "follow"], {})


def _trader() -> list[str]:
    return [sys.executable, "-m", "engine.cli.main"]


def _child(
    settings: Settings, name: str, argv: list[str], changes: Mapping[str, str], last_codes: set[int] | None = None
) -> Child:
    env = child_environment(
        {"TRADER_HOME": str(settings.home), "PYTHONUNBUFFERED": "1", **changes},
        without=NOT_FOR.get(name, NOT_FOR_OTHERS),
    )
    codes = frozenset({BAD_INPUT, *(last_codes or ())})
    return Child(name, tuple(argv), env, settings.home / "logs" / f"{name}.log", codes)

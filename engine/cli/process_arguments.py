"""The options of the processes that `trader` starts, and of what looks after them: health, benchmarks, drills."""

from __future__ import annotations

import argparse

from engine.cli.option_types import count, json_argument, number, port


def _tape_arguments(parser: argparse.ArgumentParser, at_its_end: str) -> None:
    parser.add_argument(
        "--tape",
        metavar="SPEC",
        default="story",
        help="story, circle, recording:PATH, candles:PATH or binance (default: story). At its end a recording or "
        f"candles {at_its_end}; PATH?laps=N plays them N times, 0 without end",
    )
    parser.add_argument(
        "--speed", type=float, metavar="N", help="times real time (default: 20 for story and candles, else 1)"
    )
    parser.add_argument("--seed", type=count, default=0, metavar="S", help="of what the tape invents (default: 0)")


def run_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what `trader run` plays, and where."""
    _tape_arguments(parser, "begin anew, as the story does")
    parser.add_argument(
        "--port", type=port, metavar="P", help="of the local Slack's page (default: 3018, or a free one)"
    )
    parser.add_argument(
        "--exchange-port", type=port, metavar="P", help="of the paper exchange (default: 8790 or a free one)"
    )
    parser.add_argument("--no-slack", action="store_true", help="follow it in this terminal instead of Slack")
    parser.add_argument("--no-browser", action="store_true", help="open no page")


def exchange_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what the paper exchange plays, and how real it is."""
    _tape_arguments(parser, "leave the market standing still")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=port, default=8790, metavar="P", help="0 for any free one (default: 8790)")
    parser.add_argument(
        "--balance", action="append", metavar="ASSET=AMOUNT", help="what an account begins with, again for each asset"
    )
    parser.add_argument(
        "--account",
        action="append",
        metavar="NAME:APIKEY:SECRET",
        help="one more account; NAME:APIKEY:@PATH for an Ed25519 public key in PEM",
    )
    parser.add_argument(
        "--state",
        metavar="PATH",
        help="file that keeps what the accounts hold, over restarts; it counts before --balance. Open orders are not "
        "kept (default: nothing is)",
    )
    parser.add_argument("--wait-for-client", action="store_true", help="start the tape when somebody listens")
    _likeness_arguments(parser.add_argument_group("how real it is"))


def _likeness_arguments(group: argparse._ArgumentGroup) -> None:
    fee, delay = number(0, 10, "percent"), number(0, 60_000, "milliseconds")
    group.add_argument("--maker-fee", type=fee, metavar="PERCENT", help="of what a resting order gets (default: 0.1)")
    group.add_argument("--taker-fee", type=fee, metavar="PERCENT", help="of what a crossing order gets (default: 0.1)")
    group.add_argument("--latency-in", type=delay, metavar="MS", help="from a client to the matching (default: 0)")
    group.add_argument(
        "--latency-out", type=delay, metavar="MS", help="from the matching to a client, prices too (default: 0)"
    )
    group.add_argument(
        "--weight-limit", type=count, metavar="N", help="request weight a minute, 0 for no limit (default: 6000)"
    )
    group.add_argument(
        "--order-limit", type=count, metavar="N", help="orders in ten seconds, 0 for no limit (default: 100)"
    )
    group.add_argument(
        "--connection-life",
        type=number(0.1, 604_800, "seconds"),
        metavar="S",
        help="seconds after which a WebSocket is cut (default: 86400, a day)",
    )


def health_arguments(parser: argparse.ArgumentParser) -> None:
    """Take a process."""
    known = ("engine", "bot", "exchange", "ledger", "watchdog", "notify", "second", "run", "all")
    words = "second: the second venue's core; run: what `trader run` has started; all: everything that was started"
    parser.add_argument("process", nargs="?", choices=known, default="engine", help=words)
    json_argument(parser)


def notify_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what to do."""
    parser.add_argument(
        "what",
        choices=("follow", "test"),
        help="follow: page people when an alarm is not acknowledged or Slack can't be reached (`trader run` starts "
        "this). test: send one message to each address. Addresses are as in the manual of the library apprise: "
        "mailtos://user:password@example.com?to=desk@example.com, pover://user@token, tgram://token/chat",
    )


def bench_arguments(parser: argparse.ArgumentParser) -> None:
    """Take a benchmark, and how much of it."""
    parser.add_argument("name", nargs="?", help="one benchmark (default: all)")
    parser.add_argument("--quick", action="store_true", help="about a minute or less, for a first look")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often each variant takes its turn")
    parser.add_argument("--events", type=int, metavar="N", help="events of a round")
    json_argument(parser)


def drill_arguments(parser: argparse.ArgumentParser) -> None:
    """Take which drill, and how often."""
    parser.add_argument(
        "name", metavar="WHAT", choices=("crash", "desk"), help="crash: kills, again and again; desk: its bad days"
    )
    parser.add_argument("--rounds", type=count, default=10, metavar="N", help="how often (default: 10)")
    parser.add_argument("--seed", type=count, default=0, metavar="N", help="of everything that is left to chance")
    json_argument(parser)

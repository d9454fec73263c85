"""The words and options of every subcommand, each with its help and an example."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from engine.cli.learning_arguments import calibrate_arguments, learn_arguments
from engine.cli.parser import Parser
from engine.cli.strategy_arguments import replay_arguments, strategy_arguments

_TRADING: Final = (
    "buy",
    "sell",
    "close",
    "cancel",
    "auto",
    "halt",
    "kill",
    "lock",
    "reconcile",
    "risk",
    "ack",
    "resume",
)
_ASKING: Final = (
    "status",
    "positions",
    "orders",
    "balance",
    "pnl",
    "trades",
    "strategies",
    "why",
    "news",
    "chart",
    "watch",
    "missed",
    "digest",
    "pairs",
    "latency",
)
VERBS: Final = frozenset((*_ASKING, *_TRADING))
"""The commands to a running engine."""
_LISTINGS: Final = {
    "orders": "every order as it is now",
    "fills": "every fill",
    "trades": "every position from its first fill to flat, with its profit",
    "decisions": "every proposal, and what became of it",
    "refusals": "what the gate refused, and the numbers that decided",
    "equity": "what the account was worth",
}
"""What ``trader ledger`` shows."""


class _Verb(NamedTuple):
    """One subcommand: its words for help, an example and its arguments."""

    name: str
    help: str
    example: str
    add_arguments: Callable[[argparse.ArgumentParser], None]


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of ``trader``; it raises Refused where argparse would leave the process."""
    parser = Parser(
        prog="trader",
        description="Trades from Slack, a terminal or a script: it asks, it acts on high confidence, "
        "and every order passes one gate.",
        epilog="Begin with: trader run. One command with an example: trader help buy",
    )
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    for verb in _VERBS:
        sub = verbs.add_parser(
            verb.name,
            help=verb.help,
            description=f"{verb.help[:1].upper()}{verb.help[1:]}.",
            epilog=f"Example: {verb.example}",
        )
        verb.add_arguments(sub)
    return parser


def words_last(argv: Sequence[str]) -> list[str]:
    """Put the options of a command to the engine first, so that ``-5%`` is an amount; ``help buy`` is one too."""
    if argv[:1] == ["help"]:
        return [*argv[1:2], "--help"]
    verb, rest = argv[:1], list(argv[1:])
    if not verb or verb[0] not in VERBS or {"-h", "--help"} & set(rest):
        return list(argv)
    options: list[str] = []
    for flag in ("--json", "--yes", "--dry-run"):
        while flag in rest:
            rest.remove(flag)
            options.append(flag)
    if "--id" in rest[:-1]:
        at = rest.index("--id")
        options += [rest.pop(at), rest.pop(at)]
    return [*verb, *options, *(["--"] if any(word.startswith("-") for word in rest) else []), *rest]


def _no_arguments(parser: argparse.ArgumentParser) -> None:
    """Take none."""


def _json(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--json", action="store_true", help="print exactly one JSON object")


def _ask_arguments(parser: argparse.ArgumentParser) -> None:
    _json(parser)
    parser.add_argument("--id", metavar="ID", help="name of this command: the engine does one id once, however often")


def _words(help_text: str) -> Callable[[argparse.ArgumentParser], None]:
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("words", nargs="*", metavar="WORD", help=help_text)
        _ask_arguments(parser)

    return add


def _order(help_text: str) -> Callable[[argparse.ArgumentParser], None]:
    def add(parser: argparse.ArgumentParser) -> None:
        _words(help_text)(parser)
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--yes", action="store_true", help="give it without a question (as from a script)")
        how.add_argument("--dry-run", action="store_true", help="only say what it would be and what the gate says")

    return add


def _second(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("approval_id", metavar="ID", help="of the order that waits, as `trader desk` and Slack show it")
    _json(parser)


def _number(low: float, high: float, unit: str) -> Callable[[str], float]:
    """Make a reader of numbers within limits; NaN lies within none."""

    def read(text: str) -> float:
        """Read one; raises ArgumentTypeError for what is none, or outside the limits."""
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no number of {unit} from {low:g} to {high:g}")
        return value

    return read


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 on")
    return int(text)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: write one from 1 to 65535, or 0 for any free one")
    return int(text)


def _tape_arguments(parser: argparse.ArgumentParser, at_its_end: str) -> None:
    parser.add_argument(
        "--tape",
        metavar="SPEC",
        default="story",
        help="story, recording:PATH, candles:PATH or binance (default: story). At its end a recording or candles "
        f"{at_its_end}; PATH?laps=N plays them N times, 0 without end",
    )
    parser.add_argument(
        "--speed", type=float, metavar="N", help="times real time (default: 20 for story and candles, else 1)"
    )
    parser.add_argument("--seed", type=_count, default=0, metavar="S", help="of what the tape invents (default: 0)")


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    _tape_arguments(parser, "begin anew, as the story does")
    parser.add_argument(
        "--port", type=_port, metavar="P", help="of the local Slack's page (default: 3018, or a free one)"
    )
    parser.add_argument(
        "--exchange-port", type=_port, metavar="P", help="of the paper exchange (default: 8790 or a free one)"
    )
    parser.add_argument("--no-slack", action="store_true", help="follow it in this terminal instead of Slack")
    parser.add_argument("--no-browser", action="store_true", help="open no page")


def _exchange_arguments(parser: argparse.ArgumentParser) -> None:
    _tape_arguments(parser, "leave the market standing still")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=_port, default=8790, metavar="P", help="0 for any free one (default: 8790)")
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
    fee, delay = _number(0, 10, "percent"), _number(0, 60_000, "milliseconds")
    group.add_argument("--maker-fee", type=fee, metavar="PERCENT", help="of what a resting order gets (default: 0.1)")
    group.add_argument("--taker-fee", type=fee, metavar="PERCENT", help="of what a crossing order gets (default: 0.1)")
    group.add_argument("--latency-in", type=delay, metavar="MS", help="from a client to the matching (default: 0)")
    group.add_argument(
        "--latency-out", type=delay, metavar="MS", help="from the matching to a client, prices too (default: 0)"
    )
    group.add_argument(
        "--weight-limit", type=_count, metavar="N", help="request weight a minute, 0 for no limit (default: 6000)"
    )
    group.add_argument(
        "--order-limit", type=_count, metavar="N", help="orders in ten seconds, 0 for no limit (default: 100)"
    )
    group.add_argument(
        "--connection-life",
        type=_number(0.1, 604_800, "seconds"),
        metavar="S",
        help="seconds after which a WebSocket is cut (default: 86400, a day)",
    )


def _health_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("process", nargs="?", choices=("engine", "bot", "exchange", "ledger", "all"), default="engine")
    _json(parser)


def _ledger_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    kinds.add_parser("follow", help="keep the ledger up with the journal (`trader run` starts this)")
    rebuild = kinds.add_parser("rebuild", help="make the ledger anew from the journal")
    rebuild.add_argument("--force", action="store_true", help="also where it says that the journal was another")
    _json(rebuild)
    for name, shows in _LISTINGS.items():
        listing = kinds.add_parser(name, help=shows)
        _sheet_arguments(listing)
        if name != "equity":
            listing.add_argument("--symbol", default="", help="only of this symbol")


def _sheet_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="TIME", help="2026-11-22, 2026-11-22T10:00 (UTC), 90m, 24h or 7d")
    parser.add_argument("--last", type=_count, default=0, metavar="N", help="only the newest N (default: all)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="print CSV, for a spreadsheet")
    _json(form)


def _journal_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    _json(kinds.add_parser("check", help="look it over from end to end (exit code 1: damaged)"))
    _json(kinds.add_parser("cut", help="take damaged parts out, keep the rest and a copy; the engine must be stopped"))


def _audit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--who", default="", metavar="ID", help="only what this one did: U01ALICE, ann, engine")
    parser.add_argument("--what", default="", metavar="WORDS", help="only entries with these words in them")
    _sheet_arguments(parser)
    parser.add_argument("--verify", action="store_true", help="look for changes in journal and ledger (exit code 1)")
    parser.add_argument("--noted", default="", metavar="HEAD", help="with --verify: a head that was noted before")


def _notify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        choices=("follow", "test"),
        help="follow: page people when an alarm is not acknowledged or Slack can't be reached (`trader run` starts "
        "this). test: send one message to each address. Addresses are as in the manual of the library apprise: "
        "mailtos://user:password@example.com?to=desk@example.com, pover://user@token, tgram://token/chat",
    )


def _bench_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="one benchmark (default: all)")
    parser.add_argument("--quick", action="store_true", help="about a minute or less, for a first look")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often each variant takes its turn")
    parser.add_argument("--events", type=int, metavar="N", help="events of a round")
    _json(parser)


def _drill_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=("crash", "desk"), help="crash: kills, again and again; desk: its bad days")
    parser.add_argument("--rounds", type=_count, default=10, metavar="N", help="how often (default: 10)")
    parser.add_argument("--seed", type=_count, default=0, metavar="N", help="of everything that is left to chance")
    _json(parser)


_VERBS: Final = (
    _Verb("run", "start everything, on paper money unless told otherwise", "trader run --speed 20", _run_arguments),
    _Verb("engine", "start the engine alone", "trader engine", _no_arguments),
    _Verb("watchdog", "cancel the open entries when the engine is gone", "trader watchdog", _no_arguments),
    _Verb("notify", "reach people outside Slack, at NOTIFY_URLS", "trader notify test", _notify_arguments),
    _Verb(
        "exchange", "start the paper exchange alone", "trader exchange --tape story --port 8790", _exchange_arguments
    ),
    _Verb("desk", "follow the market and trade in this terminal", "trader desk", _no_arguments),
    _Verb("status", "show mode, health and prices", "trader status --json", _ask_arguments),
    _Verb("positions", "show what is held and what it is worth", "trader positions", _ask_arguments),
    _Verb("orders", "show open orders and the last finished ones", "trader orders --json", _ask_arguments),
    _Verb("latency", "show how long the stages of our orders take", "trader latency --json", _ask_arguments),
    _Verb("balance", "show what the account holds and what it is worth", "trader balance", _words("nothing")),
    _Verb("pnl", "show what was made and lost", "trader pnl week", _words("[today|day|week|month|all]")),
    _Verb("digest", "sum up the last 24 hours or 7 days", "trader digest week", _words("[day|week]")),
    _Verb("trades", "show open and finished trades", "trader trades 20 eth --json", _words("[NUMBER] [SYMBOL]")),
    _Verb(
        "strategies",
        "show the strategies and their numbers, or set one",
        "trader strategies set sma_cross ask 0.5",
        _words("nothing, or set NAME PARAMETER VALUE|default"),
    ),
    _Verb("why", "show the decision behind an order, a proposal or a trade", "trader why tr-3f2a", _words("ID")),
    _Verb("chart", "show a symbol's candles", "trader chart eth 4h", _words("SYMBOL [1m|5m|15m|1h|4h|1d]")),
    _Verb("news", "show the last headlines and what was made of each", "trader news 5", _words("[NUMBER]")),
    _Verb(
        "watch",
        "be told once when a symbol trades at a price or beyond it",
        "trader watch eth above 2700",
        _words("SYMBOL above|below PRICE, list, or off ID|all"),
    ),
    _Verb(
        "buy",
        "buy a symbol",
        "trader buy ETHUSDT 250 sl=2% tp=2%:50,4%:50 trail=1.5% be=1% time=4h",
        _order("SYMBOL AMOUNT|all [STOP%%] [TARGET%%] [sl= tp= trail= be= time= limit=]"),
    ),
    _Verb("missed", "show what proposals that nobody took would have made", "trader missed --json", _ask_arguments),
    _Verb("pairs", "show how arbitrage between the two venues goes", "trader pairs --json", _ask_arguments),
    _Verb("sell", "sell from a position", "trader sell ETHUSDT 50%", _order("SYMBOL AMOUNT|all [limit=PRICE]")),
    _Verb("approve", "say yes, as the second person, to an order that waits", "trader approve a-1b2c3d", _second),
    _Verb("decline", "say no to an order that waits for a second person", "trader decline a-1b2c3d", _second),
    _Verb("close", "close a position; works while halted", "trader close ETHUSDT", _words("SYMBOL|all [PERCENT%%]")),
    _Verb("cancel", "cancel an open order; works while halted", "trader cancel all", _words("ID|SYMBOL|all")),
    _Verb("auto", "set the auto-trade mode", "trader auto ask sma_cross", _words("off|ask|auto [STRATEGY]")),
    _Verb("halt", "stop all new entries at once", "trader halt lunch", _words("why, in your words")),
    _Verb(
        "kill",
        "halt, cancel the open entries, with --flatten sell what is held; holds until --reset REASON",
        "trader kill --flatten --symbol ETHUSDT",
        _words("[--flatten] [--symbol SYMBOL], or --reset REASON"),
    ),
    _Verb(
        "risk",
        "show the limits, and what has tripped or is locked; change a limit, reset what has tripped",
        "trader risk set max_order_pct 0.5 --symbol ETHUSDT because of the weekend",
        _words("nothing; set NAME VALUE [loosen] or unset NAME, [--symbol S|--strategy S] because WHY; reset REASON"),
    ),
    _Verb(
        "lock",
        "bar entries of a symbol for a while; closes and exits go on",
        "trader lock ETHUSDT 1h because of the unlock",
        _words("SYMBOL 30s|10m|1h|2d|off [because REASON]"),
    ),
    _Verb("ack", "acknowledge an alarm: it is repeated no more", "trader ack NAKED_POSITION", _words("CODE|ID|all")),
    _Verb(
        "reconcile",
        "compare the account with the exchange's now; adopt or ignore an order that somebody else placed there, "
        "accept a balance",
        "trader reconcile adopt web_1a2b3c",
        _words("nothing, adopt ORDER_ID, ignore ORDER_ID, or accept SYMBOL"),
    ),
    _Verb("resume", "arm trading", "trader resume", _words("LIVE, on a live account")),
    _Verb("replay", "run the engine over a recording", "trader replay eth.gz --json", replay_arguments),
    _Verb("strategy", "list the strategies, or begin a new one", "trader strategy new drift", strategy_arguments),
    _Verb(
        "calibrate",
        "measure what each strategy's scores have been worth; the engine reads it at its next start",
        "trader calibrate eth.gz var/journal.bin",
        calibrate_arguments,
    ),
    _Verb(
        "learn",
        "learn rules from headlines and the prices that followed; deploys nothing",
        "trader learn headlines.csv bitfinex_ETHUSD_1m.csv.gz --out rules.new.toml",
        learn_arguments,
    ),
    _Verb("health", "say whether a process is well (exit code 0 or 1)", "trader health bot", _health_arguments),
    _Verb("ledger", "show what was traded, and keep the tables of it", "trader ledger trades --csv", _ledger_arguments),
    _Verb("journal", "look the journal over, and mend it", "trader journal check", _journal_arguments),
    _Verb("audit", "show who changed what, and verify it", "trader audit --since 24h --who U01ALICE", _audit_arguments),
    _Verb("bench", "measure, each figure against its floor", "trader bench replay --json", _bench_arguments),
    _Verb("drill", "rehearse what must not hurt, and count", "trader drill crash --rounds 10", _drill_arguments),
    _Verb("version", "print the version", "trader version", _no_arguments),
)
ALL: Final = tuple(verb.name for verb in _VERBS)
"""Every subcommand's name, in the order of the help."""

"""The words and options of every subcommand, each with its help and an example."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from engine.cli.learning_arguments import calibrate_arguments, learn_arguments
from engine.cli.ledger_arguments import audit_arguments, journal_arguments, ledger_arguments
from engine.cli.option_types import json_argument
from engine.cli.parser import Parser
from engine.cli.process_arguments import (
    bench_arguments,
    drill_arguments,
    exchange_arguments,
    health_arguments,
    notify_arguments,
    run_arguments,
)
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
    "mute",
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
_COLUMN: Final = 14
"""Where the help says what a command does."""
VERBS: Final = frozenset((*_ASKING, *_TRADING))
"""The commands to a running engine."""


class _Verb(NamedTuple):
    """One subcommand: its words for help, an example and its arguments."""

    name: str
    help: str
    example: str
    add_arguments: Callable[[argparse.ArgumentParser], None]


class _Group(NamedTuple):
    """Subcommands of one purpose, as the help lists them."""

    title: str
    verbs: tuple[_Verb, ...]


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of ``trader``; it raises Refused where argparse would leave the process."""
    parser = Parser(
        prog="trader",
        usage="trader COMMAND [WORD ...]",
        description="Trades from Slack, a terminal or a script: it asks, it acts on high confidence, "
        "and every order passes one gate.\n\nBegin with: trader run. One command with an example: trader help buy",
        epilog="\n\n".join(map(_listed, _GROUPS)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(prog="trader", dest="verb", metavar="COMMAND", required=True, help=argparse.SUPPRESS)
    for verb in _VERBS:
        sub = verbs.add_parser(
            verb.name,
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


def _listed(group: _Group) -> str:
    """List a group's commands with what each does, as wide as the terminal is."""
    room = max(shutil.get_terminal_size().columns - _COLUMN, 40)
    lines = (textwrap.wrap(verb.help, room) for verb in group.verbs)
    rows = (
        f"  {name:<{_COLUMN - 2}}{text}"
        for verb, wrapped in zip(group.verbs, lines, strict=True)
        for name, text in zip((verb.name, *[""] * (len(wrapped) - 1)), wrapped, strict=True)
    )
    return "\n".join((f"{group.title}:", *rows))


def _no_arguments(parser: argparse.ArgumentParser) -> None:
    """Take none."""


def _ask_arguments(parser: argparse.ArgumentParser) -> None:
    json_argument(parser)
    parser.add_argument("--id", metavar="ID", help="name of this command: the engine does one id once, however often")


def _words(help_text: str) -> Callable[[argparse.ArgumentParser], None]:
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("words", nargs="*", metavar="WORD", help=help_text)
        _ask_arguments(parser)

    return add


def _does(help_text: str) -> Callable[[argparse.ArgumentParser], None]:
    """Take the words of a command that changes something, and ``--yes`` as all of those do."""

    def add(parser: argparse.ArgumentParser) -> None:
        _words(help_text)(parser)
        _yes(parser)

    return add


def _yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="as for buy and sell; this asks no question anyway")


def _order(help_text: str) -> Callable[[argparse.ArgumentParser], None]:
    def add(parser: argparse.ArgumentParser) -> None:
        """Take the words of an order, and whether to ask before it is given."""
        _words(help_text)(parser)
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--yes", action="store_true", help="give it without a question (as from a script)")
        how.add_argument("--dry-run", action="store_true", help="only say what it would be and what the gate says")

    return add


def _approval(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("approval_id", metavar="ID", help="of the order that waits, as `trader desk` and Slack show it")
    _yes(parser)
    json_argument(parser)


_BEGIN: Final = (
    _Verb("run", "start everything, on paper money unless told otherwise", "trader run --speed 20", run_arguments),
    _Verb("desk", "follow the market and trade in this terminal", "trader desk", _no_arguments),
    _Verb("health", "say whether a process is well (exit code 0 or 1)", "trader health bot", health_arguments),
    _Verb("version", "print the version", "trader version", _no_arguments),
)
_LOOK: Final = (
    _Verb("status", "show mode, health and prices", "trader status --json", _ask_arguments),
    _Verb("positions", "show what is held and what it is worth", "trader positions", _ask_arguments),
    _Verb("orders", "show open orders and the last finished ones", "trader orders --json", _ask_arguments),
    _Verb("balance", "show what the account holds and what it is worth", "trader balance", _words("nothing")),
    _Verb("pnl", "show what was made and lost", "trader pnl week", _words("[today|day|week|month|all]")),
    _Verb("trades", "show open and finished trades", "trader trades 20 eth --json", _words("[NUMBER] [SYMBOL]")),
    _Verb("digest", "sum up the last 24 hours or 7 days", "trader digest week", _words("[day|week]")),
    _Verb("chart", "show a symbol's candles", "trader chart eth 4h", _words("SYMBOL [1m|5m|15m|1h|4h|1d]")),
    _Verb("news", "show the last headlines and what was made of each", "trader news 5", _words("[NUMBER]")),
    _Verb(
        "strategies",
        "show the strategies and their numbers, or set one",
        "trader strategies set sma_cross ask 0.5",
        _does("nothing, or set NAME PARAMETER VALUE|default"),
    ),
    _Verb("pairs", "show how arbitrage goes, or close a pair", "trader pairs", _does("[close SYMBOL [MOST_LOSS]]")),
    _Verb("missed", "show what proposals that nobody took would have made", "trader missed --json", _ask_arguments),
    _Verb("why", "show the decision behind an order, a proposal or a trade", "trader why tr-3f2a", _words("ID")),
    _Verb(
        "watch",
        "be told once when a symbol trades at a price or beyond it",
        "trader watch eth above 2700",
        _does("SYMBOL above|below PRICE, list, or off ID|all"),
    ),
    _Verb("latency", "show how long the stages of our orders take", "trader latency --json", _ask_arguments),
)
_TRADE: Final = (
    _Verb(
        "buy",
        "buy a symbol",
        "trader buy ETHUSDT 250 sl=2% tp=2%:50,4%:50 trail=1.5% be=1% time=4h",
        _order("SYMBOL AMOUNT|all [STOP%%] [TARGET%%] [sl= tp= trail= be= time= limit=]"),
    ),
    _Verb("sell", "sell from a position", "trader sell ETHUSDT 50%", _order("SYMBOL AMOUNT|all [limit=PRICE]")),
    _Verb("close", "close a position; works while halted", "trader close ETHUSDT", _does("SYMBOL|all [PERCENT%%]")),
    _Verb("cancel", "cancel an open order; works while halted", "trader cancel all", _does("ID|SYMBOL|all")),
    _Verb("approve", "say yes, as the second person, to an order that waits", "trader approve a-1b2c3d", _approval),
    _Verb("decline", "say no to an order that waits for a second person", "trader decline a-1b2c3d", _approval),
)
_STEER: Final = (
    _Verb("resume", "arm trading", "trader resume", _does("LIVE, on a live account")),
    _Verb("auto", "set the auto-trade mode", "trader auto ask sma_cross", _does("off|ask|auto [STRATEGY]")),
    _Verb("halt", "stop all new entries at once", "trader halt lunch", _does("why, in your words")),
    _Verb(
        "kill",
        "halt, cancel the open entries, with --flatten sell what is held; holds until --reset REASON",
        "trader kill --flatten --symbol ETHUSDT",
        _does("[--flatten] [--symbol SYMBOL], or --reset REASON"),
    ),
    _Verb(
        "risk",
        "show the limits, and what has tripped or is locked; change a limit, reset what has tripped",
        "trader risk set max_order_pct 0.5 --symbol ETHUSDT because of the weekend",
        _does("nothing; set NAME VALUE [loosen] or unset NAME, [--symbol S|--strategy S] because WHY; reset REASON"),
    ),
    _Verb(
        "lock",
        "bar entries of a symbol for a while; closes and exits go on",
        "trader lock ETHUSDT 1h because of the unlock",
        _does("SYMBOL 30s|10m|1h|2d|off [because REASON]"),
    ),
    _Verb(
        "mute",
        "keep something out of the channel for a while; what is critical comes all the same",
        "trader mute news 2h",
        _does("SYMBOL|STRATEGY [on SYMBOL]|proposals|news|notices [30m|1h|2d], list, or off [WHAT]"),
    ),
    _Verb("ack", "acknowledge an alarm: it is repeated no more", "trader ack NAKED_POSITION", _does("CODE|ID|all")),
    _Verb(
        "reconcile",
        "compare the account with the exchange's now; adopt or ignore an order that somebody else placed there, "
        "accept a balance",
        "trader reconcile adopt web_1a2b3c",
        _does("nothing, adopt ORDER_ID, ignore ORDER_ID, or accept SYMBOL"),
    ),
)
_RECORDS: Final = (
    _Verb("ledger", "show what was traded, and keep the tables of it", "trader ledger trades --csv", ledger_arguments),
    _Verb("audit", "show who changed what, and verify it", "trader audit --since 24h --who U01ALICE", audit_arguments),
    _Verb("journal", "look the journal over, and mend it", "trader journal check", journal_arguments),
)
_RESEARCH: Final = (
    _Verb("replay", "run the engine over a recording", "trader replay eth.gz --json", replay_arguments),
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
    _Verb("strategy", "list the strategies, or begin a new one", "trader strategy new drift", strategy_arguments),
    _Verb("bench", "measure, each figure against its floor", "trader bench replay --json", bench_arguments),
    _Verb("drill", "rehearse what must not hurt, and count", "trader drill crash --rounds 10", drill_arguments),
)
_PROCESSES: Final = (
    _Verb("engine", "start the engine alone", "trader engine", _no_arguments),
    _Verb("exchange", "start the paper exchange alone", "trader exchange --tape story --port 8790", exchange_arguments),
    _Verb("watchdog", "cancel the open entries when the engine is gone", "trader watchdog", _no_arguments),
    _Verb("notify", "reach people outside Slack, at NOTIFY_URLS", "trader notify test", notify_arguments),
)
_GROUPS: Final = (
    _Group("Begin", _BEGIN),
    _Group("Look", _LOOK),
    _Group("Trade", _TRADE),
    _Group("Steer", _STEER),
    _Group("Records", _RECORDS),
    _Group("Research", _RESEARCH),
    _Group("Each process alone", _PROCESSES),
)
"""As a newcomer finds his way: what to begin with first, what starts a process alone last."""
_VERBS: Final = tuple(verb for group in _GROUPS for verb in group.verbs)
ALL: Final = tuple(verb.name for verb in _VERBS)
"""Every subcommand's name, in the order of the help."""

"""Reads the command line and calls the one module that does what it asks; imports nothing heavy before that.

Exit codes: 0 done; 2 refused, bad input or something missing, with a sentence on standard error; 1 unexpected.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from engine import __version__
from engine.cli.arguments import build_parser, words_last
from engine.cli.refused import Refused
from engine.environment import SettingsError

_INTERRUPTED: Final = 130
_UNREAD: Final = 141
"""What a shell reports of a process that SIGPIPE ended."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        try:
            return _told(words)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        return _unread()


def _told(words: Sequence[str]) -> int:
    try:
        args = build_parser().parse_args(words_last(words))
        return _RUNNERS.get(args.verb, _ask)(args)
    except Refused as refused:
        return _refuse(refused.code, refused.text, as_json="--json" in words)
    except SettingsError as error:
        return _refuse("BAD_SETTING", str(error), as_json="--json" in words)
    except KeyboardInterrupt:
        return _INTERRUPTED


def _refuse(code: str, text: str, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"ok": False, "code": code, "text": text}, ensure_ascii=False))
    else:
        print(text, file=sys.stderr)
    return 2


def _unread() -> int:
    """Leave quietly where whoever reads has gone, as in ``trader chart eth | head``; what is buffered goes nowhere.

    Source: the Python manual, "signal", note on SIGPIPE.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _UNREAD


def _run(args: argparse.Namespace) -> int:
    from engine.cli import run

    return run.main(args)


def _engine(args: argparse.Namespace) -> int:
    from engine.cli import engine

    return engine.main(args)


def _watchdog(args: argparse.Namespace) -> int:
    from engine.cli import watchdog

    return watchdog.main(args)


def _notify(args: argparse.Namespace) -> int:
    from engine.cli import notify

    return notify.main(args)


def _kill(args: argparse.Namespace) -> int:
    from engine.cli import kill

    return kill.main(args)


def _reconcile(args: argparse.Namespace) -> int:
    from engine.cli import reconcile

    return reconcile.main(args)


def _exchange(args: argparse.Namespace) -> int:
    from engine.cli import exchange

    return exchange.main(args)


def _desk(args: argparse.Namespace) -> int:
    from engine.cli import desk

    return desk.main(args)


def _ask(args: argparse.Namespace) -> int:
    from engine.cli import client

    return client.main(args)


def _by_hand(args: argparse.Namespace) -> int:
    from engine.cli import by_hand

    return by_hand.main(args)


def _approve(args: argparse.Namespace) -> int:
    from engine.cli import approve

    return approve.main(args)


def _replay(args: argparse.Namespace) -> int:
    from engine.cli import replay

    return replay.main(args)


def _strategy(args: argparse.Namespace) -> int:
    from engine.cli import strategy

    return strategy.main(args)


def _calibrate(args: argparse.Namespace) -> int:
    from engine.cli import calibrate

    return calibrate.main(args)


def _learn(args: argparse.Namespace) -> int:
    from engine.cli import learn

    return learn.main(args)


def _health(args: argparse.Namespace) -> int:
    from engine.cli import health

    return health.main(args)


def _ledger(args: argparse.Namespace) -> int:
    from engine.cli import ledger

    return ledger.main(args)


def _journal(args: argparse.Namespace) -> int:
    from engine.cli import journal

    return journal.main(args)


def _audit(args: argparse.Namespace) -> int:
    from engine.cli import audit

    return audit.main(args)


def _bench(args: argparse.Namespace) -> int:
    from engine.cli import bench

    return bench.main(args)


def _drill(args: argparse.Namespace) -> int:
    from engine.cli import drill

    return drill.main(args)


def _version(args: argparse.Namespace) -> int:
    print(f"trader {__version__}")
    return 0


_RUNNERS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "run": _run,
    "engine": _engine,
    "watchdog": _watchdog,
    "notify": _notify,
    "kill": _kill,
    "reconcile": _reconcile,
    "exchange": _exchange,
    "desk": _desk,
    "buy": _by_hand,
    "sell": _by_hand,
    "approve": _approve,
    "decline": _approve,
    "replay": _replay,
    "calibrate": _calibrate,
    "learn": _learn,
    "strategy": _strategy,
    "health": _health,
    "ledger": _ledger,
    "audit": _audit,
    "journal": _journal,
    "bench": _bench,
    "drill": _drill,
    "version": _version,
}
"""All others are commands to a running engine."""

if __name__ == "__main__":
    sys.exit(main())

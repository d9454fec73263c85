"""``trader ledger``: keeps the ledger up with the journal, makes it anew, and shows what is in it."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from engine.cli.refused import Refused
from engine.cli.sheet import print_rows, since_ns
from engine.clock import now_ns
from engine.core.record_codec import UnknownRecord
from engine.settings import Settings, read_ledger_settings
from engine.store.ledger.database import Ledger
from engine.store.ledger.errors import NO_LEDGER, LedgerDown, LedgerError
from engine.store.ledger.fold import BEGINNING, Progress
from engine.store.ledger.follow import Following, follow
from engine.store.ledger.listings import Wanted, ask
from engine.store.ledger.projector import Projector, folded
from engine.store.ledger.tail import Tail
from engine.wire.logs import set_up
from engine.wire.views import HealthView
from engine.wire.vitals import answering, socket_in

JOURNAL: Final = "journal.bin"
_LOOKS: Final = 10
_BETWEEN_LOOKS_S: Final = 0.2
"""So often, and with such pauses, the health is looked at until the ledger has what was there at first."""


def main(args: argparse.Namespace) -> int:
    """Do what the arguments say and return the exit code."""
    settings = read_ledger_settings()
    with opened(settings) as ledger:
        if args.what == "follow":
            return _follow(settings, ledger)
        if args.what == "rebuild":
            return _rebuild(settings.home / JOURNAL, ledger, args)
        since = since_ns(args.since, now_ns()) if args.since else 0
        wanted = Wanted(since_ns=since, symbol=getattr(args, "symbol", "").upper(), last=args.last)
        print_rows(args.what, ask(ledger, args.what, wanted), args)
        return 0


def look() -> HealthView:
    """Say how far the ledger is behind the journal, after giving it two seconds for what is being written just now."""
    settings = read_ledger_settings()
    journal = Tail(settings.home / JOURNAL)
    wanted = journal.size()
    try:
        with closing(Ledger(settings.ledger_url.reveal())) as ledger:
            for _ in range(_LOOKS):
                stored = ledger.progress()
                if stored is None or stored.byte_offset >= wanted:
                    break
                time.sleep(_BETWEEN_LOOKS_S)
    except LedgerError as error:
        return HealthView("ledger", False, str(error))
    if stored is None:
        return HealthView("ledger", False, NO_LEDGER)
    behind = max(journal.size() - stored.byte_offset, 0)
    words = f"has {stored.records} records, {behind} bytes behind the journal"
    return HealthView("ledger", stored.byte_offset >= wanted, words)


@contextmanager
def opened(settings: Settings) -> Iterator[Ledger]:
    """Yield the ledger's database; what goes wrong with it is told as a refusal."""
    try:
        with closing(Ledger(settings.ledger_url.reveal())) as ledger:
            yield ledger
    except LedgerDown as error:
        raise Refused("LEDGER_DOWN", str(error)) from None
    except (LedgerError, UnknownRecord) as error:
        raise Refused("LEDGER", str(error)) from None


def _follow(settings: Settings, ledger: Ledger) -> int:
    set_up("ledger", settings.log_level, settings.secrets)
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))  # a transaction that was begun is rolled back
    projector = Projector(settings.home / JOURNAL, ledger)
    health = Following(projector)
    with _answering(settings.home, health):
        follow(projector, health=health)
    return 0


@contextmanager
def _answering(home: Path, health: Following) -> Iterator[None]:
    """Answer from a thread how it is: the process itself waits for its database, which may hang."""

    async def answer() -> None:
        async with answering(home, "ledger", lambda: (health.view(),)):
            await asyncio.Event().wait()

    threading.Thread(target=asyncio.run, args=(answer(),), name="health", daemon=True).start()
    try:
        yield
    finally:
        socket_in(home, "ledger").unlink(missing_ok=True)


def _rebuild(journal: Path, ledger: Ledger, args: argparse.Namespace) -> int:
    if not journal.is_file():
        raise Refused("NOT_FOUND", f"There is no journal {journal}: the engine writes one, see TRADER_HOME.")
    if not args.force:
        _compare(journal, ledger)
    ledger.reset()
    projector = Projector(journal, ledger)
    while projector.step():
        pass
    done = projector.progress or BEGINNING
    _report(done, args)
    return 0


def _compare(journal: Path, ledger: Ledger) -> None:
    """Refuse to replace a ledger that says something else of the journal's past: it may be the only witness."""
    try:
        stored = ledger.progress()
        if stored is not None:
            folded(Tail(journal), stored)
    except LedgerDown:
        raise
    except LedgerError as error:
        raise Refused("LEDGER", f"{error} To replace it nevertheless, say `trader ledger rebuild --force`.") from None


def _report(done: Progress, args: argparse.Namespace) -> None:
    if args.json:
        print(json.dumps({"ok": True, "records": done.records, "entries": done.entries, "head": done.audit_hash}))
    else:
        print(f"The ledger has all {done.records} records of the journal. Audit head: {done.audit_hash or 'none'}")

"""``trader audit``: shows who changed what, and verifies that neither journal nor ledger were changed since."""

from __future__ import annotations

import argparse
import json

from engine.cli.ledger import JOURNAL, opened
from engine.cli.sheet import print_rows, since_ns
from engine.clock import now_ns
from engine.settings import read_ledger_settings
from engine.store.ledger.listings import Wanted, ask
from engine.store.ledger.verify import Verdict, verify


def main(args: argparse.Namespace) -> int:
    """Show or verify; return 1 where something was changed."""
    settings = read_ledger_settings()
    with opened(settings) as ledger:
        if args.verify:
            return _tell(verify(settings.home / JOURNAL, ledger, args.noted), as_json=args.json)
        since = since_ns(args.since, now_ns()) if args.since else 0
        print_rows("audit", ask(ledger, "audit", Wanted(since, "", args.who, args.what, args.last)), args)
        return 0


def _tell(verdict: Verdict, *, as_json: bool) -> int:
    is_ok = not verdict.problems
    if as_json:
        print(json.dumps({"ok": is_ok, **verdict._asdict()}, ensure_ascii=False))
    else:
        print("\n".join([*verdict.problems, *_summary(verdict)]))
    return 0 if is_ok else 1


def _summary(verdict: Verdict) -> list[str]:
    if verdict.problems:
        return ["NOT AS IT WAS WRITTEN: keep copies of the journal and the database before anything else."]
    return [
        f"{verdict.records} records and {verdict.entries} audit entries are as they were written.",
        f"Head: {verdict.head or 'none yet'}",
        "Note the head elsewhere: `trader audit --verify --noted HEAD` then finds what was changed in both at once.",
    ]

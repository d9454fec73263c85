"""Why the ledger can't be written or read; each text says what to do."""

from __future__ import annotations

from typing import Final

NO_LEDGER: Final = "There is no ledger yet: `trader run` keeps one, `trader ledger rebuild` makes it."


class LedgerError(Exception):
    """Base of them all."""


class LedgerDown(LedgerError):
    """The database does not answer, or refuses: it is asked again."""


class LedgerForeign(LedgerError):
    """Database and journal don't belong together: a person has to look."""


class LedgerOvertaken(LedgerError):
    """Somebody else has written to the ledger meanwhile: it has to be looked at anew."""

"""Why the ledger can't be written or read; each text says what to do."""

from __future__ import annotations


class LedgerError(Exception):
    """Base of them all."""


class LedgerDown(LedgerError):
    """The database does not answer, or refuses: it is asked again."""


class LedgerForeign(LedgerError):
    """Database and journal don't belong together: a person has to look."""


class LedgerOvertaken(LedgerError):
    """Somebody else has written to the ledger meanwhile: it has to be looked at anew."""

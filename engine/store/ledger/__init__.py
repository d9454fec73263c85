"""The ledger: the journal's facts in tables that can be asked, kept by a process that only reads the journal."""

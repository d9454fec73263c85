"""A real PostgreSQL for those tests that want one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_postgres import SERVER_USER, Postgres
from needs import skip_or_fail


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL that runs; one for the tests of a module."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = found[-1] if found else shutil.which("initdb")
    if initdb is None:
        skip_or_fail("no PostgreSQL is installed here (initdb)")
    folder = Path(tempfile.mkdtemp(prefix="ledger-pg-"))
    if SERVER_USER:
        shutil.chown(folder, SERVER_USER)
    try:
        server = Postgres(Path(initdb).parent, folder)
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder)

"""Where the project is, and what a test does when something that it needs is not here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NoReturn

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
IS_FULL: Final = os.environ.get("TRADER_FULL") == "1"
"""Play the full counts, not the few of `make test`."""
REQUIRE_ALL: Final = os.environ.get("TRADER_REQUIRE_ALL") == "1"


def skip_or_fail(reason: str) -> NoReturn:
    """Skip with the reason, or fail where ``TRADER_REQUIRE_ALL=1`` says that nothing may be missing."""
    if REQUIRE_ALL:
        pytest.fail(f"required here, but missing: {reason}")
    pytest.skip(reason)

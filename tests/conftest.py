"""What all tests share: the recordings, the same examples each time, no skips where all is needed."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings
from needs import IS_FULL, REQUIRE_ALL, ROOT, skip_or_fail

# The same examples each time, so that a failure is a change's; new ones in the full count. No time limit for one: a
# busy machine is no mistake.
settings.register_profile("trader", deadline=None, derandomize=not IS_FULL)
settings.load_profile("trader")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count a skipped test as failed where nothing may be missing."""
    report = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"required here, but skipped: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def kernels() -> None:
    """Compile what decides, once: a new clone takes its time for it, and no process that is waited for should."""
    from engine.core.warm import warm_up  # half a second of imports, for those who ask

    warm_up()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings: ``TRADER_DATA``, or ``../shared/data`` beside the project."""
    path = Path(os.environ.get("TRADER_DATA") or ROOT.parent / "shared" / "data")
    if not path.is_dir():
        skip_or_fail(f"no real recordings at {path}; name their folder in TRADER_DATA")
    return path


@pytest.fixture(scope="session")
def eth_recording(shared_data: Path) -> Path:
    """Six minutes of Binance's ETHUSDT frames of 8 August 2024, as they were sent."""
    return shared_data / "binance_frames" / "binance_spot_ethusdt_20240808.gz"

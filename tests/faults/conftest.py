"""Every engine of the fault tests has a venue that the tests can look at."""

from __future__ import annotations

import pytest
from fault_bench import SeenVenue

from engine import venue_link


@pytest.fixture(autouse=True)
def seen_venues(monkeypatch: pytest.MonkeyPatch, kernels: None) -> None:
    """Let the engine make its venues so; what it decides with was compiled before."""
    monkeypatch.setattr(venue_link, "BinanceVenue", SeenVenue)

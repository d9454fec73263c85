"""A session of two venues is recorded in one file, and heard again it gives the same order bytes on both."""

from __future__ import annotations

from pathlib import Path

import msgspec
from test_arbitrage_legs import Both, engine, exchanges, joined

from engine.research.session import replay_session
from engine.store.recorder import read_session
from engine.venues.binance.sign import make_signer
from engine.venues.binance.urls import ApiKeys
from engine.venues.paper.defaults import PAPER_API_KEY, PAPER_API_SECRET
from engine.wire.commands import Who
from engine.wire.drill import StartDrill

KEYS = ApiKeys(PAPER_API_KEY, PAPER_API_SECRET)
ADMIN = Who("ann", "ann", "cli")


async def test_pairs_of_two_recorded_venues_are_the_same_bytes_when_heard_again(tmp_path: Path) -> None:
    """Who came first is known of both venues, a request that was lost and what made up for it included."""
    session = tmp_path / "session.txt"
    async with exchanges() as rests, engine(tmp_path, rests, session), joined(tmp_path, rests) as scene:
        await scene.stock()
        await scene.until(lambda view: view.taken >= 2)
        await scene.fault(kind="error", operation="order.place", status=400, code=-2010, msg="No.")
        await scene.until(lambda view: view.mended >= 1, 40.0)
        await scene.flat()
        await _refuses_a_drill(scene)
    parity = replay_session(session, KEYS, make_signer(KEYS))
    assert len(_names(parity.live)) >= 6
    assert parity.is_equal
    kinds = {record.kind for record in read_session(session)}
    assert {"start", "trade", "paired", "look", "order", "second:start", "second:trade", "second:order"} <= kinds


async def _refuses_a_drill(scene: Both) -> None:
    """The second core has nobody who could run one: it says so, and does not count it as running."""
    for number in range(2):
        reply = await scene.ask(StartDrill(id=f"drill-{number}", who=ADMIN), 1)
        assert (reply.ok, reply.code) == (False, "NOT_HERE")


def _names(sent: list[bytes]) -> list[str]:
    names = [msgspec.json.decode(data)["params"].get("newClientOrderId", "") for data in sent]
    return [name for name in names if name]

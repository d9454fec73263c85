"""Mutes: named as people write, told to all, over by themselves, ended by anybody who may, and kept over restarts."""

from __future__ import annotations

import pytest
from core_builders import ALICE, BOB, Desk, S, config, told, written

from engine.core.config import People, Person
from engine.core.records import Asked, Muted, MuteEnded
from engine.wire.commands import GetSnapshot, Who
from engine.wire.events import MutesChanged
from engine.wire.mutes import EndMute, GetMutes, MutesView, MuteView, SetMute
from engine.wire.replies import Reply, Snapshot

ANN = Who("ann", "ann", "cli")


def mute(desk: Desk, what: str, seconds: float = 3_600.0, who: Who = ALICE) -> Reply:
    return desk.ask(SetMute(id=desk.new_id(), who=who, what=what, seconds=seconds))[0]


def muted(desk: Desk) -> list[str]:
    reply = desk.ask(GetMutes(id=desk.new_id(), who=BOB))[0]
    assert isinstance(reply.result, MutesView)
    return [view.what for view in reply.result.mutes]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("News", "news"),
        ("proposals", "proposals"),
        ("sma_cross", "sma_cross"),
        ("$eth", "ETHUSDT"),
        ("ETH/USDT", "ETHUSDT"),
        ("SMA_cross on eth", "sma_cross on ETHUSDT"),
    ],
)
def test_what_is_meant_is_muted_by_its_one_name(typed: str, name: str) -> None:
    desk = Desk().ready()
    reply = mute(desk, typed, 7_200.0)
    assert reply.ok
    assert reply.text.startswith(f"{name} is muted in the channel for 2 h.")
    assert muted(desk) == [name]


@pytest.mark.parametrize(
    ("typed", "seconds", "code", "words"),
    [
        ("nonsense", 60.0, "NOT_FOUND", "'nonsense' is nothing that can be muted: there is proposals, news, notices"),
        ("moon on eth", 60.0, "NOT_FOUND", "There is no strategy 'moon'"),
        ("sma_cross on moon", 60.0, "BAD_SYMBOL", "not traded here"),
        ("", 60.0, "NOT_FOUND", "nothing that can be muted"),
        ("news", 0.0, "BAD_REQUEST", "seven days at most"),
        ("news", 7 * 86_400.0 + 1.0, "BAD_REQUEST", "seven days at most"),
        ("news", float("nan"), "BAD_REQUEST", "seven days at most"),
    ],
)
def test_what_can_not_be_muted_is_refused_with_what_can(typed: str, seconds: float, code: str, words: str) -> None:
    desk = Desk().ready()
    reply = mute(desk, typed, seconds)
    assert (reply.ok, reply.code) == (False, code)
    assert words in reply.text
    assert muted(desk) == []


def test_a_mute_is_told_written_and_over_by_itself() -> None:
    desk = Desk().ready()
    now_ns = desk.now_ns
    _, actions = desk.ask(SetMute(id="m", who=ANN, what="news", seconds=60.0))
    view = MuteView("news", now_ns + 60 * S, "cli:ann", now_ns)
    (event,) = told(actions, MutesChanged)
    assert (event.by, event.muted, event.ended, event.mutes) == ("cli:ann", view, (), (view,))
    asked, record = [one for one in written(actions) if isinstance(one, Asked | Muted)]
    assert isinstance(asked, Asked)
    assert (asked.user_id, asked.door, asked.text) == ("ann", "cli", "set_mute what=news seconds=60.0")
    assert record == Muted("news", now_ns + 60 * S, "cli:ann", now_ns)
    snapshot = desk.ask(GetSnapshot(id="s", who=ALICE))[0].result
    assert isinstance(snapshot, Snapshot)
    assert snapshot.mutes == (view,)
    desk.wait(59.0)
    assert muted(desk) == ["news"]
    desk.wait(1.5)
    assert muted(desk) == []


def test_said_again_the_new_time_counts_and_the_same_command_twice_is_one() -> None:
    desk = Desk().ready()
    mute(desk, "news", 60.0)
    mute(desk, "eth", 60.0)
    once = SetMute(id="again", who=ALICE, what="news", seconds=600.0)
    assert desk.ask(once)[0].ok
    desk.wait(61.0)
    assert muted(desk) == ["news"]
    reply, actions = desk.ask(once)
    assert reply.ok
    assert written(actions) == []


def test_one_mute_ends_or_all_of_them_and_what_is_not_muted_is_refused() -> None:
    desk = Desk().ready()
    for what in ("news", "eth", "sma_cross on eth"):
        mute(desk, what)
    reply, actions = desk.ask(EndMute(id="1", who=BOB, what="ETH/usdt"))
    assert reply.text == "Not muted any more: ETHUSDT."
    (event,) = told(actions, MutesChanged)
    assert (event.by, event.muted, event.ended) == ("slack:U02BOB", None, ("ETHUSDT",))
    assert [view.what for view in event.mutes] == ["news", "sma_cross on ETHUSDT"]
    assert desk.ask(EndMute(id="2", who=BOB, what="eth"))[0].code == "NOT_FOUND"
    _, actions = desk.ask(EndMute(id="3", who=BOB))
    ended = [record for record in written(actions) if isinstance(record, MuteEnded)]
    assert [record.what for record in ended] == ["news", "sma_cross on ETHUSDT"]
    assert muted(desk) == []
    assert desk.ask(EndMute(id="4", who=BOB))[0].code == "NOT_FOUND"


def test_a_restart_keeps_what_is_muted_for_as_long_as_was_said() -> None:
    desk = Desk().ready()
    mute(desk, "news", 60.0)
    mute(desk, "notices", 600.0)
    mute(desk, "eth", 600.0)
    desk.ask(EndMute(id="e", who=ALICE, what="eth"))
    again = desk.restarted()
    assert muted(again) == ["news", "notices"]
    again.wait(61.0)
    assert muted(again) == ["notices"]


def test_a_viewer_may_ask_what_is_muted_and_change_nothing() -> None:
    desk = Desk(config(people=People(who={"U02BOB": Person(role="viewer"), "ann": Person(role="trader")}))).ready()
    assert mute(desk, "news", who=BOB).code == "NOT_ALLOWED"
    assert mute(desk, "news", who=ANN).ok
    assert desk.ask(EndMute(id="e", who=BOB))[0].code == "NOT_ALLOWED"
    assert muted(desk) == ["news"]

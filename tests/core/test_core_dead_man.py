"""The operator's dead man (C12): where nobody is there or can be reached, auto falls back to ask, and stays there."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from core_builders import ALICE, Desk, codes, config, told

from engine.core.config import Operator
from engine.core.records import Asked, ModeSet
from engine.core.types import Mode
from engine.wire.commands import AnyCommand, GetSnapshot, GetStatus, Reach, SetMode, Who
from engine.wire.events import Notice

BOT = Who("bot", "bot", "slack")


def desk(account: Any = "paper", **operator: float) -> Desk:
    """An armed desk in mode auto."""
    made = Desk(msgspec.structs.replace(config(), operator=Operator(**operator)), account=account)
    return made.ready() if account == "paper" else made


def mode(it: Desk) -> Mode:
    """The global mode."""
    return it.engine.trading.modes.everything


def reach(it: Desk, is_reachable: bool = True, detail: str = "") -> None:
    """Say as the bot does whether people can be reached."""
    assert it.ask(Reach(id=it.new_id(), who=BOT, is_reachable=is_reachable, detail=detail))[0].ok


def test_auto_falls_back_when_nobody_has_done_anything_for_so_long() -> None:
    it = desk(away_min=2.0)
    assert codes(it.wait(119.0)) == []
    actions = it.wait(1.1)
    assert (mode(it), codes(actions)) == (Mode.ASK, ["C12_AWAY"])
    assert told(actions, Notice)[0].text.startswith("C12_AWAY: limit=2min away=2.0min.")
    record = next(record for record in it.journal if isinstance(record, ModeSet))
    assert (record.by, record.mode) == ("C12_AWAY", "ask")
    assert codes(it.wait(500.0)) == []


def test_a_sign_of_life_does_not_bring_auto_back_and_a_person_does() -> None:
    it = desk(away_min=2.0)
    it.wait(121.0)
    it.ask(GetStatus(id="1", who=ALICE))
    it.wait(1.0)
    assert mode(it) is Mode.ASK
    assert it.ask(SetMode(id="2", who=ALICE, mode="auto"))[0].ok
    it.wait(1.0)
    assert mode(it) is Mode.AUTO


@pytest.mark.parametrize(
    ("command", "is_life"),
    [
        (GetStatus(id="1", who=ALICE), True),
        (GetStatus(id="1", who=Who("ann", "ann", "cli")), True),
        (GetStatus(id="1", who=Who("health", "health", "health")), False),
        (GetSnapshot(id="1", who=Who("watcher", "watcher", "desk")), False),
        (Reach(id="1", who=BOT, is_reachable=True), False),
    ],
)
def test_what_a_person_does_is_a_sign_of_life_and_what_a_process_does_is_none(
    command: AnyCommand, is_life: bool
) -> None:
    it = desk(away_min=2.0)
    it.wait(100.0)
    it.ask(command)
    it.wait(30.0)
    assert (mode(it) is Mode.AUTO) is is_life


def test_it_is_off_unless_it_is_set() -> None:
    it = desk()
    it.wait(7 * 86_400.0)
    assert mode(it) is Mode.AUTO


def test_what_asks_or_is_off_is_left_alone() -> None:
    it = desk(away_min=2.0)
    it.ask(SetMode(id="1", who=ALICE, mode="off"))
    assert (codes(it.wait(1000.0)), mode(it)) == ([], Mode.OFF)


def test_a_bot_that_does_not_hear_slack_makes_auto_fall_back() -> None:
    it = desk(deaf_s=10.0)
    reach(it)
    it.wait(9.0)
    reach(it, False, "Slack gives no address")
    assert mode(it) is Mode.AUTO
    actions = it.wait(1.1)
    assert (mode(it), codes(actions)) == (Mode.ASK, ["C12_DEAF"])
    assert "limit=10s deaf=10s" in told(actions, Notice)[0].text
    assert "Slack gives no address" in told(actions, Notice)[0].text


def test_so_does_a_bot_that_is_gone() -> None:
    it = desk(deaf_s=10.0)
    reach(it)
    assert codes(it.wait(10.1)) == ["C12_DEAF"]


def test_while_nobody_can_be_reached_auto_can_not_be_set() -> None:
    it = desk(deaf_s=10.0)
    reach(it)
    it.wait(10.1)
    ann = Who("ann", "ann", "cli")
    assert it.ask(SetMode(id="1", who=ann, mode="auto"))[0].code == "C12_DEAF"
    reach(it)
    it.wait(0.1)
    assert mode(it) is Mode.ASK
    assert it.ask(SetMode(id="2", who=ann, mode="auto"))[0].ok


def test_where_there_never_was_a_bot_nobody_is_missed_on_paper() -> None:
    """As with `trader run --no-slack`."""
    it = desk(deaf_s=10.0)
    it.wait(1000.0)
    assert mode(it) is Mode.AUTO


def test_on_a_live_account_a_bot_is_missed_from_the_start() -> None:
    it = desk("live", deaf_s=10.0)
    it.wait(0.1)
    assert codes(it.wait(10.1)) == ["C12_DEAF"]


def test_the_bots_words_are_not_written_down() -> None:
    """One every five seconds would be 17,000 records a day that say nothing."""
    it = desk()
    before = len(it.journal)
    reach(it)
    assert not [record for record in it.journal[before:] if isinstance(record, Asked)]


def test_the_fall_back_holds_over_a_restart() -> None:
    it = desk(away_min=2.0)
    it.wait(121.0)
    assert mode(it.restarted()) is Mode.ASK

"""The Slack app as data agrees with the code: commands, roles, and no scope that isn't used."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from bot.access import NEEDS, Role
from bot.listeners import ACTIONS, COMMANDS, EVENTS, VIEWS
from bot.render.help import help_for_all
from engine.wire.helps import HELPS

MANIFEST: dict[str, Any] = json.loads((files("bot") / "manifest.json").read_text(encoding="utf-8"))


def test_every_slash_command_has_a_listener_and_the_other_way_round() -> None:
    declared = [command["command"] for command in MANIFEST["features"]["slash_commands"]]
    assert sorted(declared) == sorted(COMMANDS)


def test_every_command_and_button_needs_a_role() -> None:
    assert set(NEEDS) == {*COMMANDS, *ACTIONS, *VIEWS}
    assert all(role > Role.NOBODY for role in NEEDS.values())


def test_the_help_names_every_command() -> None:
    shown = str(help_for_all(frozenset(COMMANDS)).blocks)
    assert all(f"`{command}" in shown for command in COMMANDS)


def test_the_scopes_are_those_that_the_bot_uses() -> None:
    """To post, to take commands, to upload charts, and to find its channel and what it posted there."""
    of_channels = ["channels:history", "channels:read", "groups:history", "groups:read"]
    assert MANIFEST["oauth_config"]["scopes"] == {"bot": ["chat:write", "commands", *of_channels, "files:write"]}


def test_it_works_without_a_public_address() -> None:
    assert MANIFEST["settings"]["socket_mode_enabled"] is True
    assert MANIFEST["settings"]["interactivity"]["is_enabled"] is True
    assert "request_url" not in MANIFEST["settings"]["event_subscriptions"]


def test_every_event_that_a_listener_takes_is_subscribed_to() -> None:
    assert set(MANIFEST["settings"]["event_subscriptions"]["bot_events"]) == set(EVENTS)
    assert MANIFEST["features"]["app_home"]["home_tab_enabled"]


def test_it_is_within_slacks_limits() -> None:
    """Source: Slack, "App manifest reference"."""
    assert len(MANIFEST["display_information"]["name"]) <= 35
    assert len(MANIFEST["display_information"]["description"]) <= 140
    assert len(MANIFEST["features"]["bot_user"]["display_name"]) <= 80
    for command in MANIFEST["features"]["slash_commands"]:
        assert len(command["command"]) <= 32
        assert len(command["description"]) <= 2_000
        assert len(command.get("usage_hint", "")) <= 1_000


def test_every_slash_command_has_help_with_examples() -> None:
    assert {command.removeprefix("/") for command in COMMANDS} - {"help"} <= set(HELPS)

"""Names for what a person did, made from Slack's own, so that an envelope delivered twice is one command."""

from __future__ import annotations

from typing import Any


def of_command(command: dict[str, Any]) -> str:
    """Name a slash command by its trigger: Slack gives each invocation its own, and a redelivery the same."""
    return f"slack:{command['trigger_id']}"


def of_modal(body: dict[str, Any]) -> str:
    """Name a submission by the modal's own id and the state that it was in: a redelivery, or a second press of the
    same button, is the same submission; what is submitted after the modal has changed is another."""
    view = body["view"]
    return f"slack:{view['id']}:{view.get('hash') or view['callback_id']}:{body['user']['id']}"


def of_click(body: dict[str, Any], action: dict[str, Any]) -> str:
    """Name a click by message or page, button, person and moment.

    A redelivery is the same click; a second click is another, so that one which was refused (trading was halted) can
    be made again. That two clicks on one alert buy once is the engine's business: it decides each alert once.
    """
    where = body["container"].get("message_ts") or body["container"].get("view_id") or "home"
    return f"slack:{where}:{action['action_id']}:{body['user']['id']}:{action['action_ts']}"

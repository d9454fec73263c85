"""The embedded workspace: who is in it, its one channel, and the tokens that open it (they open nothing else)."""

from __future__ import annotations

from typing import Any, Final

BOT_TOKEN: Final = "xoxb-test-token"  # noqa: S105  the throwaway Slack checks no token
APP_TOKEN: Final = "xapp-test-token"  # noqa: S105
SIGNING_SECRET: Final = "test-signing-secret"  # noqa: S105
ADMIN: Final = "U01ALICE"
VIEWER: Final = "U02BOB"
BOT_USER: Final = "U0BOT"
CHANNEL: Final = "C01TRADE"


def config(request_url: str | None = None) -> dict[str, Any]:
    """Describe the workspace to local-slack; with ``request_url`` it delivers by signed HTTP instead of Socket Mode."""
    app = {
        "appId": "A01APP",
        "botUserId": BOT_USER,
        "botName": "trader",
        "botToken": BOT_TOKEN,
        "appToken": APP_TOKEN,
        "signingSecret": SIGNING_SECRET,
        "mode": "events" if request_url else "socket",
    }
    if request_url:
        app["requestUrl"] = request_url
    return {
        "workspace": {"name": "Desk", "domain": "desk", "teamId": "T01DESK"},
        "app": app,
        "users": [
            {"id": ADMIN, "name": "alice", "real_name": "Alice Anderson", "email": "alice@example.com"},
            {"id": VIEWER, "name": "bob", "real_name": "Bob Brown", "email": "bob@example.com"},
        ],
        "channels": [
            {"id": CHANNEL, "name": "trading", "topic": "The trading desk", "members": [ADMIN, VIEWER, BOT_USER]}
        ],
    }

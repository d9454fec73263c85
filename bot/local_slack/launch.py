"""How the local Slack is run: by which words, and in which folder it keeps all that it keeps."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from bot.local_slack import workspace


def command(binary: Path, folder: Path, port: int, request_url: str | None = None) -> tuple[str, ...]:
    """Make the folder anew, and return the command that runs the workspace in it; whoever ends it removes the folder.

    Without a folder of its own it would leave one among the system's temporary files each time it is killed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = folder / "workspace.json"
    config.write_text(json.dumps(workspace.config(request_url), indent=2))
    places = ("--config", str(config), "--files-dir", str(folder / "files"))
    return (str(binary), *places, "--port", str(port), "--base-host", "127.0.0.1")

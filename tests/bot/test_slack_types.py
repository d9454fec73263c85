"""Slack's own types judge every payload and the manifest, in one run of the TypeScript compiler.

Whatever has a golden file is judged, so a new kind of message is from the day it has one; and whatever in
``bot/render`` makes a message must have been used for one.
"""

from __future__ import annotations

import fcntl
import importlib
import inspect
import json
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

import sample_home  # noqa: F401
import sample_messages  # noqa: F401  and with it all that it takes samples from
from needs import ROOT, skip_or_fail

import bot.render

HERE: Final = Path(__file__).parent
PINNED: Final = HERE / "slack_types"
FOLDER: Final = ROOT / "var" / "slack-types"
NPM_S: Final = 180.0
TSC: Final = ("--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext")
HEAD: Final = """\
import type { KnownBlock, View } from "@slack/types";
import type { AppsManifestCreateArguments } from "@slack/web-api";
type Message = { text: string; blocks: KnownBlock[] };
"""
BAD: Final = """\
// @ts-expect-error: the compiler must see what is wrong, or its silence means nothing
export const noText: Message = { text: "x", blocks: [{ type: "section", txt: { type: "mrkdwn", text: "x" } }] };
// @ts-expect-error
export const badBlock: Message = { text: "x", blocks: [{ type: "paragraph", text: { type: "mrkdwn", text: "x" } }] };
// @ts-expect-error
export const noName: AppsManifestCreateArguments["manifest"] = { display_information: { nme: "trader" } };
"""
MAKERS: Final = frozenset({"Message", "Modal", "View", "Block", "list[Block]"})
"""What functions of ``bot/render`` return that make something for Slack."""


def test_every_golden_payload_and_the_manifest_pass_slacks_own_types() -> None:
    """All in one run of the compiler, in which three wrong ones have to fail."""
    folder = installed()
    source = folder / "payloads.ts"
    payloads = [(file.stem, json.loads(file.read_text("utf-8"))) for file in sorted((HERE / "golden").glob("*.json"))]
    manifest = (ROOT / "bot" / "manifest.json").read_text("utf-8")
    lines = [f"export const golden_{name}: {_kind(payload)} = {json.dumps(payload)};" for name, payload in payloads]
    lines.append(f'export const manifest: AppsManifestCreateArguments["manifest"] = {manifest};')
    source.write_text("\n".join([HEAD, *lines, BAD]), encoding="utf-8")
    compiler = folder / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        ["node", str(compiler), *TSC, str(source)], cwd=folder, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stdout[:5_000]
    assert len(payloads) > 40


def test_whatever_makes_a_message_has_a_golden_file_of_it() -> None:
    """Every public function of ``bot/render`` that returns one, or blocks for one, runs while the samples are made."""
    called: set[CodeType] = set()

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call":
            called.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        for module in [module for name, module in sys.modules.items() if name.startswith("sample_")]:
            importlib.reload(module)
    finally:
        sys.setprofile(before)
    unused = {name for name, code in makers().items() if code not in called}
    assert not unused, f"add a sample of {sorted(unused)} to the samples"


def makers() -> dict[str, CodeType]:
    """Return every public function of ``bot/render`` that makes something for Slack."""
    modules = [importlib.import_module(f"bot.render.{info.name}") for info in pkgutil.iter_modules(bot.render.__path__)]
    return {
        f"{module.__name__}.{name}": function.__code__
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
        if str(function.__annotations__.get("return")) in MAKERS
    }


def installed() -> Path:
    """Return the folder with Slack's types and the compiler, installed by npm at the versions of the lock."""
    lock = (PINNED / "package-lock.json").read_text("utf-8")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        stamp = FOLDER / "installed-lock.json"
        if not stamp.is_file() or stamp.read_text("utf-8") != lock:
            _npm_ci(lock)
            stamp.write_text(lock, encoding="utf-8")
    return FOLDER


def _npm_ci(lock: str) -> None:
    if shutil.which("npm") is None:
        skip_or_fail("Slack's types are installed with npm, which isn't here")
    (FOLDER / "package-lock.json").write_text(lock, encoding="utf-8")
    shutil.copy(PINNED / "package.json", FOLDER)
    words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(words, cwd=FOLDER, capture_output=True, text=True, timeout=NPM_S, check=False)
    except subprocess.TimeoutExpired:
        skip_or_fail(f"npm didn't bring Slack's types within {NPM_S:.0f} s")
    if done.returncode:
        skip_or_fail(f"npm could not install Slack's types: {done.stderr[:500]}")


def _kind(payload: dict[str, Any]) -> str:
    return "View" if payload.get("type") in ("modal", "home") else "Message"

"""A process that was spawned to help another ends with it, however that ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from needs import ROOT

PARENT = """
import multiprocessing, os, signal, sys
from concurrent.futures import ProcessPoolExecutor
from engine.wire.spawned import end_with_parent

if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), end_with_parent)
    pool.submit(os.getpid).result()
    os.kill(os.getpid(), getattr(signal, sys.argv[1]))
"""


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_a_helper_ends_with_a_parent_that_is_killed(tmp_path: Path, name: str) -> None:
    """Its output is read to the end, which comes when the last process that holds it has gone."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    argv, environ = [sys.executable, str(script), name], {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(argv, env=environ, cwd=tmp_path, stdout=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode < 0

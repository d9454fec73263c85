"""`python -m bot.local_slack --port P`: install and run the local Slack, and say in one JSON line where it answers.

Exit codes: 2 the port is taken or the options are wrong, 3 it can't be installed on this machine, 1 it broke.
"""

from __future__ import annotations

import argparse
import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Final

from bot.local_slack.install import NotInstallable, install
from bot.local_slack.launch import command

_ANSWERS_WITHIN_S: Final = 15.0
_STOPS_WITHIN_S: Final = 2


def main(argv: list[str] | None = None) -> int:
    """Run until stopped; return the exit code."""
    options = _options(argv)
    try:
        binary = install(options.home)
        port = _free_port(options.port)
    except NotInstallable as error:
        return _complain(str(error), 3)
    except OSError as error:
        return _complain(f"Port {options.port} can't be used ({error.strerror}): choose another with --port.", 2)
    folder = options.home / "local-slack" / f"workspace-{port}"
    process = subprocess.Popen(command(binary, folder, port), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    told_to_stop = _pass_on_signals(process)
    try:
        code = _supervise(process, port)
        return 0 if told_to_stop.is_set() else code
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot.local_slack", description="Run the throwaway Slack.")
    parser.add_argument("--port", type=int, default=3018, help="where it listens, on every interface; 0 picks one")
    parser.add_argument("--home", type=Path, default=Path("var"), help="the folder below which it is installed")
    return parser.parse_args(argv)


def _pass_on_signals(process: subprocess.Popen[bytes]) -> threading.Event:
    told_to_stop = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        told_to_stop.set()
        process.terminate()
        signal.alarm(_STOPS_WITHIN_S)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGALRM, lambda _number, _frame: process.kill())
    return told_to_stop


def _supervise(process: subprocess.Popen[bytes], port: int) -> int:
    if not _answers(process, port):
        process.kill()
        return _complain(f"The local Slack didn't answer on port {port} within {_ANSWERS_WITHIN_S:.0f} s.", 1)
    page = f"http://127.0.0.1:{port}"
    facts = {"page": page, "api_url": f"{page}/api/", "listens_on": f"every interface, port {port}", "pid": process.pid}
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    return 1 if process.wait() else 0


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + _ANSWERS_WITHIN_S
    while process.poll() is None and time.monotonic() < deadline:
        # http.client, because urllib would ask the machine's proxy for a loopback address too.
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1.0)
        try:
            connection.request("GET", "/_control/state")
            if connection.getresponse().status == http.client.OK:
                return True
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    return False


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("", wanted))
        return int(probe.getsockname()[1])


def _complain(sentence: str, code: int) -> int:
    sys.stderr.write(sentence + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())

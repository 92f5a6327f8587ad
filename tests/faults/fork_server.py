"""Starts service processes in a tenth of the time: everything is imported once, and each process is a fork of that.

The script reads commands from its input, one JSON object a line, and reports each start and end in the same way. Its
forks go through the same `handoff run` as in production, each in its own session and with its own log.
"""

import ctypes
import gc
import json
import os
import select
import signal
import sys
import time
from contextlib import suppress
from typing import Any, NoReturn

# A command imports its service only when it runs; without these imports each fork would import it again.
import services.cli.run
import services.escalation.app
import services.orders.app
import services.support.app  # noqa: F401
import shared.runtime  # noqa: F401
from services.cli.main import app
from tests.faults import crash_points

_PR_SET_PDEATHSIG = 1
BLOCK_SIGNAL = signal.SIGUSR1
"""Makes a process block its event loop for `BLOCK_SECONDS`, an environment variable."""


def main() -> None:
    gc.collect()
    gc.freeze()  # children share these pages
    ready, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    _publish(started=os.getpid())
    buffered = b""
    while True:
        for readable in select.select([sys.stdin.fileno(), ready], [], [])[0]:
            content = os.read(readable, 65_536)
            if readable != ready:
                if not content:
                    return  # the process that gave the commands is gone
                *lines, buffered = (buffered + content).split(b"\n")
                for line in lines:
                    _fork(json.loads(line), (ready, woken))
        _reap()


def _reap() -> None:
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            _publish(ended=pid, status=os.waitstatus_to_exitcode(status))


def _fork(order: dict[str, Any], ours: tuple[int, int]) -> None:
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        for descriptor in ours:
            os.close(descriptor)
        _become(order, parent)
    _publish(forked=pid, order=order["number"])


def _become(order: dict[str, Any], parent: int) -> NoReturn:
    status = 70
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(status)
        _redirect(order["log"])
        os.environ.clear()
        os.environ.update(order["environment"])
        seconds = float(os.environ.get("BLOCK_SECONDS", "0"))
        signal.signal(BLOCK_SIGNAL, lambda *_: time.sleep(seconds))
        if order["crash_at"] is not None:
            crash_points.ALL[order["crash_at"]].arm(order["nth"])
        status = app(order["arguments"], standalone_mode=False) or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _redirect(log: str) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for source, target in ((nothing, 0), (file, 1), (file, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(file)


def _publish(**news: Any) -> None:
    os.write(1, json.dumps(news).encode() + b"\n")


if __name__ == "__main__":
    main()

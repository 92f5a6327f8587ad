"""Child processes: none outlives its parent, none takes longer to end than allowed, and one that dies is restarted."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.failures import StartError
from deploy.local.ports import free_ports, require_free
from deploy.local.processes import Child, Command, leashed, run_to_end
from deploy.local.progress import Progress
from deploy.local.server import Server, keep_running


def python(code: str, log: Path) -> Command:
    return Command((sys.executable, "-c", code), log=log)


class Reported(Progress):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


class Sleeper(Server):
    name = "sleeper"

    def __init__(self, log: Path) -> None:
        self._log = log

    async def start(self, progress: Progress | None = None) -> None:
        await self._launch(python("import time; time.sleep(60)", self._log), _at_once)


async def _at_once() -> bool:
    return True


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a child of its parent's death")
def test_a_child_ends_when_its_parent_is_killed() -> None:
    code = (
        "import subprocess, sys, time\n"
        "from deploy.local.processes import leashed\n"
        "child = subprocess.Popen(leashed((sys.executable, '-c', 'import time; time.sleep(60)')))\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child_pid = int(parent.stdout.readline())
        parent.kill()
    assert _is_gone(child_pid, within_seconds=5)


def _is_gone(pid: int, *, within_seconds: float) -> bool:
    for _ in range(int(within_seconds * 50)):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        signal.sigtimedwait(set(), 0.02)
    return False


def test_a_program_on_the_leash_keeps_its_arguments() -> None:
    program = (sys.executable, "-c", "import sys; print(sys.argv[1:])", "a b", "--c")
    assert subprocess.run(leashed(program), capture_output=True, text=True).stdout == "['a b', '--c']\n"


async def test_a_child_that_ignores_the_request_to_end_is_killed(tmp_path: Path) -> None:
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    child = await Child.start(python(code, tmp_path / "log"))

    async def deaf() -> bool:
        return "deaf" in child.last_words()

    await child.until(deaf, within_seconds=10, name="deaf")
    await child.stop(within_seconds=0.2)
    assert child.exit_status == -signal.SIGKILL


async def test_a_program_that_fails_is_reported_with_its_last_words_only(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("of an earlier run\n")
    with pytest.raises(StartError, match=r"migration failed \(exit status 3\)(.|\n)*no such table") as failure:
        await run_to_end(
            python("import sys; print('no such table'); sys.exit(3)", log), name="migration", within_seconds=20
        )
    assert "earlier run" not in str(failure.value)


async def test_a_program_that_does_not_end_is_given_up_on(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="had not ended after 0 seconds"):
        await run_to_end(python("import time; time.sleep(60)", tmp_path / "log"), name="it", within_seconds=0.2)


async def test_a_server_that_dies_is_restarted_and_that_is_reported(tmp_path: Path) -> None:
    sleeper, reported = Sleeper(tmp_path / "log"), Reported()
    await sleeper.start()
    keeper = asyncio.create_task(keep_running(sleeper, reported))
    try:
        first = sleeper.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        async with asyncio.timeout(10):
            while sleeper.pid in (None, first):  # noqa: ASYNC110 - another process sets no event
                await asyncio.sleep(0.02)
        assert reported.notes[0] == "sleeper ended (signal SIGKILL); starting it again in 0.5 s"
    finally:
        keeper.cancel()
        await sleeper.kill()


async def test_an_occupied_port_is_named_with_a_remedy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=rf"Port {port} .*wanted by Kafka(.|\n)*--kafka-port"):
            await require_free(port, "Kafka", instead="choose another with --kafka-port", patience_seconds=0)


async def test_a_port_about_to_be_free_is_waited_for() -> None:
    (port,) = free_ports(1)
    taken = socket.socket()
    taken.bind(("127.0.0.1", port))
    taken.listen()
    asyncio.get_running_loop().call_later(0.2, taken.close)
    await require_free(port, "Kafka", instead="", patience_seconds=5)

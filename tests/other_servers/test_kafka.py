"""Each way to log in at Kafka, on a real broker: right settings work, and wrong ones end the process with a message."""

import asyncio
import base64
import json
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError, KafkaError

from deploy.local.ports import LOOPBACK, free_ports
from shared.messaging.cluster import Cluster
from shared.messaging.publisher import Publisher, PublishError
from shared.messaging.refusals import Refusals, RefusedForGood, why_refused
from shared.messaging.tokens import Tokens
from shared.messaging.topics import TopicsUnfit, ensure_topics
from shared.settings import KafkaSettings
from tests.other_servers.secured_kafka import LISTENERS, REAUTHENTICATE_MS, USER, SecuredKafka
from tests.raw_records import confirmed
from tests.servers import MakeDatabase
from tests.streams import plumbing_on
from tests.waiting import eventually

_KAFKA = ("KAFKA_BOOTSTRAP_SERVERS", "TOPIC_PREFIX", "TOPIC_PARTITIONS", "TOPIC_REPLICATION")


def unsecured_token(subject: str = USER, *, seconds: float = 300) -> str:
    """A JSON web token without a signature, which the broker of these tests accepts."""
    header = {"alg": "none"}
    claims = {"sub": subject, "iat": int(time.time()) - 5, "exp": int(time.time() + seconds)}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims)]
    return f"{parts[0]}.{parts[1]}."


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(f"{unsecured_token()}\n")
    return file


def cluster(monkeypatch: pytest.MonkeyPatch, prefix: str, environment: Mapping[str, str]) -> Cluster:
    """The cluster as a process with this environment sees it."""
    for name in (*os.environ,):
        if name.startswith("KAFKA_"):
            monkeypatch.delenv(name)
    for name, value in {
        "TOPIC_PREFIX": prefix,
        "TOPIC_PARTITIONS": "2",
        "TOPIC_REPLICATION": "1",
        **environment,
    }.items():
        monkeypatch.setenv(name, value)
    return KafkaSettings().cluster()


def with_token(listener: str, token: Path) -> dict[str, str]:
    return {"KAFKA_TOKEN_FILE": str(token)} if listener == "OAUTH" else {}


async def reason(of: Cluster) -> str:
    refused = await why_refused(of)
    assert refused is not None
    return refused.sentence


@pytest.mark.parametrize("listener", LISTENERS)
async def test_a_logged_in_client_creates_writes_and_reads_topics(
    secured: SecuredKafka,
    listener: str,
    token: Path,
    database: MakeDatabase,
    topic_prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environment = {**secured.environment(listener), **with_token(listener, token)}
    ours = cluster(monkeypatch, topic_prefix, environment)
    async with plumbing_on(ours.bootstrap_servers, await database("plumbing"), topic_prefix, cluster=ours) as plumbing:
        await plumbing.publish(*(confirmed(n) for n in range(3)))
        async with plumbing.consuming():
            await eventually(plumbing.ledger, {"applied": 3})


async def test_connections_that_end_with_their_token_are_reopened(
    secured: SecuredKafka, token: Path, database: MakeDatabase, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = cluster(monkeypatch, topic_prefix, {**secured.environment("OAUTH"), **with_token("OAUTH", token)})
    async with (
        plumbing_on(ours.bootstrap_servers, await database("plumbing"), topic_prefix, cluster=ours) as plumbing,
        plumbing.consuming(),
    ):
        for number in range(1, 4):
            await plumbing.publish(confirmed(number))
            await eventually(plumbing.ledger, {"applied": number})
            await asyncio.sleep(1.2 * REAUTHENTICATE_MS / 1000)


async def test_scram_has_two_mechanisms(
    secured: SecuredKafka, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = secured.environment("SCRAM") | {"KAFKA_SASL_MECHANISM": "scram-sha-256"}
    assert await ensure_topics(cluster(monkeypatch, topic_prefix, environment), ["orders.sales.v1"])


@pytest.mark.parametrize(
    ("listener", "changes", "words"),
    [
        pytest.param("SCRAM", {"KAFKA_SASL_PASSWORD": "wrong"}, "refuses the login (SCRAM-SHA-512)", id="password"),
        pytest.param("PLAIN", {"KAFKA_SASL_USER": "nobody"}, "refuses the login (PLAIN)", id="user"),
        pytest.param("SCRAM", {"KAFKA_SASL_MECHANISM": "PLAIN"}, "does not offer PLAIN", id="mechanism"),
        pytest.param("PLAIN", {"KAFKA_CA_FILE": ""}, "certificate is not trusted", id="certificate"),
        pytest.param("OAUTH", {"KAFKA_TOKEN_COMMAND": "echo nonsense"}, "rejects the token", id="token"),
        pytest.param("OAUTH", {"KAFKA_TOKEN_COMMAND": "exit 3"}, "ended with status 3", id="no token"),
    ],
)
async def test_a_final_refusal_by_kafka_names_a_remedy(
    secured: SecuredKafka,
    listener: str,
    changes: Mapping[str, str],
    words: str,
    topic_prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environment = {name: value for name, value in {**secured.environment(listener), **changes}.items() if value}
    ours = cluster(monkeypatch, topic_prefix, environment)
    with pytest.raises(KafkaError):
        await ensure_topics(ours, ["orders.sales.v1"])
    said = await reason(ours)
    assert words in said
    assert "wrong" not in said
    if listener != "OAUTH":  # for a refused token aiokafka's producer waits forever
        with pytest.raises(PublishError, match=re.escape(said)):
            async with Publisher(ours):
                pass
    refusals = Refusals(ours)
    for _ in range(2):
        assert await refusals.after(KafkaConnectionError()) == said
    with pytest.raises(RefusedForGood, match=r"(?i)kafka"):
        await refusals.after(KafkaConnectionError())


@pytest.mark.parametrize(
    ("listener", "changes", "words"),
    [
        pytest.param("SCRAM", {"KAFKA_TLS": "true"}, "does not use TLS", id="no TLS there"),
        pytest.param(
            "MTLS", {"KAFKA_CERTIFICATE_FILE": "", "KAFKA_KEY_FILE": ""}, "requires a client certificate", id="no ours"
        ),
        pytest.param("PLAIN", {"KAFKA_TLS": "", "KAFKA_CA_FILE": ""}, "may use TLS", id="TLS there"),
    ],
)
async def test_a_server_that_hangs_up_at_once_is_waited_for_with_a_hint(
    secured: SecuredKafka,
    listener: str,
    changes: Mapping[str, str],
    words: str,
    topic_prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environment = {name: value for name, value in {**secured.environment(listener), **changes}.items() if value}
    refusals = Refusals(cluster(monkeypatch, topic_prefix, environment))
    for _ in range(4):
        assert words in (await refusals.after(KafkaConnectionError()) or "")


async def test_an_accepted_token_is_not_refused(
    secured: SecuredKafka, token: Path, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {**secured.environment("OAUTH"), **with_token("OAUTH", token)}
    assert await why_refused(cluster(monkeypatch, topic_prefix, environment)) is None


async def test_a_server_that_does_not_answer_is_waited_for(topic_prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    refusals = Refusals(cluster(monkeypatch, topic_prefix, {"KAFKA_BOOTSTRAP_SERVERS": f"{LOOPBACK}:{port}"}))
    for _ in range(5):
        assert await refusals.after(KafkaConnectionError()) is None


async def test_a_missing_right_is_named(
    secured: SecuredKafka, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "other"
    file.write_text(unsecured_token("somebody-else"))
    ours = cluster(
        monkeypatch,
        topic_prefix,
        {**secured.environment("OAUTH"), "KAFKA_TOKEN_FILE": str(file), "CREATE_TOPICS": "false"},
    )
    theirs = cluster(monkeypatch, topic_prefix, {**secured.environment("SCRAM"), "CREATE_TOPICS": "true"})
    await ensure_topics(theirs, ["orders.sales.v1"])
    with pytest.raises(TopicsUnfit, match="Allow it to DESCRIBE"):
        await ensure_topics(ours, ["orders.sales.v1"])


async def test_a_command_is_asked_for_another_token_before_the_first_expires(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    (tmp_path / "long").write_text(unsecured_token(seconds=3600))
    (tmp_path / "short").write_text(unsecured_token(seconds=30))
    for name, times in (("long", 1), ("short", 2)):
        asked.write_text("")
        tokens = Tokens(command=f"echo x >> {asked}; cat {tmp_path / name}")
        first = await tokens.token()
        await asyncio.sleep(1.1)
        assert (await tokens.token(), first.count(".")) == (first, 2)
        assert asked.read_text().count("x") == times
    assert "ey" not in repr(tokens)


@asynccontextmanager
async def started(environment: Mapping[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    command = (sys.executable, "-m", "services.cli", "run", "orders", "--role", "relay")
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **environment}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_process_with_a_wrong_password_says_so_and_ends(
    secured: SecuredKafka, database: MakeDatabase, topic_prefix: str
) -> None:
    environment = {
        **secured.environment("SCRAM"),
        "KAFKA_SASL_PASSWORD": "not-this-one",
        "ORDERS_DATABASE_URL": await database("orders"),
        "ORDERS_PORT": str(free_ports(1)[0]),
        "TOPIC_PREFIX": topic_prefix,
    }
    async with started(environment) as process:
        output, _ = await asyncio.wait_for(process.communicate(), 90)
    lines = [json.loads(line) for line in output.decode().splitlines() if line.startswith("{")]
    (line,) = [line for line in lines if line["event"] == "cannot start"]
    assert "refuses the login (SCRAM-SHA-512): correct KAFKA_SASL_USER and KAFKA_SASL_PASSWORD" in line["reason"]
    assert process.returncode == 1
    assert b"not-this-one" not in output

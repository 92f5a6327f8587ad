"""`handoff up`: everything on one machine, with a stand-in for the services."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import asyncpg
import pytest
from typer.testing import CliRunner

from deploy.local.failures import StartError
from deploy.local.machine import SERVICES, Machine, Ports
from deploy.local.mail_sink import MailSink
from deploy.local.ports import LOOPBACK, answers, free_ports
from deploy.local.push_store import PushStore
from deploy.local.stored_mail import found, messages
from services.cli.main import app
from services.escalation.channels.web_push.client import PushClient
from services.escalation.channels.web_push.encryption import ReceiverKeys, encrypt
from services.escalation.channels.web_push.services import PushServices
from services.escalation.channels.web_push.vapid import VapidKey
from services.escalation.domain.delivery_facts import Attempt
from tests.databases import Databases

STAND_IN = """
import asyncio, os, sys
async def answer(reader, writer):
    await reader.readline()
    writer.write(b"HTTP/1.0 200 OK\\r\\n\\r\\n")
    writer.close()
async def serve(name):
    own = name.upper() + "_DATABASE_URL"
    seen = [key for key in os.environ if key.endswith("_DATABASE_URL")]
    if seen != [own] or os.environ.get("BROKEN") == name:
        sys.exit("broken: " + name)
    server = await asyncio.start_server(answer, "127.0.0.1", int(os.environ[name.upper() + "_PORT"]))
    await server.serve_forever()
if sys.argv[1] == "run":
    asyncio.run(serve(sys.argv[2]))
"""


@pytest.fixture
def handoff(tmp_path: Path) -> tuple[str, ...]:
    """Stands in for the `handoff` command."""
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    return (sys.executable, str(script))


@pytest.fixture
def ports() -> Ports:
    kafka, controller, postgres, smtp, push, *services = free_ports(8)
    return Ports(kafka, controller, postgres, smtp, dict(zip(SERVICES, services, strict=True)), push)


@pytest.fixture
async def given(kafka: str, databases: Databases) -> dict[str, str]:
    """The addresses of servers that already run."""
    urls = {f"{name.upper()}_DATABASE_URL": databases.server_url for name in SERVICES}
    return {
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "SMTP_URL": "smtp://mail.example:25",
        "PUSH_SERVICES": "push.company.com",
    } | urls


async def listening(ports: Ports) -> list[int]:
    every = (ports.kafka, ports.kafka_controller, ports.postgres, ports.smtp, ports.push, *ports.services.values())
    return [port for port in every if await answers(port)]


async def test_files_with_keys_passwords_or_customers_words_are_private_to_their_owner(
    server_folder: Path, handoff: tuple[str, ...], ports: Ports, given: dict[str, str]
) -> None:
    folder = server_folder / "local"
    (folder / "logs").mkdir(parents=True, mode=0o755)
    earlier = (folder / "environment", folder / "logs" / "orders.log")
    for file in earlier:
        file.touch(0o644)
    password = "smtp://mailuser:S3CRETpw@mail.example:587"
    async with Machine(folder, ports=ports, given=given | {"SMTP_URL": password}, handoff=handoff):
        modes = {path.relative_to(folder): path.stat().st_mode & 0o777 for path in folder.rglob("*")}
        assert "S3CRETpw" in (folder / "environment").read_text()
    open_to_others = {str(path): oct(mode) for path, mode in modes.items() if mode & 0o077 and str(path) != "lock"}
    assert open_to_others == {}


async def test_all_parts_start_in_one_folder_and_nothing_is_left_afterwards(
    server_folder: Path, handoff: tuple[str, ...], ports: Ports
) -> None:
    folder = server_folder / "local"
    async with Machine(folder, ports=ports, given={}, handoff=handoff) as machine:
        assert len(await listening(ports)) == 8
        assert machine.environment["KAFKA_BOOTSTRAP_SERVERS"] == f"{LOOPBACK}:{ports.kafka}"
        assert "ORDERS_DATABASE_URL=postgresql://orders@" in (folder / "environment").read_text()
        connection = await asyncpg.connect(machine.environment["SUPPORT_DATABASE_URL"])
        await connection.execute("create table kept (body text)")
        await connection.close()
        with pytest.raises(StartError, match=r"Another `handoff up` or demo \(process \d+\) runs(.|\n)*--data"):
            await Machine(folder, ports=ports, given={}, handoff=handoff).start()
    assert await listening(ports) == []
    async with Machine(folder, ports=ports, given={}, handoff=handoff) as machine:
        connection = await asyncpg.connect(machine.environment["SUPPORT_DATABASE_URL"])
        assert await connection.fetch("select * from kept") == []
        await connection.close()


async def test_given_servers_are_used_and_none_are_started(
    tmp_path: Path, handoff: tuple[str, ...], ports: Ports, given: dict[str, str]
) -> None:
    async with Machine(tmp_path / "local", ports=ports, given=given, handoff=handoff) as machine:
        assert await listening(ports) == list(ports.services.values())
        assert {name: machine.environment[name] for name in given} == given
        assert "TOPIC_REPLICATION" not in machine.environment


async def test_a_killed_service_comes_back(
    tmp_path: Path, handoff: tuple[str, ...], ports: Ports, given: dict[str, str]
) -> None:
    async with Machine(tmp_path / "local", ports=ports, given=given, handoff=handoff) as machine:
        orders = machine.service("orders")
        first = orders.pid
        await orders.kill()
        assert not await answers(ports.services["orders"])
        async with asyncio.timeout(20):
            while not await answers(ports.services["orders"]):  # noqa: ASYNC110 - another process sets no event
                await asyncio.sleep(0.05)
        assert orders.pid not in (None, first)


async def test_a_service_that_cannot_start_is_named_with_its_last_words(
    tmp_path: Path, handoff: tuple[str, ...], ports: Ports, given: dict[str, str]
) -> None:
    with pytest.raises(StartError, match=r"support ended while starting(.|\n)*broken: support"):
        async with Machine(tmp_path / "local", ports=ports, given=given | {"BROKEN": "support"}, handoff=handoff):
            pass
    assert await listening(ports) == []


async def test_the_push_receiver_serves_with_a_key_that_stays(
    tmp_path: Path, handoff: tuple[str, ...], ports: Ports, given: dict[str, str]
) -> None:
    keys = []
    for _ in range(2):
        local = given | {"PUSH_SERVICES": ""}
        async with Machine(tmp_path / "local", ports=ports, given=local, handoff=handoff) as machine:
            with open(machine.environment["PUSH_KEY_FILE"]) as file:  # noqa: ASYNC230
                keys.append(file.read())
            key = VapidKey.read(keys[-1], subject="mailto:oncall@company.com")
            origin = machine.environment["PUSH_SERVICES"]
            anna = PushStore(machine.push_folder).subscribe("anna", sender=key.public)
            shown = anna.shown(origin)
            client = PushClient(PushServices.read(origin), ca_file=Path(machine.environment["PUSH_CA_FILE"]))
            headers = {
                "TTL": "60",
                "Content-Encoding": "aes128gcm",
                "Authorization": key.authorization(origin, datetime.now(UTC)),
            }
            body = encrypt(b'{"title": "A sale"}', ReceiverKeys.read(**shown["keys"]))
            assert (await client.post(shown["endpoint"], body, headers)).result is Attempt.ACCEPTED
            await client.aclose()
    assert keys[0] == keys[1]
    listed = CliRunner().invoke(app, ["push", "list", "--json", "--data", str(tmp_path / "local")])
    assert [one["content"] for one in json.loads(listed.stdout)] == [{"title": "A sale"}] * 2


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, handoff: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match=r"Cannot write to .*file(.|\n)*--data"):
        await Machine(tmp_path / "file" / "local", given={}, handoff=handoff).start()


async def test_mail_is_kept_listed_and_shown(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    sink = MailSink(tmp_path / "mail", port=port, log=tmp_path / "mail.log")
    try:
        await sink.start()
        for number in (1, 2):
            await aiosmtplib.send(alert(number), hostname=LOOPBACK, port=port)
    finally:
        await sink.stop()
    first, second = messages(tmp_path / "mail")
    assert (first.number, first.recipients, first.message_id) == (1, ("anna@sales.example",), "<1@handoff.example>")
    assert second.text == "You sold order 2: [b]call[/b] Grüße\n"
    assert found([first, second], "2") == found([first, second], "2@handoff.example") == second
    assert found([first, second], "3") is None
    listed = CliRunner().invoke(app, ["mail", "--data", str(tmp_path)])
    assert "<2@handoff.example>" in listed.output
    shown = CliRunner().invoke(app, ["mail", "<1@handoff.example>", "--data", str(tmp_path)])
    assert "You sold order 1: [b]call[/b] Grüße" in shown.output
    assert "html" not in shown.output


async def test_mail_cannot_style_or_steer_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    head = b"Delivered-To: a@sales.example\nSubject: [/b] =?utf-8?q?=1b[2J?=\nMessage-ID: <1@handoff.example>\n"
    (tmp_path / "mail" / "1.eml").write_bytes(head + b"\n[/x] \x1b[2J\n")
    for arguments in ((), ("1",), ("[/nobody]",)):
        shown = CliRunner().invoke(app, ["mail", *arguments, "--data", str(tmp_path)])
        assert shown.exit_code == ("[/nobody]" in arguments), shown.exception
        assert "\x1b" not in shown.output
    assert r"[/b] \x1b[2J" in CliRunner().invoke(app, ["mail", "1", "--data", str(tmp_path)]).output


def alert(number: int) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "oncall@handoff.example"
    message["To"] = "anna@sales.example"
    message["Subject"] = f"Order {number}"
    message["Message-ID"] = f"<{number}@handoff.example>"
    message.set_content(f"You sold order {number}: [b]call[/b] Grüße\n")
    message.add_alternative("<p>html</p>", subtype="html")
    return message

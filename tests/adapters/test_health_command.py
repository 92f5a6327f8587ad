"""`handoff health`: what a probe gets from a process that is ready, unready or silent."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner, Result

from services.cli.health import PORTS
from services.cli.installation import ServiceName
from services.cli.main import app
from services.cli.run import runnable
from shared.http.operations import Health

ANSWERS = {
    "/healthz": Health(ok=True),
    "/readyz": Health(ok=False, reasons=("no partitions are assigned yet",), notes=("INBOX_URL is on this machine",)),
}


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answer = ANSWERS[self.path]
        self.send_response(200 if answer.ok else 503)
        self.end_headers()
        self.wfile.write(self.answer(answer))

    def answer(self, answer: Health) -> bytes:
        return answer.model_dump_json().encode()

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


class Foreign(Answering):
    """Another program that listens on the port."""

    def answer(self, answer: Health) -> bytes:
        return b"<html></html>"


@pytest.fixture
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), getattr(request, "param", Answering))
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield server.server_port
    server.shutdown()
    serving.join()
    server.server_close()


def ask(port: int | str, *options: str, host: str = "") -> Result:
    environment = {"ORDERS_PORT": str(port), "HOST": host}
    return CliRunner().invoke(app, ["health", "orders", "--timeout=0.3", *options], env=environment)


def test_a_live_process_ends_the_probe_with_zero(port: int) -> None:
    called = ask(port)
    assert (called.exit_code, called.output) == (0, "orders is alive\n")


def test_an_unready_process_ends_the_probe_with_one_and_the_reasons(port: int) -> None:
    called = ask(port, "--ready")
    assert called.exit_code == 1
    assert called.output == ("orders is not ready\n  no partitions are assigned yet\n  INBOX_URL is on this machine\n")


def test_a_process_on_every_address_is_asked_on_this_host(port: int) -> None:
    assert ask(port, host="0.0.0.0").exit_code == 0


@pytest.mark.parametrize("port", [Foreign], indirect=True)
def test_the_page_of_another_program_is_no_good_response(port: int) -> None:
    called = ask(port)
    assert called.exit_code == 1
    assert called.output.startswith(f"orders does not respond at 127.0.0.1:{port} (")


@pytest.mark.parametrize("listening", [True, False], ids=["a silent port", "a closed port"])
def test_a_port_without_a_response_ends_the_probe_with_one(listening: bool) -> None:
    with closing(socket.socket()) as silent:
        silent.bind(("127.0.0.1", 0))
        if listening:
            silent.listen()
        called = ask(silent.getsockname()[1])
    assert called.exit_code == 1
    assert "does not respond" in called.output


def test_a_port_that_is_no_number_is_named() -> None:
    called = ask("tcp://10.0.0.1:8101")
    assert (called.exit_code, called.output) == (1, "ORDERS_PORT must be a port number, and is 'tcp://10.0.0.1:8101'\n")


def test_the_ports_are_those_of_the_services() -> None:
    assert {name.value: runnable(name).settings.model_fields["port"].default for name in ServiceName} == PORTS

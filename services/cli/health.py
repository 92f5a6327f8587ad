"""`handoff health`: one question to a service's process on this host, for probes. Imports nothing of the services."""

import http.client
import json
import os
from typing import Annotated, Any, Literal

import typer

PORTS = {"orders": 8101, "support": 8102, "escalation": 8103}
"""The ports that count where no variable sets one."""
_LONGEST_BYTES = 1_000_000


def health(
    service: Annotated[
        Literal["orders", "support", "escalation"],
        typer.Argument(metavar="SERVICE", help="orders, support or escalation."),
    ],
    ready: Annotated[
        bool, typer.Option("--ready", help="Ask whether it accepts work (/readyz). Default: whether it is alive.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="How long to wait for the response.")
    ] = 2.0,
) -> None:
    """Ask a process on this host whether it is alive or ready, for probes. Exit status 0: yes, 1: no.

    Prints the reasons, and the faults to fix although the answer is yes. The address is HOST and ORDERS_PORT,
    SUPPORT_PORT or ESCALATION_PORT, as for `handoff run`.
    """
    state = "ready" if ready else "alive"
    address = _host(), _port(service)
    try:
        answer = _answer(address, "/readyz" if ready else "/healthz", timeout)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _not(f"{service} does not respond at {address[0]}:{address[1]} ({type(error).__name__})") from None
    said = "".join(f"\n  {line}" for line in (*answer.get("reasons", ()), *answer.get("notes", ())))
    if answer.get("ok") is not True:
        raise _not(f"{service} is not {state}{said}")
    print(f"{service} is {state}{said}")


def _host() -> str:
    given = os.environ.get("HOST", "")
    return "127.0.0.1" if given in {"", "0.0.0.0"} else given


def _port(service: str) -> int:
    variable = f"{service.upper()}_PORT"
    given = os.environ.get(variable) or str(PORTS[service])
    if not given.isdecimal():
        raise _not(f"{variable} must be a port number, and is {given!r}")
    return int(given)


def _answer(address: tuple[str, int], path: str, timeout: float) -> dict[str, Any]:
    """The response as JSON. Raises ValueError for a response of another program."""
    connection = http.client.HTTPConnection(*address, timeout=timeout)
    try:
        connection.request("GET", path)
        answer = json.loads(connection.getresponse().read(_LONGEST_BYTES))
    finally:
        connection.close()
    if not isinstance(answer, dict):
        raise ValueError("not a response of the service")
    return answer


def _not(why: str) -> typer.Exit:
    print(why)
    return typer.Exit(1)

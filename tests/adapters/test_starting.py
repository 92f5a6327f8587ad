"""A start waits for a server that does not answer, and not after a fault of the program."""

import pytest

from shared import starting
from shared.messaging.cluster import Cluster
from shared.starting import Servers


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The messages about waiting, in order; pauses take no time."""
    monkeypatch.setattr(starting, "FIRST_PAUSE_SECONDS", 0.0)
    return []


async def test_a_server_that_does_not_answer_is_waited_for(said: list[str]) -> None:
    answers = [ConnectionRefusedError(), TimeoutError(), "ready"]

    async def ask() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    assert await _servers(said).until_it_works("Postgres", ask) == "ready"
    assert said == ["Postgres does not respond (ConnectionRefusedError)", "Postgres does not respond (TimeoutError)"]


async def test_a_fault_of_the_program_ends_the_start(said: list[str]) -> None:
    async def ask() -> None:
        raise KeyError("no such member")

    with pytest.raises(KeyError, match="no such member"):
        await _servers(said).until_it_works("Postgres", ask)
    assert said == []


def _servers(said: list[str]) -> Servers:
    return Servers("orders", Cluster("127.0.0.1:9"), report=said.append)

"""Test servers in containers, as far as that can be tested without Docker."""

import pytest

from tests.containers import ContainerEnded, until_it_serves
from tests.servers import in_containers


class Ending:
    """A container that ends after its server was asked once."""

    image = "postgres:18"
    status = "running"

    def reload(self) -> None:
        self.status = "exited"

    def get_logs(self) -> tuple[bytes, bytes]:
        return b"initdb: started", b"initdb: no user with id 999"


async def test_a_container_that_ends_shows_its_log_at_once() -> None:
    async def serves() -> bool:
        return False

    with pytest.raises(ContainerEnded, match="the container of postgres:18 ended:\ninitdb: started\ninitdb: no user"):
        await until_it_serves(Ending(), serves)


@pytest.mark.parametrize(("chosen", "containers"), [(None, False), ("local", False), ("docker", True)])
def test_containers_are_used_on_request_alone(
    monkeypatch: pytest.MonkeyPatch, chosen: str | None, containers: bool
) -> None:
    monkeypatch.delenv("TEST_SERVERS", raising=False)
    if chosen is not None:
        monkeypatch.setenv("TEST_SERVERS", chosen)
    assert in_containers() is containers


def test_another_value_is_refused_with_those_that_it_can_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SERVERS", "podman")
    with pytest.raises(pytest.UsageError, match="TEST_SERVERS is 'podman': set it to local, or to docker"):
        in_containers()

"""A name leads to the addresses of the public internet only, and a connection to the address that was checked."""

import asyncio
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

import httpcore2
import pytest

from services.escalation.channels.web_push.network import Address, CheckedNetwork, PrivateAddress, is_public
from services.escalation.channels.web_push.services import PushServices

SERVICES = PushServices.read("push.company.com https://push.internal:8443")
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808"]
PRIVATE = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.5", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::7f00:1", "fe80::1", "fec0::1", "fc00::1", "fd00::1",
    "ff02::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::", "2001:0:7f00:1::", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:5", "100::1", "4000::1",
]  # fmt: skip


class Network(httpcore2.AsyncMockBackend):
    """Notes where connections go; `away` are addresses that do not answer."""

    def __init__(self, away: Iterable[str] = ()) -> None:
        super().__init__([])
        self.asked: list[str] = []
        self._away = set(away)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        self.asked.append(f"{host} {port}")
        if host in self._away:
            raise httpcore2.ConnectError
        return await super().connect_tcp(host, port, timeout, local_address, socket_options)


class Names:
    """Resolves every name to the next of these answers."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = iter(answers)

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        return [ip_address(one) for one in next(self._answers)]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", PRIVATE)
async def test_no_connection_goes_to_an_address_inside(address: str) -> None:
    network = Network()
    for answer in ([address], [address, "8.8.8.8"], ["8.8.8.8", address]):
        with pytest.raises(PrivateAddress):
            await CheckedNetwork(SERVICES, Names(answer), network).connect_tcp("push.company.com", 443, 1.0)
    assert network.asked == []


async def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    network = Network()
    checked = CheckedNetwork(SERVICES, Names(["8.8.8.8"], ["127.0.0.1"]), network)
    await checked.connect_tcp("push.company.com", 443, 1.0)
    assert network.asked == ["8.8.8.8 443"]
    with pytest.raises(PrivateAddress):
        await checked.connect_tcp("push.company.com", 443, 1.0)


async def test_a_listed_origin_may_be_inside_and_only_on_its_port() -> None:
    network = Network()
    checked = CheckedNetwork(SERVICES, Names(["10.0.0.5"], ["10.0.0.5"]), network)
    await checked.connect_tcp("push.internal", 8443, 1.0)
    assert network.asked == ["10.0.0.5 8443"]
    with pytest.raises(PrivateAddress):
        await checked.connect_tcp("push.internal", 443, 1.0)


async def test_every_address_gets_its_turn() -> None:
    network = Network(away=["2606:4700::1111", "1.1.1.1"])
    answer = ["2606:4700::1111", "1.1.1.1", "8.8.8.8"]
    await CheckedNetwork(SERVICES, Names(answer), network).connect_tcp("push.company.com", 443, 1.0)
    assert network.asked == ["2606:4700::1111 443", "1.1.1.1 443", "8.8.8.8 443"]


async def test_of_many_addresses_a_few_are_tried() -> None:
    answer = [f"8.8.8.{number}" for number in range(50)]
    network = Network(away=answer)
    with pytest.raises(httpcore2.ConnectError):
        await CheckedNetwork(SERVICES, Names(answer), network).connect_tcp("push.company.com", 443, 1.0)
    assert len(network.asked) == 4


async def test_a_name_without_addresses_is_not_reached() -> None:
    with pytest.raises(httpcore2.ConnectError, match="no address"):
        await CheckedNetwork(SERVICES, Names([]), Network()).connect_tcp("push.company.com", 443, 1.0)


@pytest.mark.parametrize("error", [OSError("push.company.com"), UnicodeError("push.company.com")])
async def test_a_name_that_cannot_be_resolved_is_not_reached(error: Exception) -> None:
    async def fails(host: str, port: int) -> Sequence[Address]:
        raise error

    with pytest.raises(httpcore2.ConnectError, match="cannot be resolved"):
        await CheckedNetwork(SERVICES, fails, Network()).connect_tcp("push.company.com", 443, 1.0)


async def test_a_name_is_resolved_in_time_or_not_at_all() -> None:
    async def hangs(host: str, port: int) -> Sequence[Address]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(httpcore2.ConnectTimeout):
        await CheckedNetwork(SERVICES, hangs, Network()).connect_tcp("push.company.com", 443, 0.05)

"""Messages go to push services through a proxy, which connects and resolves names; its answers have a known meaning."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.escalation.channels.channel import Ended, Trouble
from services.escalation.channels.web_push import client
from services.escalation.domain.delivery_facts import Attempt
from services.escalation.domain.push_reasons import STANDING
from tests.push import Fixed, LocalPush, answering, local_push

SECRET = "gAAAAABkeepthis"


@pytest.fixture
async def push(tmp_path: Path) -> AsyncIterator[LocalPush]:
    async with local_push(tmp_path) as running:
        yield running


def outcome(ended: Ended) -> tuple[Attempt, Trouble | None]:
    return ended.result, ended.trouble


@pytest.mark.parametrize(
    ("status", "result", "trouble", "stands"),
    [
        (200, Attempt.ACCEPTED, None, False),
        (403, Attempt.PUT_OFF, Trouble.SERVER, True),
        (407, Attempt.PUT_OFF, Trouble.SERVER, True),
        (429, Attempt.PUT_OFF, Trouble.NO_ANSWER, False),
        (502, Attempt.PUT_OFF, Trouble.NO_ANSWER, False),
        (503, Attempt.PUT_OFF, Trouble.NO_ANSWER, False),
        (504, Attempt.PUT_OFF, Trouble.NO_ANSWER, False),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_connects_and_resolves(
    push: LocalPush, tmp_path: Path, scheme: str, status: int, result: Attempt, trouble: Trouble | None, stands: bool
) -> None:
    asked: list[str] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(f"HTTP/1.1 {status} {SECRET}\r\n\r\n".encode())
        if status == 200:
            inner = await asyncio.open_connection("127.0.0.1", int(push.origin.rpartition(":")[2]))
            await asyncio.gather(pipe(reader, inner[1]), pipe(inner[0], writer))

    anna = push.store.subscribe("anna")
    names = Fixed("127.0.0.1")
    async with answering(tmp_path, proxy, encrypted=scheme == "https") as port:
        sender = push.client(proxy=f"{scheme}://user:pass%40word@127.0.0.1:{port}", resolve=names)
        ended = await sender.post(push.address(anna), push.message(anna), push.headers())
        await sender.aclose()
    assert outcome(ended) == (result, trouble)
    assert (ended.reason or "").startswith(STANDING) is stands
    assert (asked[0].partition("\r\n")[0], names.times) == (
        f"CONNECT {push.origin.removeprefix('https://')} HTTP/1.1",
        0,
    )
    assert "Proxy-Authorization: Basic dXNlcjpwYXNzQHdvcmQ=" in asked[0]
    assert SECRET not in repr(ended)


@pytest.mark.parametrize("says", ["", "HTTP/1.1 2"])
async def test_a_proxy_that_breaks_off_is_named(push: LocalPush, tmp_path: Path, says: str) -> None:
    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(says.encode())
        writer.close()

    async with answering(tmp_path, proxy, encrypted=False) as port:
        ended = await sent_through(push, f"http://127.0.0.1:{port}")
    assert outcome(ended) == (Attempt.PUT_OFF, Trouble.NO_ANSWER)
    assert (ended.reason or "").startswith("the proxy of PUSH_PROXY does not answer (")


async def test_a_proxy_that_is_not_there_is_named(push: LocalPush) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nothing listens there
        ended = await sent_through(push, f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert outcome(ended) == (Attempt.PUT_OFF, Trouble.NO_ANSWER)
    assert ended.reason == "the proxy of PUSH_PROXY does not answer (ConnectError)"


async def test_a_proxy_whose_certificate_is_not_trusted_is_named(push: LocalPush, tmp_path: Path) -> None:
    folder = tmp_path / "proxy"
    folder.mkdir()
    async with local_push(folder) as untrusted:
        ended = await sent_through(push, untrusted.origin)
    assert outcome(ended) == (Attempt.PUT_OFF, Trouble.CERTIFICATE)
    assert (ended.reason or "").startswith("the certificate of the proxy of PUSH_PROXY is not trusted (")
    assert (ended.reason or "").startswith(STANDING)


async def test_a_proxy_without_encryption_is_named(push: LocalPush, tmp_path: Path) -> None:
    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with answering(tmp_path, proxy, encrypted=False) as port:
        ended = await sent_through(push, f"https://127.0.0.1:{port}")
    assert outcome(ended) == (Attempt.PUT_OFF, Trouble.NO_ENCRYPTION)
    assert (ended.reason or "").startswith("encryption with the proxy of PUSH_PROXY failed (")
    assert (ended.reason or "").startswith(STANDING)


async def test_behind_a_proxy_the_push_service_is_named_once_the_proxy_has_reached_it(
    push: LocalPush, tmp_path: Path
) -> None:
    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await reader.read(1)  # the push service breaks off as encryption begins
        writer.close()

    async with answering(tmp_path, proxy, encrypted=False) as port:
        ended = await sent_through(push, f"http://127.0.0.1:{port}")
    assert ended.result is Attempt.PUT_OFF
    assert "the push service" in (ended.reason or "")


async def test_a_tunnel_in_which_encryption_fails_takes_no_place_for_good(
    push: LocalPush, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_MOST_CONNECTIONS", 2)

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await reader.read(1)
        writer.write(b"no handshake")

    anna = push.store.subscribe("anna")
    async with answering(tmp_path, proxy, encrypted=False) as port:
        sender = push.client(proxy=f"http://127.0.0.1:{port}")
        ends = [await sender.post(push.address(anna), push.message(anna), push.headers()) for _ in range(3)]
    assert [ended.trouble for ended in ends] == 3 * [Trouble.NO_ENCRYPTION]


@pytest.mark.parametrize(
    "url", ["proxy.company.com:3128", "socks5://a:1", "http://", "http://a/path", "http://a:b@c@d"]
)
async def test_an_unusable_proxy_is_refused_without_its_password(push: LocalPush, url: str) -> None:
    with pytest.raises(ValueError, match="PUSH_PROXY") as refused:
        push.client(proxy=url)
    assert "b@c" not in str(refused.value)


async def sent_through(push: LocalPush, proxy: str) -> Ended:
    """The result of one message through this proxy."""
    anna = push.store.subscribe("anna")
    client = push.client(proxy=proxy)
    ended = await client.post(push.address(anna), push.message(anna), push.headers())
    await client.aclose()
    return ended


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on all octets."""
    while chunk := await reader.read(65_536):
        writer.write(chunk)
    writer.close()

"""Messages go to push services through a proxy, which connects and resolves names; its answers have a known meaning."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.escalation.channels.channel import Ended, Trouble
from services.escalation.domain.own_facts import Attempt
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
        client = push.client(proxy=f"{scheme}://user:pass%40word@127.0.0.1:{port}", resolve=names)
        ended = await client.post(push.address(anna), push.message(anna), push.headers())
        await client.aclose()
    assert outcome(ended) == (result, trouble)
    assert (ended.reason or "").startswith(STANDING) is stands
    assert (asked[0].partition("\r\n")[0], names.times) == (
        f"CONNECT {push.origin.removeprefix('https://')} HTTP/1.1",
        0,
    )
    assert "Proxy-Authorization: Basic dXNlcjpwYXNzQHdvcmQ=" in asked[0]
    assert SECRET not in repr(ended)


@pytest.mark.parametrize(
    "url", ["proxy.company.com:3128", "socks5://a:1", "http://", "http://a/path", "http://a:b@c@d"]
)
async def test_an_unusable_proxy_is_refused_without_its_password(push: LocalPush, url: str) -> None:
    with pytest.raises(ValueError, match="PUSH_PROXY") as refused:
        push.client(proxy=url)
    assert "b@c" not in str(refused.value)


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on all octets."""
    while chunk := await reader.read(65_536):
        writer.write(chunk)
    writer.close()

"""Messages go to a push service over HTTPS, in bounded time, and each has a known result."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.push_store import Behaviour
from services.escalation.channels.channel import Ended, Trouble
from services.escalation.channels.web_push.client import PushClient
from services.escalation.channels.web_push.services import PushServices
from services.escalation.domain.delivery_facts import Attempt
from services.escalation.domain.push_reasons import STANDING
from shared.logs import configure_logging
from tests.log_streams import LogStream
from tests.push import Fixed, LocalPush, answering, local_push

SECRET = "gAAAAABkeepthis"


@pytest.fixture
async def push(tmp_path: Path) -> AsyncIterator[LocalPush]:
    async with local_push(tmp_path) as running:
        yield running


def outcome(ended: Ended) -> tuple[Attempt, Trouble | None]:
    return ended.result, ended.trouble


async def test_a_message_reaches_the_browser(push: LocalPush) -> None:
    anna = push.store.subscribe("anna")
    ended = await push.client().post(push.address(anna), push.message(anna), push.headers())
    assert ended == Ended(Attempt.ACCEPTED)
    (message,) = push.store.messages()
    assert (message.person, message.content, message.answered) == ("anna", {"title": "A sale is at risk"}, True)
    assert message.headers == {"ttl": "3600", "urgency": "high", "topic": "episode-1"}


@pytest.mark.parametrize(
    ("behaviour", "result", "trouble", "pause"),
    [
        (Behaviour.REFUSE, Attempt.PUT_OFF, Trouble.LOGIN, None),
        (Behaviour.BUSY, Attempt.PUT_OFF, Trouble.PUT_OFF, 90),
        (Behaviour.UNAVAILABLE, Attempt.PUT_OFF, Trouble.PUT_OFF, None),
        (Behaviour.GONE, Attempt.REFUSED, Trouble.RECIPIENT, None),
    ],
)
async def test_a_service_that_does_not_accept_is_understood(
    push: LocalPush, behaviour: Behaviour, result: Attempt, trouble: Trouble, pause: int | None
) -> None:
    anna = push.store.behave(push.store.subscribe("anna"), behaviour, seconds=90)
    ended = await push.client().post(push.address(anna), push.message(anna), push.headers())
    assert (outcome(ended), ended.retry_after_seconds) == ((result, trouble), pause)
    assert push.store.messages() == []


async def test_a_message_whose_answer_was_lost_may_have_arrived(push: LocalPush) -> None:
    anna = push.store.behave(push.store.subscribe("anna"), Behaviour.CUT)
    ended = await push.client().post(push.address(anna), push.message(anna), push.headers())
    assert outcome(ended) == (Attempt.UNKNOWN, Trouble.BROKEN_OFF)
    assert [message.answered for message in push.store.messages()] == [False]


async def test_a_slow_answer_is_awaited_and_a_service_that_hangs_is_not(push: LocalPush) -> None:
    slow = push.store.behave(push.store.subscribe("anna"), Behaviour.SLOW, seconds=0.2)
    hangs = push.store.behave(push.store.subscribe("ben"), Behaviour.HANG)
    client = push.client(whole_seconds=1.0)
    answers = [client.post(push.address(one), push.message(one), push.headers()) for one in (slow, hangs)]
    accepted, unknown = await asyncio.gather(*answers)
    assert accepted.result is Attempt.ACCEPTED
    assert outcome(unknown) == (Attempt.UNKNOWN, Trouble.BROKEN_OFF)


async def test_services_that_hang_leave_the_pool_usable(push: LocalPush) -> None:
    hangs = push.store.behave(push.store.subscribe("ben"), Behaviour.HANG)
    client = push.client(whole_seconds=1.0)
    address, body, headers = push.address(hangs), push.message(hangs), push.headers()
    ended = await asyncio.gather(*(client.post(address, body, headers) for _ in range(45)))
    assert {one.result for one in ended} <= {Attempt.UNKNOWN, Attempt.PUT_OFF}
    anna = push.store.subscribe("anna")
    ended = await asyncio.gather(*(client.post(push.address(anna), push.message(anna), headers) for _ in range(3)))
    assert {one.result for one in ended} == {Attempt.ACCEPTED}


async def test_a_service_that_hangs_delays_no_message_to_another(tmp_path: Path) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")

    async with answering(tmp_path, hang) as slow, answering(tmp_path, accept) as fast:
        services = PushServices.read(f"https://127.0.0.1:{slow} https://127.0.0.1:{fast}")
        client = PushClient(services, ca_file=tmp_path / "authority.pem", whole_seconds=5.0)
        hanging = [asyncio.ensure_future(client.post(f"https://127.0.0.1:{slow}/x", b"", {})) for _ in range(30)]
        await asyncio.sleep(0.5)
        ended = await asyncio.gather(*(client.post(f"https://127.0.0.1:{fast}/x", b"", {}) for _ in range(30)))
        assert {one.result for one in ended} == {Attempt.ACCEPTED}
        assert not [one for one in hanging if one.done()]
        results = Counter(outcome(one) for one in await asyncio.gather(*hanging))
        await client.aclose()
    assert results == {(Attempt.UNKNOWN, Trouble.BROKEN_OFF): 20, (Attempt.PUT_OFF, Trouble.CROWDED): 10}


async def test_a_connection_serves_many_messages(tmp_path: Path) -> None:
    connections = 0

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok")

    async with answering(tmp_path, accept) as port:
        client = client_of(tmp_path, port)
        for _ in range(5):
            assert (await client.post(f"https://127.0.0.1:{port}/x", b"", {})).result is Attempt.ACCEPTED
        await client.aclose()
    assert connections == 1


async def test_no_redirect_is_followed(tmp_path: Path) -> None:
    asked: list[bytes] = []

    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n"))
        writer.write(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")

    async with answering(tmp_path, redirect) as port:
        ended = await posted(tmp_path, port)
    assert outcome(ended) == (Attempt.PUT_OFF, Trouble.SERVER)
    assert asked == [b"POST /x HTTP/1.1\r\n"]


async def test_an_answer_without_end_is_not_read(tmp_path: Path) -> None:
    written = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 410 Gone\r\nContent-Length: 999999999\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 65_536)
            written += 65_536
            await writer.drain()

    async with answering(tmp_path, flood) as port:
        ended = await posted(tmp_path, port)
    assert outcome(ended) == (Attempt.REFUSED, Trouble.RECIPIENT)
    assert written < 50_000_000


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1", b"HTTP/1.1 201 Created\r\n", b"220 mail.company.com ESMTP\r\n", b"\x00" * 200_000]
)
async def test_an_answer_that_is_none_leaves_the_outcome_unknown(tmp_path: Path, answer: bytes) -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    async with answering(tmp_path, nonsense) as port:
        ended = await posted(tmp_path, port)
    assert outcome(ended) == (Attempt.UNKNOWN, Trouble.BROKEN_OFF)


async def test_an_answer_that_breaks_off_after_its_head_counts(tmp_path: Path) -> None:
    async def breaks_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nx")

    async with answering(tmp_path, breaks_off) as port:
        ended = await posted(tmp_path, port)
    assert ended == Ended(Attempt.ACCEPTED)


async def test_a_service_that_cannot_be_reached_has_no_message(push: LocalPush, tmp_path: Path) -> None:
    async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 201 Created\r\n\r\n")

    async with answering(tmp_path, closes, encrypted=False) as port:
        plain = await posted(tmp_path, port)
    away = await posted(tmp_path, port)
    untrusted = await push.client(ca_file=None).post(f"{push.origin}/push/x", b"", push.headers())
    assert outcome(plain) == (Attempt.PUT_OFF, Trouble.NO_ENCRYPTION)
    assert outcome(away) == (Attempt.PUT_OFF, Trouble.NO_ANSWER)
    assert outcome(untrusted) == (Attempt.PUT_OFF, Trouble.CERTIFICATE)
    assert [(one.reason or "").startswith(STANDING) for one in (plain, away, untrusted)] == [True, False, True]


@pytest.mark.parametrize(
    ("name", "trouble"), [("localhost", Trouble.RECIPIENT), ("push.company.com", Trouble.CERTIFICATE)]
)
async def test_the_certificate_must_be_for_the_name_wherever_it_leads(
    push: LocalPush, name: str, trouble: Trouble
) -> None:
    origin = f"https://{name}:{push.origin.rpartition(':')[2]}"
    client = push.client(origin, resolve=Fixed("127.0.0.1"))
    assert (await client.post(f"{origin}/push/unknown", b"", {})).trouble is trouble


async def test_an_allowed_name_that_leads_inside_is_not_connected_to(push: LocalPush) -> None:
    client = push.client("push.company.com", resolve=Fixed("127.0.0.1"))
    ended = await client.post(f"https://push.company.com/{SECRET}", b"", {})
    assert outcome(ended) == (Attempt.PUT_OFF, Trouble.SERVER)
    assert (ended.reason or "").startswith(STANDING)


async def test_an_address_of_no_push_service_is_refused_for_good(push: LocalPush) -> None:
    ended = await push.client().post(f"https://company.com/{SECRET}", b"", {})
    assert outcome(ended) == (Attempt.REFUSED, Trouble.ADDRESS)


async def test_a_header_that_cannot_be_sent_is_refused(push: LocalPush) -> None:
    anna = push.store.subscribe("anna")
    ended = await push.client().post(push.address(anna), push.message(anna), push.headers(Topic="a\r\nb: c"))
    assert outcome(ended) == (Attempt.REFUSED, Trouble.COMPOSING)
    assert push.store.messages() == []


async def test_no_proxy_is_taken_from_the_environment(push: LocalPush, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    anna = push.store.subscribe("anna")
    assert (await push.client().post(push.address(anna), push.message(anna), push.headers())).result is Attempt.ACCEPTED


async def test_neither_address_nor_key_nor_signature_is_written_anywhere(push: LocalPush, restored: None) -> None:
    stream = LogStream()
    configure_logging("escalation", "debug", stream=stream)
    addresses = [f"{push.origin}/push/{SECRET}", f"https://company.com/{SECRET}", f"{push.origin}1/{SECRET}"]
    written = []
    for behaviour in Behaviour:
        one = push.store.behave(push.store.subscribe("anna"), behaviour, seconds=0)
        addresses.append(push.address(one))
        written += [one.id, *push.address(one).split("/")[-1:]]
    headers = push.headers()
    client = push.client(whole_seconds=0.5)
    ended = [await client.post(address, b"x" * 200, headers) for address in addresses]
    ended += [await push.client(ca_file=None).post(addresses[0], b"", headers)]
    ended += [await client.post(addresses[0], b"", {**headers, "Topic": "\n"})]
    shown = "\n".join(map(repr, ended)) + stream.getvalue().decode()
    token = headers["Authorization"].partition("t=")[2][:40]
    assert [one for one in (*written, SECRET, token) if one in shown] == []
    assert all(one.reason for one in ended if one.result is not Attempt.ACCEPTED)


def client_of(folder: Path, port: int) -> PushClient:
    """A client of a server that `answering` made in this folder."""
    services = PushServices.read(f"https://127.0.0.1:{port}")
    return PushClient(services, ca_file=folder / "authority.pem", whole_seconds=5.0)


async def posted(folder: Path, port: int) -> Ended:
    """The result of one message to such a server."""
    client = client_of(folder, port)
    try:
        return await client.post(f"https://127.0.0.1:{port}/x", b"", {})
    finally:
        await client.aclose()


async def test_an_attempt_that_is_cancelled_while_it_connects_leaves_no_connection(tmp_path: Path) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)  # the begin of a handshake, which is never answered
        begun.set()
        await reader.read()
        ended.set()

    async with answering(tmp_path, silent, encrypted=False) as port:
        origin = f"https://127.0.0.1:{port}"
        client = PushClient(PushServices.read(origin))
        attempt = asyncio.ensure_future(client.post(f"{origin}/x", b"", {}))
        await asyncio.wait_for(begun.wait(), 5)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        await asyncio.wait_for(ended.wait(), 5)
        await client.aclose()

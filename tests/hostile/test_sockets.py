"""Malformed bytes on a socket: refused, never with a 5xx, and the next request is answered."""

import asyncio
from urllib.parse import urlsplit

import pytest

from deploy.local.machine import SERVICES
from tests.hostile.events import CANARY
from tests.stories import PUBLISHER_KEY, Company

_POST = f"POST /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {PUBLISHER_KEY}\r\n".encode()
REQUESTS = {
    "nothing but line breaks": b"\r\n\r\n\r\n\r\n",
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "another version": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "another method": b"F\xff\x00 / HTTP/1.1\r\nHost: x\r\n\r\n",
    "NUL in the path": b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
    "bytes that are not ASCII in the path": b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    "escapes that are none in the path": b"GET /%zz%ff%00?%zz=%ff HTTP/1.1\r\nHost: x\r\n\r\n",
    "a whole address for a path": b"GET http://elsewhere.example/healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /nowhere HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "a header without a colon": b"GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n",
    "a header with NUL": _POST + b"X: \0\r\n\r\n",
    "a header folded over two lines": _POST + b"ce-id: a\r\n b\r\n\r\n",
    "a header of 100,000 bytes": _POST + b"ce-id: " + CANARY.encode() * 8_000 + b"\r\n\r\n",
    "ten thousand headers": _POST + b"".join(b"x-%d: 1\r\n" % number for number in range(10_000)) + b"\r\n",
    "two lengths": _POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    "a length and chunks": _POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a transfer nobody knows": _POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunks that are none": _POST + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
    "a socket of another kind": b"GET /live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "an expectation nobody knows": _POST + b"Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_malformed_bytes_are_refused_and_the_next_request_is_answered(company: Company, name: str) -> None:
    for service in SERVICES:
        port = urlsplit(company.machine.service(service).url).port
        assert port is not None
        answer = await _exchanged(port, REQUESTS[name])
        assert b" 5" not in answer.partition(b"\r\n")[0][:12], answer[:200]
        assert CANARY.encode() not in answer
        healthy = await _exchanged(port, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert healthy.startswith(b"HTTP/1.1 200")


async def test_a_thousand_silent_connections_block_no_page(company: Company) -> None:
    """Half of them have begun to send a request, and never continue."""
    port = urlsplit(company.machine.service("escalation").url).port
    assert port is not None
    silent = []
    try:
        for number in range(1_005):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /sign-in HTTP/1.1\r\n" if number % 2 else b"")
            silent.append(writer)
        for _ in range(5):
            page = await _exchanged(port, b"GET /sign-in HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert page.startswith(b"HTTP/1.1 200")
    finally:
        for writer in silent:
            writer.close()


async def _exchanged(port: int, request: bytes) -> bytes:
    """The answer to the bytes, after which nothing more is sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        writer.write_eof()
        return await asyncio.wait_for(reader.read(), 10)
    except (ConnectionResetError, BrokenPipeError):
        return b""  # closed while we were still writing
    finally:
        writer.close()

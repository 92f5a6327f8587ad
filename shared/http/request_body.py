"""A request's body, read within limits while it arrives: neither size nor slowness ties up the process."""

import asyncio
from dataclasses import dataclass

from fastapi import Request
from starlette.requests import ClientDisconnect

from shared.http.answers import RequestRefused, refuse

_DISCARDED_BYTES = 8_000_000
_DISCARD_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one request."""

    body_bytes: int = 1_000_000
    batch_events: int = 500
    body_seconds: float = 10.0
    commit_seconds: float = 10.0


async def read_body(request: Request, limits: Limits) -> bytes:
    """The whole body. Raises RequestRefused: 411 and 413 by the announced length, 413 and 408 by the received data."""
    _check_announced(request, limits)
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for part in request.stream():
                body += part
                if len(body) > limits.body_bytes:
                    raise _too_large(limits)
    except TimeoutError:
        reason = f"the body did not arrive within {limits.body_seconds:g} seconds; send it in one go"
        raise refuse(408, "body_too_slow", reason, headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise refuse(
            400, "body_incomplete", "the connection closed before the whole body arrived; send the request again"
        ) from None
    return bytes(body)


async def answer_unread(request: Request, refused: RequestRefused) -> RequestRefused:
    """The refusal, after the rest of a body of limited size was discarded: a client that is still writing would
    otherwise get a reset connection and never read the reason. For a larger body the connection is closed."""
    if "Connection" not in refused.headers and not await discard_rest(request):
        refused.headers["Connection"] = "close"
    return refused


async def discard_rest(request: Request) -> bool:
    """Discard the rest of a body. Return False if it is too large or too slow for that, or ended early."""
    announced = request.headers.get("content-length", "0")
    if "expect" in request.headers or not announced.isdecimal() or int(announced) > _DISCARDED_BYTES:
        return False
    discarded = 0
    try:
        async with asyncio.timeout(_DISCARD_SECONDS):
            while discarded <= _DISCARDED_BYTES:
                message = await request.receive()
                discarded += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return bool(message["type"] == "http.request")
    except TimeoutError:
        pass
    return False


def _check_announced(request: Request, limits: Limits) -> None:
    announced = request.headers.get("content-length")
    if announced is None:
        if "transfer-encoding" not in request.headers:
            raise refuse(411, "length_required", "send Content-Length, or the body in chunks")
    elif not announced.isdecimal() or len(announced) > 18 or int(announced) > limits.body_bytes:
        raise _too_large(limits)


def _too_large(limits: Limits) -> RequestRefused:
    reason = f"the body is over {limits.body_bytes} bytes; send fewer events in a batch"
    return refuse(413, "body_too_large", reason)

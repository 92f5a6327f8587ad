"""The responses to refused requests: one JSON shape, written for the person who has to fix the request."""

from collections.abc import Mapping, Sequence

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field


class Problem(BaseModel):
    """One thing wrong with a request. Nothing here repeats a value that was received."""

    model_config = ConfigDict(frozen=True)

    index: int | None = Field(default=None, description="Index of the event in the request, counted from 0.", ge=0)
    field: str | None = Field(default=None, description="The attribute or member at fault, like data.amount_minor.")
    code: str = Field(description="Code of the fault, for programs: one of a fixed set.")
    reason: str = Field(description="What is wrong and what to do, for people.")


class Problems(BaseModel):
    """Why a request was refused. No part of it was applied."""

    model_config = ConfigDict(frozen=True)

    errors: tuple[Problem, ...] = Field(description="Every fault that was found.")


class RequestRefused(Exception):
    """Ends a request with a status and its problems."""

    def __init__(self, status: int, problems: Sequence[Problem], *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {problems[0].code}" if problems else str(status))
        self.status = status
        self.problems = tuple(problems)
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        return problems_response(self.status, self.problems, headers=self.headers)


def refuse(
    status: int, code: str, reason: str, *, field: str | None = None, headers: Mapping[str, str] | None = None
) -> RequestRefused:
    """A refusal of the request as a whole."""
    return RequestRefused(status, [Problem(field=field, code=code, reason=reason)], headers=headers)


def problems_response(
    status: int, problems: Sequence[Problem], *, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    content = Problems(errors=tuple(problems)).model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, status, headers=dict(headers or {}))


def server_away() -> RequestRefused:
    """The refusal if a server that this service depends on does not respond; the request is not at fault."""
    return refuse(
        503,
        "server_unavailable",
        "a server that this service depends on does not respond; try again in a moment",
        headers={"Retry-After": "2"},
    )


def too_many_connections() -> RequestRefused:
    """The refusal if too many connections are open; this connection is closed with the response."""
    return refuse(
        503,
        "too_many_connections",
        "this process serves as many connections as it can; try again in a moment",
        headers={"Retry-After": "2", "Connection": "close"},
    )


def two_lengths() -> RequestRefused:
    """The refusal of a request with two lengths: a proxy may see another end, so the rest is not read (RFC 9112,
    6.1)."""
    return refuse(
        400,
        "two_lengths",
        "the request has both Content-Length and Transfer-Encoding; send one of them",
        headers={"Connection": "close"},
    )


def stopping() -> RequestRefused:
    """The refusal if the process ends before its response."""
    return refuse(
        503,
        "stopping",
        "this process is stopping and cannot tell whether the request was applied; "
        "send it again unchanged: nothing is applied twice",
        headers={"Retry-After": "1", "Connection": "close"},
    )


def takes_too_long() -> RequestRefused:
    """The refusal if the database responds but the request exceeded the time of a transaction."""
    return refuse(
        503,
        "takes_too_long",
        "this request took longer than a transaction may, although the database responds, so the service cannot tell "
        "whether it was applied; send it again unchanged, or a batch in smaller parts: nothing is applied twice. If "
        "one event alone takes too long again and again, contact the operators of this service",
        headers={"Retry-After": "10"},
    )


def database_away() -> RequestRefused:
    """The only 5xx response for requests: the request is not at fault, and sending it again is safe."""
    return refuse(
        503,
        "database_unavailable",
        "the service cannot reach its database, so it cannot tell whether the request was applied; "
        "send it again unchanged: nothing is applied twice",
        headers={"Retry-After": "2"},
    )

"""`GET /accounts/{id}/rescue` and `GET /cases/{id}/rescue`: what support may say to a customer who wants to leave.

It has no reason, amount or note, and it holds nothing back.
"""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request
from pydantic import BaseModel, Field

from shared.contracts.fields import Id
from shared.database import Pool
from shared.http.reader_keys import ReaderKeys
from shared.rescue_words import OpenWindow, Rescue, rescue_of

AccountInPath = Annotated[Id, Path(description="ID of the account, as publishers give it in an event's subject.")]
CaseInPath = Annotated[Id, Path(description="ID of the case, as the help desk reports it.")]

_OPEN = """
    select account_id as account, order_id as order, case_id as case, coalesce(name, who) as name, acknowledged, until,
           coalesce(zone, 'UTC') as zone, call_at, reached_at, shared.app_now() as now
    from shared.rescues
    where until > shared.app_now() and {}
    order by until, order_id
"""
OF_ACCOUNT = "account_id = $1"
OF_CASE = "case_id = $1"
"""The condition for the windows about a case. A service that knows more about cases has another one."""


class Rescues(BaseModel):
    """The colleagues who call about an account or a case. Empty: nothing is known about a call."""

    rescues: Sequence[Rescue] = Field(description="One entry for each order, the earliest time first.")


def rescues_router(pool: Pool, readers: ReaderKeys, *, of_case: str = OF_CASE) -> APIRouter:
    """The router of both addresses, for readers with a key; `of_case` is the condition for windows about a case."""
    router = APIRouter(tags=["rescues"])

    async def account_rescue(account_id: AccountInPath, request: Request) -> Rescues:
        return await _read(pool, OF_ACCOUNT, account_id, request, readers)

    async def case_rescue(case_id: CaseInPath, request: Request) -> Rescues:
        return await _read(pool, of_case, case_id, request, readers)

    for path, endpoint, of in (
        ("/accounts/{account_id:path}/rescue", account_rescue, "an account"),
        ("/cases/{case_id:path}/rescue", case_rescue, "a case"),
    ):
        router.add_api_route(
            path,
            endpoint,
            methods=["GET"],
            response_model_exclude_none=True,
            summary=f"Who calls the customer of {of}, and until when",
            description=(
                "For agents with a request for a refund or a cancellation. Until a colleague acknowledges it, the "
                "agent may say that a colleague will call; from then on also who, and by when, or that they have "
                "talked. Handle the request as usual; the call comes on top."
            ),
            responses={401: {"description": "The request has no valid reader key."}},
        )
    return router


def place_of_reader(readers: ReaderKeys, request: Request) -> int:
    """The place of the reader's key that a request carries. Raises HTTPException without a valid one."""
    place = readers.place(request.headers.get("authorization"))
    if place is None:
        raise HTTPException(
            401,
            "send `Authorization: Bearer KEY` with a key from READER_KEYS",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return place


async def open_windows(pool: Pool, condition: str, id: str) -> list[OpenWindow]:
    """The open save windows that meet a condition about `id` ($1), the earliest end first."""
    return [OpenWindow(**row) for row in await pool.fetch(_OPEN.format(condition), id)]


async def _read(pool: Pool, condition: str, id: str, request: Request, readers: ReaderKeys) -> Rescues:
    place_of_reader(readers, request)
    return Rescues(rescues=[rescue_of(window) for window in await open_windows(pool, condition, id)])

"""`GET /accounts/{id}/timeline`: the facts reported about a customer and the actions taken, in order.

For systems with a reader's key, and for signed-in salespeople who are responsible for that customer.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, TypeAlias

from fastapi import APIRouter, HTTPException, Path, Request
from pydantic import BaseModel, Field

from services.escalation.domain.words import describe, happened_at
from services.escalation.store.timeline import (
    LIMIT,
    Deed,
    ToldFact,
    deeds_for,
    facts_of,
    is_responsible,
    orders_of,
    words_of,
)
from shared.contracts.fields import Id
from shared.database import Pool
from shared.http.reader_keys import ReaderKeys

AccountInPath = Annotated[Id, Path(description="The account's id, as publishers name it in an event's subject.")]


class Entry(BaseModel):
    """One thing that happened. `words` are the customer's own; `why`: why this person, or what was decided."""

    at: datetime = Field(description="When it happened.")
    source: str = Field(description="Who reported it: orders, support or escalation.")
    what: str = Field(description="What happened, in words.")
    type: str | None = Field(default=None, description="The event's type, for what was reported.")
    words: str | None = Field(default=None, description="What the customer said or wrote.")
    order: str | None = Field(default=None, description="ID of the order.")
    episode: str | None = Field(default=None, description="ID of the episode.")
    who: str | None = Field(default=None, description="ID of the salesperson.")
    why: str | None = Field(default=None, description="Why this person, or what was decided.")


class Timeline(BaseModel):
    """An account's newest 1,000 facts and deeds at most, oldest first. An account nobody told of has none."""

    account: str = Field(description="ID of the account.")
    entries: Sequence[Entry] = Field(description="The newest 1,000 at most, oldest first.")


SignedIn: TypeAlias = Callable[[Request], Awaitable[str | None]]


def timeline_router(pool: Pool, readers: ReaderKeys, signed_in: SignedIn) -> APIRouter:
    """The timeline's router; `signed_in` finds the salesperson who sends a request, if any."""
    router = APIRouter(tags=["timeline"])

    async def timeline(account_id: AccountInPath, request: Request) -> Timeline:
        salesperson = None
        if not readers.knows(request.headers.get("authorization")):
            salesperson = await signed_in(request)
            await _check_responsible(pool, account_id, salesperson)
        orders = None if salesperson is None else await orders_of(pool, account_id, salesperson)
        told = [_told(fact) for fact in await facts_of(pool, account_id, orders=orders)]
        done = [_done(deed) for deed in await deeds_for(pool, account_id, responsible=salesperson)]
        said = [_done(deed) for deed in await words_of(pool, account_id, orders=orders)]
        entries = sorted([*told, *done, *said], key=lambda entry: entry.at)
        return Timeline(account=account_id, entries=entries[-LIMIT:])

    router.add_api_route(
        "/accounts/{account_id:path}/timeline",
        timeline,
        methods=["GET"],
        summary="What was told of a customer and what was done about it, in order",
        description=(
            "At most the newest 1,000 entries, oldest first. Done is: episodes raised and closed, severity raised, "
            "alerts raised and sent; who acknowledged, took over, reached the customer or did not in time; and that "
            "nobody answered; and what a salesperson says that the customer said of a promise or an outcome. "
            "A salesperson who is signed in reads of the orders whose episodes they have or had, not of the customer's "
            "other orders."
        ),
        responses={
            401: {"description": "No reader's key, or an unknown one, and nobody is signed in."},
            404: {"description": "The signed-in salesperson is not responsible for this customer."},
        },
    )
    return router


async def _check_responsible(pool: Pool, account_id: str, salesperson: str | None) -> None:
    if salesperson is None:
        raise HTTPException(
            401,
            "send `Authorization: Bearer KEY` with a key from READER_KEYS, or sign in to the inbox",
            headers={"WWW-Authenticate": "Bearer"},
        )
    if not await is_responsible(pool, account_id, salesperson):
        raise HTTPException(404, "you are not responsible for a customer with this ID")


def _told(fact: ToldFact) -> Entry:
    if fact.event is None:
        return Entry(at=fact.at, source="erased", what="Erased at the customer's request", type=fact.type)
    described = describe(fact.event)
    order = getattr(fact.event.data, "order", None)
    return Entry(
        at=happened_at(fact.event),
        source=described.source,
        what=described.title,
        type=fact.type,
        words=described.words,
        order=order,
    )


def _done(deed: Deed) -> Entry:
    return Entry(
        at=deed.at,
        source="Handoff",
        what=deed.what[:1].upper() + deed.what[1:],
        order=deed.order,
        episode=deed.episode,
        who=deed.who,
        why=deed.why,
    )

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
    Action,
    PublishedFact,
    actions_on,
    answers_of,
    facts_of,
    is_responsible,
    orders_of,
)
from shared.contracts.fields import Id
from shared.database import Pool
from shared.http.reader_keys import ReaderKeys

AccountInPath = Annotated[Id, Path(description="ID of the account, as publishers give it in an event's subject.")]


class Entry(BaseModel):
    """One entry of a timeline. `words` are the customer's own; `why` says why this person, or what was decided."""

    at: datetime = Field(description="Time at which it happened.")
    source: str = Field(description="Source: `Orders` or `Support` for a reported fact, otherwise this service.")
    what: str = Field(description="What happened, in words.")
    type: str | None = Field(default=None, description="Type of the event, for a reported fact.")
    words: str | None = Field(default=None, description="What the customer said or wrote.")
    order: str | None = Field(default=None, description="ID of the order.")
    episode: str | None = Field(default=None, description="ID of the episode.")
    who: str | None = Field(default=None, description="ID of the salesperson.")
    why: str | None = Field(default=None, description="Why this person, or what was decided.")


class Timeline(BaseModel):
    """The timeline of an account. An unknown account has no entries."""

    account: str = Field(description="ID of the account.")
    entries: Sequence[Entry] = Field(description="The newest 1,000 entries at most, oldest first.")


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
        reported = [_reported(fact) for fact in await facts_of(pool, account_id, orders=orders)]
        done = [_done(action) for action in await actions_on(pool, account_id, responsible=salesperson)]
        said = [_done(action) for action in await answers_of(pool, account_id, orders=orders)]
        entries = sorted([*reported, *done, *said], key=lambda entry: entry.at)
        return Timeline(account=account_id, entries=entries[-LIMIT:])

    router.add_api_route(
        "/accounts/{account_id:path}/timeline",
        timeline,
        methods=["GET"],
        summary="The timeline of a customer: reported facts, and what was done about them",
        description=(
            "Returns the newest 1,000 entries at most, oldest first: reported facts; episodes raised and closed; "
            "severity raised; alerts raised and sent; acknowledgements and hand-overs; conversations with the "
            "customer, or the failure to have one in time; escalations that no one responded to; and customers' "
            "answers as reported by salespeople. A signed-in salesperson sees only the orders whose episodes they "
            "have or had."
        ),
        responses={
            401: {"description": "The request has no valid reader key and no signed-in session."},
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


def _reported(fact: PublishedFact) -> Entry:
    if fact.event is None:
        return Entry(at=fact.at, source="erased", what="Erased at the customer's request", type=fact.type)
    described = describe(fact.event)
    order = getattr(fact.event.data, "order", None)
    return Entry(
        at=happened_at(fact.event),
        source=described.source,
        what=described.title,
        type=fact.type,
        words=described.customer_words,
        order=order,
    )


def _done(action: Action) -> Entry:
    return Entry(
        at=action.at,
        source="Handoff",
        what=action.what[:1].upper() + action.what[1:],
        order=action.order,
        episode=action.episode,
        who=action.who,
        why=action.why,
    )

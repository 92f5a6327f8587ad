"""`GET /accounts/{id}/timeline`: everything about one customer in order.

For systems with a reader's key, and for signed-in salespeople who are responsible for that customer.
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeAlias

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel

from services.escalation.domain.words import describe
from services.escalation.store.timeline import Deed, ToldFact, deeds_for, facts_of, is_responsible
from shared.database import Pool


class Entry(BaseModel):
    """One thing that happened. `words` are the customer's own; `why` is why it was this person."""

    at: datetime
    source: str
    what: str
    type: str | None = None
    words: str | None = None
    order: str | None = None
    episode: str | None = None
    who: str | None = None
    why: str | None = None


class Timeline(BaseModel):
    """An account's facts and what was done about them, oldest first. An account nobody told of has none."""

    account: str
    entries: Sequence[Entry]


SignedIn: TypeAlias = Callable[[Request], Awaitable[str | None]]


def timeline_router(pool: Pool, reader_keys: Sequence[str], signed_in: SignedIn) -> APIRouter:
    """The timeline; `signed_in` tells which salesperson a request comes from, if any."""
    digests = [_digest(key) for key in reader_keys]
    router = APIRouter(tags=["timeline"])

    async def timeline(account_id: str, request: Request) -> Timeline:
        if not _has_key(request, digests):
            await _check_responsible(pool, account_id, await signed_in(request))
        told = [_told(fact) for fact in await facts_of(pool, account_id)]
        done = [_done(deed) for deed in await deeds_for(pool, account_id)]
        return Timeline(account=account_id, entries=sorted([*told, *done], key=lambda entry: entry.at))

    router.add_api_route(
        "/accounts/{account_id}/timeline",
        timeline,
        methods=["GET"],
        summary="Everything about one customer in order",
        responses={
            401: {"description": "No reader's key, or an unknown one, and nobody is signed in."},
            404: {"description": "Whoever is signed in is not responsible for this customer."},
        },
    )
    return router


def _has_key(request: Request, digests: Sequence[bytes]) -> bool:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    known = [hmac.compare_digest(_digest(key.strip()), digest) for digest in digests]
    return scheme.lower() == "bearer" and any(known)


async def _check_responsible(pool: Pool, account_id: str, salesperson: str | None) -> None:
    if salesperson is None:
        raise HTTPException(
            401,
            "send `Authorization: Bearer KEY` with a key of READER_KEYS, or sign in to the inbox",
            headers={"WWW-Authenticate": "Bearer"},
        )
    if not await is_responsible(pool, account_id, salesperson):
        raise HTTPException(404, "you are not responsible for a customer of this id")


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _told(fact: ToldFact) -> Entry:
    if fact.event is None:
        return Entry(at=fact.at, source="erased", what="Erased at the customer's request", type=fact.type)
    described = describe(fact.event)
    order = getattr(fact.event.data, "order", None)
    return Entry(
        at=fact.at,
        source=described.source,
        what=described.title,
        type=fact.type,
        words=described.words,
        order=order,
    )


def _done(deed: Deed) -> Entry:
    return Entry(
        at=deed.at,
        source="On call",
        what=deed.what.capitalize(),
        order=deed.order,
        episode=deed.episode,
        who=deed.who,
        why=deed.why,
    )

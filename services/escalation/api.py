"""`GET /accounts/{id}/timeline`: everything about one customer in order, for whoever holds a reader's key."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException
from pydantic import BaseModel

from services.escalation.domain.words import describe
from services.escalation.store.timeline import Deed, ToldFact, deeds_for, facts_of
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


def timeline_router(pool: Pool, reader_keys: Sequence[str]) -> APIRouter:
    """The timeline, for readers with one of these keys."""
    digests = [_digest(key) for key in reader_keys]
    router = APIRouter(tags=["timeline"])

    async def timeline(account_id: str, authorization: Annotated[str | None, Header()] = None) -> Timeline:
        _check(authorization, digests)
        told = [_told(fact) for fact in await facts_of(pool, account_id)]
        done = [_done(deed) for deed in await deeds_for(pool, account_id)]
        return Timeline(account=account_id, entries=sorted([*told, *done], key=lambda entry: entry.at))

    router.add_api_route(
        "/accounts/{account_id}/timeline",
        timeline,
        methods=["GET"],
        summary="Everything about one customer in order",
        responses={401: {"description": "No reader's key, or an unknown one."}},
    )
    return router


def _check(authorization: str | None, digests: Sequence[bytes]) -> None:
    scheme, _, key = (authorization or "").partition(" ")
    known = [hmac.compare_digest(_digest(key.strip()), digest) for digest in digests]
    if scheme.lower() != "bearer" or not any(known):
        raise HTTPException(
            401,
            "send `Authorization: Bearer KEY` with a reader's key; keys are set in READER_KEYS",
            headers={"WWW-Authenticate": "Bearer"},
        )


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

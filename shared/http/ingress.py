"""`POST /events`: the same transaction as for records, with the response after the commit. Start at `events_router`.

If the handler or the data of a batch fail, no part of it is applied. Its events are then tried one by one, without
effect, and those that fail alone are kept as dead letters.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import asyncpg
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from shared.contracts.envelope import Decoded, Envelope, Fact
from shared.database import DATABASE_ERRORS, RanTooLong, is_transient
from shared.http.answers import Problem, RequestRefused, database_away, refuse, takes_too_long
from shared.http.bearer_keys import is_bearer
from shared.http.content_modes import ContentMode, content_mode, read_events, types_of
from shared.http.ingress_reference import RESPONSES, operation
from shared.http.publisher_keys import Publisher, PublisherKeys
from shared.http.request_body import Limits, answer_unread, read_body
from shared.inputs import Batch, Input, InputKind, Outcome, RawMessage, Rejection, Report
from shared.logs import get_logger
from shared.messaging.codec import encode_record
from shared.metrics import Metrics
from shared.telemetry import Attribute, SpanKind, span
from shared.transaction import InputProcessor, Refused, Transaction

log = get_logger(__name__)
T = TypeVar("T")

_RETRY_SECONDS = 0.2
_ASK_SECONDS = 1.0
_LIMITS = Limits()
_NOT_APPLICABLE = (
    "the service failed on this event and kept it as a dead letter for its operators; nothing of the request was "
    "applied. Do not send this event again unchanged; a batch can be sent again without it"
)
_FAIL_TOGETHER = (
    "the service failed on this batch but on none of its events alone; nothing was applied and nothing kept. "
    "Send the events one by one"
)
_RIGHT_MISSING = (
    'publishing {type} needs the right "{right}", which this key does not have; no pattern of types includes it. If '
    'this system reports salespeople and who looks after a customer, add "rights": ["{right}"] to its entry in '
    "PUBLISHER_KEYS"
)


def events_router(
    processor: InputProcessor, keys: PublisherKeys, metrics: Metrics, *, topic: str, limits: Limits = _LIMITS
) -> APIRouter:
    """`POST /events` for the types of one logical inbound topic, like "orders.inbound.v1"."""
    ingress = _Ingress(processor, keys, metrics, topic, limits)
    router = APIRouter(tags=["events"])

    async def publish_events(request: Request) -> Response:
        about = {Attribute.HTTP_METHOD: "POST", Attribute.HTTP_ROUTE: "/events"}
        parent = request.headers.get("traceparent")
        with span("POST /events", parent=parent, attributes=about, kind=SpanKind.SERVER) as answering:
            response = await ingress.answer(request)
            answering.note({Attribute.HTTP_STATUS: response.status_code})
        return response

    router.add_api_route(
        "/events",
        publish_events,
        methods=["POST"],
        summary="Publish events",
        response_class=JSONResponse,
        responses=RESPONSES,
        openapi_extra=operation(topic, limits.batch_events),
    )
    return router


@dataclass(frozen=True, slots=True)
class _Ingress:
    processor: InputProcessor
    keys: PublisherKeys
    metrics: Metrics
    topic: str
    limits: Limits

    async def answer(self, request: Request) -> Response:
        """The outcome of each event, or why nothing of the request was applied; log and metrics name the publisher."""
        sent = _Sent()
        try:
            return await self._take(request, sent)
        except RequestRefused as refused:
            code = refused.problems[0].code
            log.info("refused a request", status=refused.status, code=code, publisher=sent.publisher, types=sent.types)
            self.metrics.process.requests_refused.labels(sent.publisher or "", code).inc()
            return refused.response()

    async def _take(self, request: Request, sent: "_Sent") -> Response:
        try:
            publisher = self._publisher(request)
            sent.publisher = self.keys.name(publisher)
            mode = content_mode(request.headers)
            body = await read_body(request, self.limits)
        except RequestRefused as refused:
            raise await answer_unread(request, refused) from None
        try:
            return await self._applied_events(publisher, mode, request, body)
        except RequestRefused:
            sent.types = types_of(mode, request.headers, body)
            raise

    async def _applied_events(self, publisher: Publisher, mode: ContentMode, request: Request, body: bytes) -> Response:
        most = self.limits.batch_events
        events = read_events(mode, request.headers, body, topic=self.topic, most=most)
        _check_ownership(publisher, events)
        inputs = [_input(event, self.topic) for event in events]
        report = await self._applied(inputs) if inputs else Report((), ())
        outcomes = zip(inputs, report.outcomes, strict=True)
        return JSONResponse({"events": [_answer(one, outcome, report) for one, outcome in outcomes]})

    def _publisher(self, request: Request) -> Publisher:
        authorization = request.headers.get("authorization")
        publisher = self.keys.publisher(authorization)
        if publisher is not None:
            return publisher
        if authorization is None:
            challenge, reason = "", "send your publisher's key in the header Authorization: Bearer <key>"
        elif not is_bearer(authorization):
            challenge = ', error="invalid_request"'
            reason = "the header Authorization does not begin with Bearer; send it as Authorization: Bearer <key>"
        else:
            challenge = ', error="invalid_token"'
            reason = "this key is unknown: check it, or have it added to PUBLISHER_KEYS of this service"
        headers = {"WWW-Authenticate": f'Bearer realm="events"{challenge}'}
        code = "key_missing" if authorization is None else "key_unknown"
        raise refuse(401, code, reason, headers=headers)

    async def _applied(self, inputs: Sequence[Input]) -> Report:
        """The report of the commit. Raises RequestRefused: 409, or 503 while the database is unavailable or slow."""
        try:
            return await _bounded(_twice(self.processor, Batch(inputs)), self.limits.commit_seconds)
        except Refused as refused:
            rejected = refused.rejected
        except Exception as error:
            if is_transient(error):
                raise await self._not_done(error) from None
            log.error("a request failed", exc_info=error)
            rejected = await self._or_away(_culprits(self.processor, inputs, error))
            if not rejected:
                raise refuse(409, "not_applicable", _FAIL_TOGETHER) from None
        await self._or_away(self.processor.dead_letter(rejected))
        raise RequestRefused(409, _problems(inputs, rejected))

    async def _or_away(self, work: Awaitable[T]) -> T:
        try:
            return await _bounded(work, self.limits.commit_seconds)
        except Exception as error:
            if is_transient(error):
                raise await self._not_done(error) from None
            raise

    async def _not_done(self, error: Exception) -> RequestRefused:
        """The refusal of a request that failed; a time-out does not prove that the database is unavailable."""
        if isinstance(error, TimeoutError) and await self._database_answers():
            log.warning("a request took too long", exc_info=error)
            return takes_too_long()
        log.warning("the database did not serve a request", exc_info=error)
        return database_away()

    async def _database_answers(self) -> bool:
        try:
            return await _bounded(self.processor.pool.fetchval("select true"), _ASK_SECONDS)
        except DATABASE_ERRORS:
            return False


@dataclass(slots=True)
class _Sent:
    """The publisher of a request and its types of events, as far as known when it is refused."""

    publisher: str | None = None
    types: Sequence[str] = ()


async def _twice(processor: InputProcessor, batch: Batch) -> Report:
    """Try once more, for short faults: a broken connection, a deadlock, a server that just restarted, or two accounts
    that reported one new id at the same moment."""
    try:
        return await processor.apply(batch, whole=True)
    except Exception as error:
        again = is_transient(error) and not isinstance(error, RanTooLong)
        if not (again or isinstance(error, asyncpg.UniqueViolationError)):
            raise
    await asyncio.sleep(_RETRY_SECONDS)
    return await processor.apply(batch, whole=True)


class _TriedOut(Exception):
    """Ends a trial transaction, which must not change anything."""


async def _culprits(processor: InputProcessor, inputs: Sequence[Input], error: Exception) -> list[Rejection]:
    """The inputs of a batch that fail alone; `error` is the failure of the whole batch."""
    if len(inputs) == 1:
        return [_not_applicable(inputs[0], error)]

    async def try_out(tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
        await processor.handle(tx, events)
        for outgoing in tx.outgoing:
            outgoing.row(tx.now)
        tx.spans.clear()  # nothing has happened
        raise _TriedOut

    trial = replace(processor, handle=try_out)
    found = []
    for one in inputs:
        try:
            await trial.apply(Batch([one]), whole=True)
        except (_TriedOut, Refused):
            continue
        except Exception as alone:
            if is_transient(alone):
                raise
            found.append(_not_applicable(one, alone))
    return found


def _not_applicable(one: Input, error: Exception) -> Rejection:
    return one.rejection("not_applicable", getattr(error, "safe_message", _NOT_APPLICABLE))


async def _bounded(work: Awaitable[T], seconds: float) -> T:
    """The work's result, or TimeoutError at the deadline even if the work ignores its cancellation.

    Releasing a connection waits for a server that may be frozen. Events committed after all count once.
    """
    task = asyncio.ensure_future(work)
    task.add_done_callback(_forget)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            raise TimeoutError
        return task.result()
    finally:
        task.cancel()


def _forget(task: asyncio.Future[T]) -> None:
    """Marks the error of an abandoned task as seen."""
    if not task.cancelled():
        task.exception()


def _check_ownership(publisher: Publisher, events: Sequence[Decoded]) -> None:
    problems = []
    for index, event in enumerate(events):
        if not publisher.owns_source(event.envelope.source):
            reason = f"this key may publish only as source {' or '.join(publisher.sources)}"
            problems.append(Problem(index=index, field="source", code="source_not_allowed", reason=reason))
        if not publisher.owns_type(event.envelope.type):
            reason = f"this key may publish only type {' or '.join(publisher.types)}"
            problems.append(Problem(index=index, field="type", code="type_not_allowed", reason=reason))
        right = event.envelope.data.right
        if not publisher.has(right):
            reason = _RIGHT_MISSING.format(type=event.envelope.type, right=right)
            problems.append(Problem(index=index, field="type", code="right_missing", reason=reason))
    if problems:
        raise RequestRefused(403, problems)


def _input(event: Decoded, topic: str) -> Input:
    """An input with the raw form of the equivalent record, so that its dead letter replays like any other."""
    key, _, headers = encode_record(event.envelope)
    raw = RawMessage(topic, key, headers, event.body)
    return Input(event.envelope, event.body, event.digest, InputKind.HTTP, raw, ignored=event.ignored)


def _answer(one: Input, outcome: Outcome, report: Report) -> dict[str, Any]:
    """The outcome of an event, and its members that no code reads."""
    waits = outcome is Outcome.APPLIED and one.identity in report.waiting
    answer: dict[str, Any] = {"id": one.envelope.id, "outcome": "waiting" if waits else outcome.value}
    if one.ignored:
        answer["ignored"] = [unknown.path for unknown in one.ignored]
        answer["did_you_mean"] = {unknown.path: unknown.meant for unknown in one.ignored if unknown.meant}
    return answer


def _problems(inputs: Sequence[Input], rejected: Sequence[Rejection]) -> list[Problem]:
    places = {id(one.raw): index for index, one in enumerate(inputs)}
    found = [
        Problem(index=places[id(one.raw)], field=one.field, code=one.code, reason=one.reason)
        for one in rejected
        if id(one.raw) in places
    ]
    return sorted(found, key=lambda problem: problem.index or 0)

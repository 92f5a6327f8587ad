"""Live pages: one poller per process looks for changed episodes and notifies the open pages of their readers.

It polls when a transaction publishes something, and at intervals. A page learns only that something changed and fetches
itself again, so the stream carries no personal data.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

from sse_starlette import ServerSentEvent

from services.escalation.store import sessions
from services.escalation.store.rounds import fingerprints, rounds
from services.escalation.store.team import team_fingerprint
from shared.database import DATABASE_ERRORS, Connection, Pool, listening
from shared.ids import SalespersonId
from shared.logs import get_logger
from shared.publishing_again import OUTBOX_CHANNEL

_ALIVE_SECONDS = 10.0
_PAUSE_SECONDS = 2.0
_MOMENT_SECONDS = 0.05
_TEAM_SECONDS = 2.0
_LATE_SECONDS = 8.0
_RETRY_MILLISECONDS = 2000

_log = get_logger(__name__)


@dataclass(eq=False, slots=True)
class OpenPage:
    """An open page. `shown_state` is the state of the reader's episodes that the page shows; None: not known.

    `session` is the session that it was opened in, and ends with. `follows` is an episode that it shows and that the
    reader may see. `team_of`: it shows the episodes of everyone below that manager instead. `answered`: the page knows
    whether it is up to date.
    """

    reader: SalespersonId
    session: bytes
    follows: UUID | None = None
    shown_state: str | None = None
    team_of: SalespersonId | None = None
    answered: bool = False
    ended: bool = False
    changed: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)


class LivePages:
    """The open pages of this process. The poller runs while there are any."""

    def __init__(self, pool: Pool, *, poll_seconds: float) -> None:
        self._pool = pool
        self._poll_seconds = poll_seconds
        self._pages: set[OpenPage] = set()
        self._paused = False
        self._answered_at_seconds = 0.0
        self._poller: asyncio.Task[None] | None = None
        self._teams: dict[str, str] = {}
        self._teams_read_at_seconds = 0.0

    async def events(self, shown: OpenPage) -> AsyncIterator[ServerSentEvent]:
        """The page's events: `changed` whenever the state of the reader's episodes, of the episode shown, or of the
        team differs from the page's; `paused` when the database becomes unavailable; otherwise `alive` at first and at
        intervals, so a page that receives nothing for long knows that it is cut off. The stream ends with the
        session."""
        with self._open(shown) as page:
            while True:
                await _woken(page.wake)
                if page.ended or self._poller is None or self._poller.done():
                    return  # the browser connects again, which starts another stream
                if self._paused or self._is_late():
                    yield _event("paused")
                elif page.changed:
                    page.changed = False
                    yield _event("changed")
                else:
                    yield _event("alive")

    @contextmanager
    def _open(self, page: OpenPage) -> Iterator[OpenPage]:
        self._pages.add(page)
        if self._poller is None or self._poller.done():
            self._answered_at_seconds = asyncio.get_running_loop().time()
            self._poller = asyncio.create_task(self._poll_while_pages_are_open(), name="inbox poller")
        try:
            yield page
        finally:
            self._pages.discard(page)

    async def _poll_while_pages_are_open(self) -> None:
        while self._pages:
            try:
                async with listening(self._pool, OUTBOX_CHANNEL) as (connection, published):
                    while self._pages:
                        await self._announce_changes(connection)
                        await self._end_with_sessions(connection)
                        await self._rest(published)
            except DATABASE_ERRORS as error:
                self._pause(error)
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _rest(self, published: asyncio.Event) -> None:
        """Wait until something is published or the poll is due; in a burst at least a moment."""
        await asyncio.sleep(_MOMENT_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._poll_seconds):
                await published.wait()
        published.clear()

    async def _announce_changes(self, connection: Connection) -> None:
        pages = list(self._pages)
        now = await fingerprints(connection, {page.reader for page in pages if page.team_of is None})
        teams = await self._of_teams(connection, {page.team_of for page in pages if page.team_of is not None})
        shown = await rounds(connection, {page.follows for page in pages if page.follows is not None})
        self._paused = False
        self._answered_at_seconds = asyncio.get_running_loop().time()
        for page in pages:
            own = now.get(page.reader, "") + shown.get(page.follows, "")
            state = own if page.team_of is None else teams[page.team_of]
            if page.shown_state != state:
                page.shown_state = state
                page.changed = True
            elif page.answered:
                continue
            page.answered = True
            page.wake.set()

    async def _of_teams(self, connection: Connection, managers: AbstractSet[SalespersonId]) -> Mapping[str, str]:
        """The states of teams, each read at most once in a few seconds: a team may have thousands of episodes."""
        at = asyncio.get_running_loop().time()
        if managers - self._teams.keys() or at - self._teams_read_at_seconds > _TEAM_SECONDS:
            self._teams = {one: await team_fingerprint(connection, one) for one in managers}
            self._teams_read_at_seconds = at
        return self._teams

    async def _end_with_sessions(self, connection: Connection) -> None:
        """End the streams of pages whose session was ended or whose reader has left."""
        pages = list(self._pages)
        alive = await sessions.alive(connection, {page.session for page in pages})
        for page in pages:
            if page.session not in alive:
                page.ended = True
                page.wake.set()

    def _is_late(self) -> bool:
        """Whether the database has not responded for so long that the page is no longer live."""
        return asyncio.get_running_loop().time() - self._answered_at_seconds > _LATE_SECONDS

    def _pause(self, error: BaseException) -> None:
        if self._paused:
            return
        _log.warning("inbox_poll_failed", error=type(error).__name__)
        self._paused = True
        for page in self._pages:
            page.shown_state = None
            page.wake.set()


async def state_of(pool: Pool, reader: SalespersonId) -> str:
    """The state of a reader's episodes, to be read before the episodes, so that later changes notify the page."""
    async with pool.acquire() as connection:
        return (await fingerprints(connection, {reader})).get(reader, "")


async def _woken(wake: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(_ALIVE_SECONDS):
            await wake.wait()
    except TimeoutError:
        return
    wake.clear()


def _event(name: str) -> ServerSentEvent:
    return ServerSentEvent(event=name, data="", retry=_RETRY_MILLISECONDS)

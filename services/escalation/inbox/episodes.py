"""The inbox, one episode, and its buttons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.escalation.domain.entities import products_in
from services.escalation.domain.escalation_path import PATH_RULES
from services.escalation.domain.own_facts import AcknowledgePressed, EpisodeButton
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.reader import Reader
from services.escalation.inbox.answers import NotHere, why_refused
from services.escalation.inbox.colleagues import NO_TAKERS, hand_over_ends, takers
from services.escalation.inbox.dependencies import InboxDependencies
from services.escalation.inbox.duties import DutyPages
from services.escalation.inbox.filters import Selection, filters, selection_of
from services.escalation.inbox.followed import Signals, closed_lines, followed_lines
from services.escalation.inbox.forms import ACTIONS, MANAGERS_ACTIONS, NotUnderstood, Pressed, button_of, text_of
from services.escalation.inbox.live import state_of
from services.escalation.inbox.losses import LossView, loss_view
from services.escalation.inbox.overtaken import Overtaken, refusal_now, what_is_so
from services.escalation.inbox.rendering import Pages
from services.escalation.inbox.seen import seen_episode
from services.escalation.inbox.sessions import Sessions, check_token, local_page
from services.escalation.inbox.together import SEVERAL, Cause, acknowledge_all, causes
from services.escalation.inbox.views import EpisodeView, Parts, episode_view
from services.escalation.store import episode_parts
from services.escalation.store import inbox as store
from services.escalation.store.account_history import number_of_facts
from services.escalation.store.followed import FollowedRow, closed_since, followed
from services.escalation.store.inbox import PAGE_SIZE, Counts, EpisodeRow
from services.escalation.store.offers import offers_of
from services.escalation.store.sessions import SignedIn
from services.escalation.store.stories import Story, stories_of
from services.escalation.store.together import calls_ahead, queue, unanswered
from shared.contracts.escalation import EpisodeResult
from shared.ids import SalespersonId
from shared.transaction import Refused

_FACTS_IN_A_ROW = 12
_FACTS_ON_A_PAGE = 100
_CLOSED_DAYS = 30
_MANY = 5
_WRITTEN = ("note", "could_have", "what", "amount", "percent")
"""The fields of `Trouble` that a person has written."""
"""More episodes than this are shown as rows to choose from. Up to this number they are cards with all actions, which
can still be read one by one."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a form was refused, and what was written in it, so that it need not be written again."""

    action: str
    status: int
    sentence: str
    note: str
    could_have: str
    what: str
    amount: str
    percent: str


class EpisodePages:
    """The pages of signed-in salespeople."""

    def __init__(self, dependencies: InboxDependencies, sessions: Sessions, pages: Pages, duties: DutyPages) -> None:
        self._inbox = dependencies
        self._pool = dependencies.pool
        self._policies = dependencies.policies
        self._press = dependencies.press
        self._refused = dependencies.metrics.process.requests_refused
        self._sessions = sessions
        self._pages = pages
        self._duties = duties

    async def inbox(self, request: Request) -> Response:
        """Open episodes; on a wide screen the first one is open beside the list."""
        signed_in = await self._sessions.reader(request)
        return await self._render(request, signed_in, None)

    async def episode(self, request: Request) -> Response:
        """One episode, open or closed. Raises NotYours for one that this reader may not see."""
        signed_in = await self._sessions.reader(request)
        row = await seen_episode(self._pool, request, signed_in)
        return await self._render(request, signed_in, row)

    async def shown(self, request: Request, reader: SalespersonId) -> UUID | None:
        """The episode that an open page says it shows, if this reader may see it."""
        try:
            episode = UUID(request.query_params.get("episode", ""))
        except ValueError:
            return None
        row = await store.one_episode(self._pool, reader, episode)
        return row.episode_id if row is not None else None

    async def press(self, request: Request) -> Response:
        """Press a button of an episode, then show the result. A repeated press changes nothing.

        Raises Overtaken for an episode that the reader may see and that someone else has by now, or that is closed.
        """
        signed_in = await self._sessions.reader(request)
        form = await request.form()
        check_token(form, signed_in)
        action = request.path_params["action"]
        row = await seen_episode(self._pool, request, signed_in)
        if action not in ACTIONS:
            raise NotHere
        me, now = signed_in.salesperson_id, await store.now(self._pool)
        reader = Reader(me, ZoneInfo(signed_in.zone), now, signed_in.name)
        try:
            if not row.has_a_part and action not in MANAGERS_ACTIONS:
                raise Overtaken(what_is_so(row, reader, action))
            button = await self._button(action, row, reader, form)
            await self._press(button, row.account_id, str(form.get("round", "")) or None)
        except (NotUnderstood, Refused, Overtaken) as refused:
            now_so = await store.one_episode(self._pool, me, row.episode_id) or row
            refusal = refusal_now(refused, now_so, reader, action)
            written = [text_of(form, name) for name in _WRITTEN]
            if not any(written):
                raise refusal from None
            why = why_refused(refusal)
            self._refused.labels("", why.code).inc()
            trouble = Trouble(action, why.status, why.sentence, *written)
            return await self._render(request, signed_in, now_so, trouble=trouble)
        return RedirectResponse(local_page(str(form.get("return_to", "/"))), status_code=303)

    async def _button(self, action: str, row: EpisodeRow, reader: Reader, form: FormData) -> EpisodeButton:
        """The button press of a form, completed from the current state. Raises NotUnderstood."""
        me = reader.salesperson_id
        ends = await self._hand_over_ends(text_of(form, "to"), row, reader) if action == "hand-over" else None
        button = button_of(Pressed(action, row.episode_id, me, reader.zone, reader.now, ends, row.currency), form)
        if isinstance(button, AcknowledgePressed):
            return button.model_copy(update={"ahead": await calls_ahead(self._pool, me, row.episode_id)})
        return button

    async def _hand_over_ends(self, colleague: str, row: EpisodeRow, reader: Reader) -> datetime | None:
        people = await episode_parts.colleagues_of(self._pool, reader.salesperson_id)
        policy = _policy(row, await self._policies())
        ends = (hand_over_ends(one, row, policy, reader.now) for one in people if one.salesperson_id == colleague)
        return next(ends, None)

    async def acknowledge_all(self, request: Request) -> Response:
        """Acknowledge many episodes at once, then show the list with the result. A repeated press changes nothing."""
        signed_in = await self._sessions.reader(request)
        form = await request.form()
        check_token(form, signed_in)
        notices = await acknowledge_all(self._inbox, signed_in.salesperson_id, form)
        return await self._render(request, signed_in, None, notices=notices)

    async def back_to_list(self, request: Request) -> Response:
        """The response if a browser opens the address of a press directly."""
        await self._sessions.reader(request)
        return RedirectResponse(f"/{selection_of(request.query_params).query}", status_code=303)

    async def closed(self, request: Request) -> Response:
        """The episodes of the reader and of their team that ended recently."""
        signed_in = await self._sessions.reader(request)
        me, now = signed_in.salesperson_id, await store.now(self._pool)
        reader = Reader(me, ZoneInfo(signed_in.zone), now, signed_in.name)
        rows = await closed_since(self._pool, me, now - timedelta(days=_CLOSED_DAYS))
        policies = await self._policies()
        signals = await episode_parts.signals_of(self._pool, me, [row.episode_id for row in rows], policies)
        lines = closed_lines(rows, signals, reader, policies)
        return self._pages.page("closed.html", {"reader": signed_in, "closed": lines, "days": _CLOSED_DAYS})

    async def _render(
        self,
        request: Request,
        signed_in: SignedIn,
        chosen: EpisodeRow | None,
        *,
        notices: Sequence[str] = (),
        trouble: Trouble | None = None,
    ) -> Response:
        selection, me = selection_of(request.query_params), signed_in.salesperson_id
        reader = Reader(me, ZoneInfo(signed_in.zone), await store.now(self._pool), signed_in.name)
        policies = await self._policies()
        state = await state_of(self._pool, me)
        counts = await store.counts(self._pool, me, selection.wanted)
        pages = -(-counts.found // PAGE_SIZE)
        selection = selection.at_most(pages)
        rows = await store.open_episodes(self._pool, me, selection.wanted, page=selection.page)
        places = await queue(self._pool, me)
        others = await followed(self._pool, me, selection.wanted)
        beside = chosen or (rows[0] if rows else None)
        signals, stories = await self._read(rows, others, beside, me, policies)
        values = {
            "view": "one" if chosen else "many",
            "reader": signed_in,
            "now": reader.moment(reader.now),
            "zone": signed_in.zone,
            "state": state + (beside.round if beside else ""),
            "counts": counts,
            "episodes": _rows(rows, signals, stories, reader, policies, places),
            "many": max(counts.opened, len(others)) > _MANY,
            "compact": len(rows) > _MANY,
            "filters": filters(selection, counts),
            "causes": await self._causes(selection, counts, me, policies),
            "notices": notices,
            "duties": await self._duties.of(reader, policies),
            "followed": followed_lines(others, signals, reader, policies),
            "loss": await self._loss(beside, reader, policies),
            "selected": await self._whole(beside, signals, stories, reader, policies, places) if beside else None,
            "selection": selection,
            "query": selection.query,
            "page": selection.page,
            "pages": pages,
            "trouble": trouble,
        }
        return self._pages.page("inbox.html", values, status=trouble.status if trouble else 200)

    async def _causes(self, among: Selection, counts: Counts, me: SalespersonId, policies: Policies) -> Sequence[Cause]:
        if counts.either_waiting < SEVERAL or among.wanted.show == "mine":
            return ()
        return causes(await unanswered(self._pool, me, among.wanted, policies), counts.either_waiting, policies)

    async def _read(
        self,
        rows: Sequence[EpisodeRow],
        others: Sequence[FollowedRow],
        beside: EpisodeRow | None,
        me: SalespersonId,
        policies: Policies,
    ) -> tuple[Signals, Mapping[UUID, Story]]:
        """The signals and histories of the page's episodes; less for a row than for the episode beside the list."""
        listed: list[UUID] = [row.episode_id for row in rows]
        facts = dict.fromkeys(listed, _FACTS_IN_A_ROW)
        if beside is not None:
            facts[beside.episode_id] = _FACTS_ON_A_PAGE
        ids = [*facts, *(row.episode_id for row in others)]
        signals = await episode_parts.signals_of(self._pool, me, ids, policies) if ids else {}
        return signals, await stories_of(self._pool, me, facts, signals) if facts else {}

    async def _loss(self, row: EpisodeRow | None, reader: Reader, policies: Policies) -> LossView | None:
        if row is None or row.result != EpisodeResult.LOST:
            return None
        return await loss_view(self._pool, row.episode_id, policies, _policy(row, policies), reader)

    async def _whole(
        self,
        row: EpisodeRow,
        signals: Signals,
        stories: Mapping[UUID, Story],
        reader: Reader,
        policies: Policies,
        places: Mapping[UUID, int],
    ) -> EpisodeView:
        """An episode with all the content of its own page."""
        id, me, policy = row.episode_id, reader.salesperson_id, _policy(row, policies)
        chooses = row.closed_at is None and (row.manages or reader.is_me(row.acknowledged_by))
        parts = Parts(
            signals=signals.get(id, ()),
            history=stories[id].read(),
            alerts=await episode_parts.alerts_of(self._pool, me, id),
            steps=await episode_parts.steps_of(self._pool, me, id, PATH_RULES),
            colleagues=takers(await episode_parts.colleagues_of(self._pool, me), row, reader, policy)
            if chooses
            else NO_TAKERS,
            offers=await offers_of(self._pool, me, id),
            place=places.get(id),
            facts=await number_of_facts(self._pool, me, id) if len(stories[id].facts) >= _FACTS_ON_A_PAGE else None,
        )
        return episode_view(row, parts, reader, policy)


def _rows(
    rows: Sequence[EpisodeRow],
    signals: Signals,
    stories: Mapping[UUID, Story],
    reader: Reader,
    policies: Policies,
    places: Mapping[UUID, int],
) -> list[EpisodeView]:
    return [
        episode_view(
            row,
            Parts(signals[row.episode_id], stories[row.episode_id].read(), place=places.get(row.episode_id)),
            reader,
            _policy(row, policies),
        )
        for row in rows
        if row.episode_id in signals  # otherwise a colleague has it by now
    ]


def _policy(row: EpisodeRow, policies: Policies) -> Policy:
    """The policy in force now for the order of an episode."""
    return policies.for_order(policies.latest, row.segment, products_in(row.products))

"""Acknowledges all episodes of one cause at once: the causes, and the result of each episode. Start at `causes`."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from starlette.datastructures import FormData

from services.escalation.domain.entities import products_in
from services.escalation.domain.main_signal import all_for_information, main_signal
from services.escalation.domain.own_facts import AcknowledgePressed
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.words import label
from services.escalation.inbox.dependencies import InboxDependencies
from services.escalation.inbox.forms import NotUnderstood
from services.escalation.store.together import MOST_AT_ONCE, StateRow, UnansweredRow, calls_ahead, states
from shared.ids import SalespersonId
from shared.transaction import Refused

SEVERAL = 3
"""From this number of episodes on, one press can acknowledge all episodes of one cause."""
_MOST_CAUSES = 3
_PART = " "


@dataclass(frozen=True, slots=True)
class Cause:
    """Episodes that wait for the reader with the same main signal. `episodes` are their ids and rounds, as sent.

    `of` is the number of all waiting episodes, of any cause, if they are too many for one press.
    """

    label: str
    episodes: tuple[str, ...]
    of: int | None = None

    @property
    def count(self) -> int:
        return len(self.episodes)


def causes(rows: Sequence[UnansweredRow], waiting: int, policies: Policies) -> tuple[Cause, ...]:
    """The common causes of these episodes, the most frequent first. `waiting` is the number of all waiting episodes."""
    of = waiting if len(rows) == MOST_AT_ONCE < waiting else None
    found: dict[str, list[str]] = {}
    for row in rows:
        policy = policies.for_order(policies.latest, row.segment, products_in(row.products))
        main = main_signal(row.risks, policy)  # None if it has just ended
        if main is not None and not all_for_information(row.risks, policy):
            found.setdefault(label(main), []).append(f"{row.episode_id}{_PART}{row.round}")
    several = [Cause(cause, tuple(ids), of) for cause, ids in found.items() if len(ids) >= SEVERAL]
    return tuple(sorted(several, key=lambda one: -one.count)[:_MOST_CAUSES])


async def acknowledge_all(inbox: InboxDependencies, me: SalespersonId, form: FormData) -> tuple[str, ...]:
    """Acknowledge each episode as shown on the page, the most severe first. Return the results in words.

    An episode that has changed since is left alone. A repeated press changes nothing.
    """
    shown = _shown(form)
    for row in await states(inbox.pool, me, shown):
        if row.round == shown[row.episode_id] and row.acknowledged_by is None:
            await _acknowledge(inbox, me, row)
    return tuple(_outcome_lines(await states(inbox.pool, me, shown), me, len(shown)))


async def _acknowledge(inbox: InboxDependencies, me: SalespersonId, row: StateRow) -> None:
    """Acknowledge one episode.

    A refusal means that someone else has it or closed it just now; the state read later shows this.
    """
    ahead = await calls_ahead(inbox.pool, me, row.episode_id)
    button = AcknowledgePressed(episode=row.episode_id, by=me, ahead=ahead, as_of=row.changed_at)
    try:
        await inbox.press(button, row.account_id, row.round)
    except Refused:
        return


def _shown(form: FormData) -> dict[UUID, str]:
    """The rounds of the episodes that the page showed. Raises NotUnderstood."""
    sent = [str(one).partition(_PART) for one in form.getlist("episode")]
    if not sent or len(sent) > MOST_AT_ONCE:
        raise NotUnderstood(
            f"Between 1 and {MOST_AT_ONCE} sales can be acknowledged at once. Reload the page and try again."
        )
    try:
        return {UUID(id): round for id, _, round in sent}
    except ValueError:
        raise NotUnderstood("One of these sales is not valid. Reload the page and try again.") from None


def _outcome_lines(rows: Sequence[StateRow], me: SalespersonId, shown: int) -> Iterator[str]:
    taken = [row for row in rows if row.acknowledged_by == me and row.closed_at is None]
    yield f"{len(taken)} acknowledged."
    others = Counter(name for row in rows if (name := _gone_to(row, me)) is not None)
    for name, count in others.most_common():
        yield f"{count} already with {name}."
    closed = sum(row.closed_at is not None for row in rows)
    if closed:
        yield f"{closed} already closed."
    changed = len(rows) - len(taken) - others.total() - closed
    if changed:
        yield f"{changed} changed after this page was loaded: look again before you acknowledge."
    if len(rows) < shown:
        yield f"{shown - len(rows)} no longer in your inbox."


def _gone_to(row: StateRow, me: SalespersonId) -> str | None:
    """The other person who has the episode now or was notified, if any."""
    holder = row.acknowledged_by or row.responsible
    if row.closed_at is not None or holder in (None, me):
        return None
    return (row.acknowledged_name if row.acknowledged_by else row.responsible_name) or holder

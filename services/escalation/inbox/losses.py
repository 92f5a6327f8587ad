"""Why a customer left, on the page of an episode that was closed as lost: three columns, never merged."""

from dataclasses import dataclass
from uuid import UUID

from services.escalation.domain.decisions.closing import reason_words
from services.escalation.domain.loss_class import CLASS_WORDS
from services.escalation.domain.losses.details import LossDetails
from services.escalation.domain.losses.loss import CONTRIBUTIONS
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.reader import Reader
from services.escalation.domain.words.signals import SIGNAL_LABELS
from services.escalation.store.losses import loss_of_episode
from shared.contracts.escalation import REQUESTS, EpisodeResult
from shared.database import Pool

_NOT_ANSWERED = "Not answered"


@dataclass(frozen=True, slots=True)
class Column:
    """One of the three reasons: its words, people's own words, and remarks about where it comes from."""

    title: str
    reason: str
    quotes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LossView:
    """The three columns, and the answers to the questions of the close."""

    columns: tuple[Column, ...]
    could_have: str | None
    contributed: str
    may_call_again: str


async def loss_view(pool: Pool, episode: UUID, policies: Policies, policy: Policy, reader: Reader) -> LossView | None:
    """Why the customer of this episode left. The reader must be allowed to see the episode."""
    details = await loss_of_episode(pool, episode, policies)
    return None if details is None else _view(details, policy, reader)


def _view(details: LossDetails, policy: Policy, reader: Reader) -> LossView:
    row, again = details.row, details.row.may_call_again
    return LossView(
        columns=(_seller(details, policy), _customer(details), _events(details, reader)),
        could_have=details.written.could_have,
        contributed=CONTRIBUTIONS[row.contributed] if row.contributed else _NOT_ANSWERED,
        may_call_again=_NOT_ANSWERED if again is None else "Yes" if again else "No",
    )


def _seller(details: LossDetails, policy: Policy) -> Column:
    note = details.written.note
    words = reason_words(policy, EpisodeResult.LOST, details.row.reason)
    return Column("Seller says", words, (note,) if note else ())


def _customer(details: LossDetails) -> Column:
    known = details.columns.customer
    said = dict.fromkeys(one.words for one in details.said if one.words and one.kind in REQUESTS)
    code = details.row.customers_code
    remarks = (f"Reported as “{code.replace('_', ' ')}”",) if code else ()
    return Column("Customer says", CLASS_WORDS[known] if known else "Not yet known", tuple(said), remarks)


def _events(details: LossDetails, reader: Reader) -> Column:
    """The classes, the main one first, and the latest trouble behind each."""
    remarks = [
        f"{SIGNAL_LABELS[one.troubles[-1].kind]}, {reader.moment(one.troubles[-1].at).absolute}"
        for one in details.shown
        if one.troubles
    ]
    names = ", ".join(CLASS_WORDS[one.loss_class] for one in details.shown)
    return Column("Events show", names, (), tuple(remarks))

"""Calls to lost customers, in the list of follow-ups. Start at `win_back_list`."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from services.escalation.domain import words
from services.escalation.domain.calling import Calling, calling
from services.escalation.domain.decisions.closing import reason_words
from services.escalation.domain.decisions.win_backs import waits_because
from services.escalation.domain.duties import Sale
from services.escalation.domain.entities import Directory, products_of
from services.escalation.domain.ladder import assigned_to, holder_of
from services.escalation.domain.plays import win_back_lines
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.reader import LocalTime, Reader
from services.escalation.domain.win_backs import WinBack, WinBackState
from services.escalation.domain.words.in_short import bought_words, customer_words
from services.escalation.inbox.ways import Way, mail, phone
from services.escalation.store.win_backs import LostSale
from shared.contracts.escalation import EpisodeResult, WinBackAnswer
from shared.formatting import date_words

ANSWERS = {
    WinBackAnswer.WON_BACK: "They're coming back",
    WinBackAnswer.LATER: "Call again later",
    WinBackAnswer.NO: "They're not coming back",
}
"""The labels of the buttons."""
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class WinBackView:
    """One win-back, ready to be shown. `readable`: the reader may see its `episode`. `waits` says why it is not due,
    and since when; `later`, when the call comes again if the customer wants it later. `round` distinguishes the answers
    to its two calls."""

    id: str
    episode: str
    readable: bool
    customer: str
    order: str
    bought: str
    amount: str | None
    lost: str
    due: LocalTime
    round: str
    waits: str | None
    later: str | None
    answers: tuple[tuple[str, str], ...]
    say: tuple[str, ...]
    calls: tuple[Way, ...]
    write: Way | None
    calling: Calling


def win_back_list(
    found: Sequence[LostSale], people: Directory, reader: Reader, policies: Policies
) -> tuple[WinBackView, ...]:
    """The first of the reader's own, those due before those that wait."""
    own = (one for one in found if _is_theirs(one.sale, people, reader))
    return tuple(_view(one, reader, policies) for one in islice(own, _SHOWN))


def _is_theirs(sale: Sale, people: Directory, reader: Reader) -> bool:
    assigned = assigned_to(sale.account, people, reader.now)
    return holder_of(sale.order, people, now=reader.now, assigned=assigned) == reader.salesperson_id


def _view(lost: LostSale, reader: Reader, policies: Policies) -> WinBackView:
    win_back, order = lost.win_back, lost.sale.order
    policy = policies.for_order(policies.latest, order.segment, products_of(order))
    is_due = win_back.state is WinBackState.DUE
    calls = phone(order.customer_phone, order.customer_country, policy.company.country) if is_due else ()
    later = () if not win_back.postponed else (WinBackAnswer.LATER,)
    reason = reason_words(policy, EpisodeResult.LOST, win_back.reason)
    return WinBackView(
        id=f"win-back-{win_back.episode_id}",
        episode=str(win_back.episode_id),
        readable=lost.readable,
        customer=customer_words(order.customer_name, order.account_id),
        order=order.order_id,
        bought=bought_words(order.bought, products_of(order)),
        amount=words.known_money(order.amount_minor, order.currency),
        lost=f"Lost {reader.moment(win_back.lost_at).when}: {reason}",
        due=reader.moment(win_back.due_at),
        round=win_back.due_at.isoformat(),
        waits=None if is_due else _waits(win_back, reader),
        later=_later(policy, reader) if is_due and not win_back.postponed else None,
        answers=tuple((one.value, label) for one, label in ANSWERS.items() if is_due and one not in later),
        say=win_back_lines(reader.name, policy) if is_due else (),
        calls=calls,
        write=mail(order.customer_email) if is_due and not calls else None,
        calling=calling(order.customer_zone, policy.customers, reader.now),
    )


def _waits(win_back: WinBack, reader: Reader) -> str:
    since = reader.moment(win_back.waits_since or win_back.due_at).clock
    return f"Waits since {since}: {waits_because(win_back)}. A call now would be too early; this list will say when."


def _later(policy: Policy, reader: Reader) -> str:
    again_at = (reader.now + policy.win_back.again_after).astimezone(reader.zone)
    day = date_words(again_at.date(), reader.now.astimezone(reader.zone).date())
    return f"“{ANSWERS[WinBackAnswer.LATER]}” brings it back to this list on {day}."

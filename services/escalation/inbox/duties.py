"""Follow-ups: duties for a salesperson's sales before there is trouble. Start at `DutyPages`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.escalation.domain import words
from services.escalation.domain.calling import Calling, calling
from services.escalation.domain.detections.said import Word
from services.escalation.domain.duties import ANSWERS, Duty, DutyKind, Sale, open_or_finished, period
from services.escalation.domain.duty_buttons import CheckInLogged, DutyButton, FollowUpLogged, WinBackLogged
from services.escalation.domain.entities import Directory, Order, products_of
from services.escalation.domain.facts import AccountFact, fact_id
from services.escalation.domain.owed import OwedList, owed_list, still_owed
from services.escalation.domain.plays import check_in_lines, reminder_lines
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.reader import LocalTime, Reader
from services.escalation.domain.sale_words import sale_words
from services.escalation.domain.words.in_short import bought_words, customer_words, unturned
from services.escalation.inbox.answers import NotHere
from services.escalation.inbox.dependencies import InboxDependencies
from services.escalation.inbox.forms import answer_of, channel_of, text_of, win_back_answer_of
from services.escalation.inbox.sessions import Sessions, check_token
from services.escalation.inbox.ways import CHANNELS, Way, mail, phone
from services.escalation.inbox.win_backs import WinBackView, win_back_list
from services.escalation.store import duties as store
from services.escalation.store import win_backs
from shared.contracts.envelope import Envelope
from shared.contracts.orders import OrderPlaced
from shared.ids import SalespersonId

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class DutyView:
    """One duty, ready to be shown; `quote` is the promise or the expected outcome, in the words of the sale, and `who`
    the person who is to keep the promise.

    `answers` are the customer's answers that finish it; `promise` is the promise, if it is about one. `again`: it was
    finished, and the customer complained since; `round` distinguishes these times. `owed`: before the customer is asked
    for the result, what both sides have not done yet.
    """

    id: str
    to_do: str
    quote: str | None
    who: str | None
    proof: str
    customer: str
    order: str
    bought: str
    amount: str | None
    due: str
    at: LocalTime
    overdue: bool
    check_in: bool
    answers: tuple[tuple[str, str], ...]
    promise: str
    round: str
    again: str | None
    say: tuple[str, ...]
    owed: OwedList | None
    calls: tuple[Way, ...]
    write: Way | None
    calling: Calling


@dataclass(frozen=True, slots=True)
class FinishedView:
    """One duty that was reported as done; `said` tells by whom and when."""

    what: str
    quote: str | None
    customer: str
    said: str


@dataclass(frozen=True, slots=True)
class _Found:
    duty: Duty
    sale: Sale


@dataclass(frozen=True, slots=True)
class DutyList:
    """The duties due first, and the number of all; `version` changes whenever anything shown changes."""

    shown: tuple[DutyView, ...]
    count: int
    finished: tuple[FinishedView, ...]
    win_backs: tuple[WinBackView, ...]
    version: str
    channels: tuple[tuple[str, str], ...] = CHANNELS

    @property
    def due(self) -> int:
        """Everything to do: also the calls to lost customers that do not wait."""
        return self.count + sum(not one.waits for one in self.win_backs)


class DutyPages:
    """The list beside the episodes, and its buttons."""

    def __init__(self, dependencies: InboxDependencies, sessions: Sessions) -> None:
        self._pool = dependencies.pool
        self._press = dependencies.press
        self._sessions = sessions

    async def of(self, reader: Reader, policies: Policies) -> DutyList:
        """The reader's current duties, soonest due first."""
        me, at = reader.salesperson_id, reader.now
        sales, people = await store.sales_of(self._pool, me, period(policies, at))
        found = [_Found(duty, sale) for sale in sales for duty in open_or_finished(me, sale, people, policies, at)]
        left = [one for one in found if not one.duty.is_finished]
        first = _first(left, lambda duty: duty.due_at)
        finished = _first([one for one in found if one.duty.is_finished], _said_at)
        order_ids = {one.duty.order_id for one in (*first, *finished)}
        placed = await store.placed(self._pool, me, order_ids)
        shown = tuple(_view(one, placed, reader, policies, people) for one in first)
        done = tuple(_finished(one, placed, reader, people) for one in finished)
        parts = [
            str(len(left)),
            *(f"{one.id}{one.round}{one.due}" for one in shown),
            *(f"{one.what}{one.said}" for one in done),
        ]
        lost = win_back_list(*await win_backs.of_reader(self._pool, me), reader, policies)
        parts += [f"{one.id}{one.waits}{one.later}" for one in lost]
        return DutyList(shown, len(left), done, lost, "-".join(parts))

    async def log_check_in(self, request: Request) -> Response:
        """Log a talk, then show the rest.

        A repeated press changes nothing. Raises NotHere for another person's order.
        """
        return await self._log(request, _check_in)

    async def log_follow_up(self, request: Request) -> Response:
        """Log a customer's answer, likewise."""
        return await self._log(request, _follow_up)

    async def log_win_back(self, request: Request) -> Response:
        """Log a lost customer's answer, likewise."""
        return await self._log(request, _win_back)

    async def _log(self, request: Request, button: Callable[[FormData, SalespersonId], DutyButton]) -> Response:
        signed_in = await self._sessions.reader(request)
        form = await request.form()
        check_token(form, signed_in)
        try:
            talked = button(form, signed_in.salesperson_id)
        except ValidationError:
            raise NotHere from None
        account = await store.account_of_sale(self._pool, signed_in.salesperson_id, talked.order)
        if account is None:
            raise NotHere
        await self._press(talked, account, text_of(form, "round") or None)
        return RedirectResponse("/", status_code=303)


def _check_in(form: FormData, by: SalespersonId) -> DutyButton:
    return CheckInLogged(order=text_of(form, "order"), by=by, channel=channel_of(form))


def _follow_up(form: FormData, by: SalespersonId) -> DutyButton:
    order, promise = text_of(form, "order"), text_of(form, "promise")
    about = {"order": order, "promise": promise or None}
    return FollowUpLogged.model_validate({**about, "by": by, "channel": channel_of(form), "answer": answer_of(form)})


def _win_back(form: FormData, by: SalespersonId) -> DutyButton:
    about = {"order": text_of(form, "order"), "episode": text_of(form, "episode"), "by": by}
    return WinBackLogged.model_validate({**about, "channel": channel_of(form), "answer": win_back_answer_of(form)})


def _first(found: Iterable[_Found], at: Callable[[Duty], datetime]) -> Sequence[_Found]:
    """The earliest duties, up to the number shown."""
    return sorted(found, key=lambda one: (at(one.duty), one.duty.order_id, one.duty.kind))[:_SHOWN]


def _view(
    one: _Found, placed: Mapping[str, Envelope[OrderPlaced]], reader: Reader, policies: Policies, people: Directory
) -> DutyView:
    duty, order, check_in = one.duty, one.sale.order, one.duty.kind is DutyKind.CHECK_IN
    policy = policies.for_order(policies.latest, order.segment, products_of(order))
    calls = phone(order.customer_phone, order.customer_country, policy.company.country)
    complaint = duty.word.complaint if duty.word else None
    sale = placed.get(order.order_id)
    said = sale_words([sale] if sale else [], order.order_id)
    owed = still_owed(one.sale.history, order.order_id) if duty.kind is DutyKind.OUTCOME else ()
    return DutyView(
        id=f"{duty.kind.value}-{duty.promise.fact_id if duty.promise else order.order_id}",
        to_do=_TO_DO[duty.kind],
        quote=_quote(duty, sale),
        who=said.who.get(duty.promise.fact_id) if duty.promise else None,
        proof=_PROOF[duty.kind],
        customer=_customer(order),
        order=order.order_id,
        bought=bought_words(order.bought, products_of(order)),
        amount=words.known_money(order.amount_minor, order.currency),
        due=_due(duty, reader),
        at=reader.moment(duty.due_at),
        overdue=duty.due_at < reader.now,
        check_in=check_in,
        answers=tuple((answer.value, words.ANSWERS[answer]) for answer in ANSWERS[duty.kind]),
        promise=str(duty.promise.fact_id) if duty.promise else "",
        round=str(complaint.fact_id) if complaint else "",
        again=_again(duty.word, reader, people) if duty.word else None,
        say=_say(duty, sale, reader, policy),
        owed=owed_list(owed, said, reader),
        calls=calls,
        write=None if calls else mail(order.customer_email),
        calling=calling(order.customer_zone, policy.customers, reader.now),
    )


def _finished(
    one: _Found, placed: Mapping[str, Envelope[OrderPlaced]], reader: Reader, people: Directory
) -> FinishedView:
    order, word = one.sale.order, one.duty.word
    assert word is not None
    said = word.said
    return FinishedView(
        what=words.customer_said(said.kind, said.number, unturned(order.order_id)),
        quote=_quote(one.duty, placed.get(order.order_id)),
        customer=_customer(order),
        said=words.said_so(_speaker(said, reader, people), said.at.astimezone(reader.zone), reader.now),
    )


def _say(duty: Duty, sale: Envelope[OrderPlaced] | None, reader: Reader, policy: Policy) -> tuple[str, ...]:
    """What to say in the call. A sale whose words are no longer kept may have named an expected outcome."""
    if duty.kind is DutyKind.CUSTOMER:
        return reminder_lines(reader.name, policy)
    if duty.kind is not DutyKind.CHECK_IN:
        return ()
    unknown = sale is not None and sale.data.expected_outcome is None and sale.data.outcome_expected_by is None
    return check_in_lines(reader.name, policy, ask_outcome=unknown)


def _quote(duty: Duty, placed: Envelope[OrderPlaced] | None) -> str | None:
    """The promise or outcome in the words of the sale, as long as they are kept."""
    if placed is None or duty.kind is DutyKind.CHECK_IN:
        return None
    if duty.promise is None:
        return placed.data.expected_outcome
    promises = {fact_id(placed, f"promise-{place}"): one.what for place, one in enumerate(placed.data.promises)}
    return promises.get(duty.promise.fact_id)


def _again(word: Word, reader: Reader, people: Directory) -> str | None:
    """Why a finished duty is to be done again."""
    if word.complaint is None:
        return None
    said_at, since = (fact.at.astimezone(reader.zone) for fact in (word.said, word.complaint))
    return words.complained_since(_speaker(word.said, reader, people), said_at, word.complaint.kind, since, reader.now)


def _speaker(said: AccountFact, reader: Reader, people: Directory) -> str:
    person = people.get(said.agent or "")
    return reader.name_of(said.agent, person.name if person else None)


def _customer(order: Order) -> str:
    return customer_words(order.customer_name, order.account_id)


def _due(duty: Duty, reader: Reader) -> str:
    """ "due 14:30", "due tomorrow, 14:30", "3 h overdue"."""
    if duty.due_at < reader.now:
        return words.overdue(duty.due_at, reader.now)
    tomorrow = (reader.now + timedelta(days=1)).astimezone(reader.zone).date()
    local = duty.due_at.astimezone(reader.zone)
    return f"due tomorrow, {local:%H:%M}" if local.date() == tomorrow else f"due {words.local_clock(local, reader.now)}"


def _said_at(duty: Duty) -> datetime:
    return duty.word.said.at if duty.word else duty.due_at


_TO_DO = {
    DutyKind.CHECK_IN: "Check in with the customer",
    DutyKind.PROMISE: "Keep the promise",
    DutyKind.CUSTOMER: "Remind them of their part",
    DutyKind.OUTCOME: "Ask whether they got the result they wanted",
}
_PROOF = {
    DutyKind.CHECK_IN: "Closes when you have spoken with the customer.",
    DutyKind.PROMISE: "Closes when the promise is marked as kept, here or by another system; otherwise you will be "
    "alerted.",
    DutyKind.CUSTOMER: "Closes when their part is marked as done, here or by another system. It never alerts you.",
    DutyKind.OUTCOME: "Closes when the customer's answer is reported, here or by another system.",
}

"""Duties of the day: what to do for one's sales before there is trouble. Start at `DutyPages`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.escalation.domain import words
from services.escalation.domain.calling import Calling, calling
from services.escalation.domain.duties import Duty, DutyKind, Sale, duties_of, period
from services.escalation.domain.entities import products_of
from services.escalation.domain.facts import fact_id
from services.escalation.domain.own_facts import CheckInLogged
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.reader import Moment, Reader
from services.escalation.inbox.answers import NotHere
from services.escalation.inbox.dependencies import InboxDependencies
from services.escalation.inbox.forms import channel_of, text_of
from services.escalation.inbox.sessions import Sessions, check_token
from services.escalation.inbox.ways import CHANNELS, Way, phone
from services.escalation.store import duties as store
from shared.contracts.envelope import Envelope
from shared.contracts.orders import OrderPlaced

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class DutyView:
    """One duty, ready to be shown; `quote` is the promise or the expected outcome, as it was told at the sale."""

    id: str
    to_do: str
    quote: str | None
    proof: str
    customer: str
    order: str
    bought: str
    amount: str | None
    due: str
    at: Moment
    overdue: bool
    check_in: bool
    say: tuple[str, ...]
    calls: tuple[Way, ...]
    calling: Calling


@dataclass(frozen=True, slots=True)
class DutyList:
    """Those due first, and how many there are; `version` changes whenever anything shown does."""

    shown: tuple[DutyView, ...]
    count: int
    version: str
    channels: tuple[tuple[str, str], ...] = CHANNELS


class DutyPages:
    """The list beside the episodes, and its one button."""

    def __init__(self, dependencies: InboxDependencies, sessions: Sessions) -> None:
        self._pool = dependencies.pool
        self._press = dependencies.press
        self._sessions = sessions

    async def of(self, reader: Reader, policies: Policies) -> DutyList:
        """What the reader is to do now, soonest due first."""
        me, at = reader.salesperson_id, reader.now
        sales, people = await store.sales_of(self._pool, me, period(policies, at))
        found = [(duty, sale) for sale in sales for duty in duties_of(me, sale, people, policies, at)]
        first = sorted(found, key=lambda one: (one[0].due_at, one[0].order_id, one[0].kind))[:_SHOWN]
        told = {duty.order_id for duty, _ in first if duty.kind is not DutyKind.CHECK_IN}
        placed = await store.placed(self._pool, me, told)
        shown = tuple(_view(duty, sale, placed, reader, policies) for duty, sale in first)
        return DutyList(shown, len(found), "-".join([str(len(found)), *(f"{one.id}{one.due}" for one in shown)]))

    async def log_check_in(self, request: Request) -> Response:
        """Log a talk, then show what is left. Twice is as good as once. Raises NotHere for somebody else's order."""
        signed_in = await self._sessions.reader(request)
        form = await request.form()
        check_token(form, signed_in)
        try:
            talked = CheckInLogged(order=text_of(form, "order"), by=signed_in.salesperson_id, channel=channel_of(form))
        except ValidationError:
            raise NotHere from None
        account = await store.account_of_sale(self._pool, signed_in.salesperson_id, talked.order)
        if account is None:
            raise NotHere
        await self._press(talked, account)
        return RedirectResponse("/", status_code=303)


def _view(
    duty: Duty, sale: Sale, placed: Mapping[str, Envelope[OrderPlaced]], reader: Reader, policies: Policies
) -> DutyView:
    order, check_in = sale.order, duty.kind is DutyKind.CHECK_IN
    policy = policies.for_order(policies.latest, order.segment, products_of(order))
    return DutyView(
        id=f"{duty.kind.value}-{duty.promise.fact_id if duty.promise else order.order_id}",
        to_do=_TO_DO[duty.kind],
        quote=_quote(duty, placed.get(order.order_id)),
        proof=_PROOF[duty.kind],
        customer=order.customer_name or f"Customer {order.account_id}",
        order=order.order_id,
        bought=order.bought,
        amount=words.known_money(order.amount_minor, order.currency),
        due=_due(duty, reader),
        at=reader.moment(duty.due_at),
        overdue=duty.due_at < reader.now,
        check_in=check_in,
        say=policy.duties.say if check_in else (),
        calls=phone(order.customer_phone, order.customer_country or policy.company.country),
        calling=calling(order.customer_zone, policy.customers, reader.now),
    )


def _quote(duty: Duty, placed: Envelope[OrderPlaced] | None) -> str | None:
    """In the words of the sale, as long as they are kept."""
    if placed is None or duty.kind is DutyKind.CHECK_IN:
        return None
    if duty.promise is None:
        return placed.data.expected_outcome
    promises = {fact_id(placed, f"promise-{place}"): one.what for place, one in enumerate(placed.data.promises)}
    return promises.get(duty.promise.fact_id)


def _due(duty: Duty, reader: Reader) -> str:
    """ "due 14:30", "due tomorrow, 14:30", "3 h overdue"."""
    if duty.due_at < reader.now:
        return words.overdue(duty.due_at, reader.now)
    tomorrow = (reader.now + timedelta(days=1)).astimezone(reader.zone).date()
    local = duty.due_at.astimezone(reader.zone)
    return f"due tomorrow, {local:%H:%M}" if local.date() == tomorrow else f"due {words.clock(local, reader.now)}"


_TO_DO = {
    DutyKind.CHECK_IN: "Ask how it goes",
    DutyKind.PROMISE: "Keep the promise",
    DutyKind.OUTCOME: "Ask whether it came true",
}
_PROOF = {
    DutyKind.CHECK_IN: "Done when you have talked with the customer.",
    DutyKind.PROMISE: "Done when it is reported as kept. If it is not, it becomes a signal.",
    DutyKind.OUTCOME: "Done when the customer’s answer is reported, whatever it is.",
}

"""The parts of a message beside the alert: severity, time left, play, and people notified before."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from services.escalation.domain.calling import Calling, calling
from services.escalation.domain.entities import INFORMING, products_in
from services.escalation.domain.escalation_path import PathLine
from services.escalation.domain.plays import Advice, Voice, advice, may_write, must_not_be_called
from services.escalation.domain.policy.model import Customers
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.reader import Reader
from services.escalation.domain.relapses import Relapse, relapse_of
from services.escalation.domain.stakes import Amount
from services.escalation.domain.words import MUST_NOT_BE_CALLED, Before
from services.escalation.store.before import BEFORE_COLUMNS, before_of, join_before
from services.escalation.store.escalation_paths import EscalationPath, escalation_paths
from services.escalation.store.inbox import MAY_SEE
from services.escalation.store.outcomes import saved_before, saved_before_of
from services.escalation.store.rows import BESIDE_THE_LADDER, GIVEN_MINOR, VOICE_COLUMNS
from services.escalation.store.signals_shown import ShownSignals
from shared.contracts.escalation import RingCause, Severity, Step
from shared.contracts.support_inbound import ContactPreference
from shared.database import Pool
from shared.formatting import money
from shared.ids import SalespersonId

_PARTS = f"""
    select a.alert_id, a.episode_id, a.ring, a.step, a.recipient, a.severity, a.cause, {BEFORE_COLUMNS},
           coalesce(p.zone, 'UTC') as recipient_zone, p.name as recipient_name,
           {VOICE_COLUMNS},
           case when a.cause = 'approval' then request.until when a.cause in {BESIDE_THE_LADDER!r} then null
                when a.cause = 'handed_over' then e.offered_until
                when e.deadline_for = 'answer' then e.deadline_at end as answer_by,
           case when e.deadline_for = 'appointment' then e.deadline_at else e.appointment_at end as promised_at,
           o.amount_minor, o.currency, o.segment, o.products, o.customer_email, o.customer_zone, o.customer_country,
           coalesce(account.preference, 'none') as preference,
           {GIVEN_MINOR}, {saved_before(MAY_SEE.replace("$1", "a.recipient"))},
           request.amount_minor as to_approve_minor, request.currency as to_approve_currency,
           coalesce(note.words, request.what) as note, coalesce(writer.name, asker.name) as note_by
    from escalation.alerts a
    join escalation.episodes e on e.episode_id = a.episode_id
    join escalation.orders o on o.order_id = e.order_id
    left join escalation.accounts account on account.account_id = a.account_id
    left join escalation.salespeople p on p.salesperson_id = a.recipient
    left join escalation.salespeople seller on seller.salesperson_id = e.salesperson
    left join escalation.notes note on a.cause in ('handed_over', 'reassigned') and note.about = 'hand_over'
        and note.episode_id = a.episode_id and note.at = a.raised_at
    left join escalation.salespeople writer on writer.salesperson_id = note.by
    left join escalation.offers request on a.cause = 'approval' and request.state = 'pending'
        and request.episode_id = a.episode_id and request.asked = a.recipient
    left join escalation.salespeople asker on asker.salesperson_id = request.by
    {join_before("a")}
    where a.alert_id = any($1::uuid[])
"""
_ASKED_TO = {RingCause.HANDED_OVER: "accept", RingCause.APPROVAL: "approve or decline"}


@dataclass(frozen=True, slots=True)
class LetterParts:
    """`path` are those who were notified or skipped before this reader. `for_information`: it asks nothing of its
    reader. `country` is the company's, where a number without a country's code is from if nothing of the customer says
    it. `customer_email` is the address to write to, and `email_on_record` also one that must not be written to. `note`
    is what the giver of a hand-over wrote, or what is to be offered to the customer, and `to_approve` its amount.
    `relapse` is about the save that relapsed by this episode.

    What may be called when is worked out as it is written: a zone that is none spoils one message, not its neighbours.
    """

    recipient: SalespersonId
    severity: Severity
    cause: RingCause
    recipient_zone: str
    answer_by: datetime | None
    customer_zone: str | None
    customers: Customers
    now: datetime
    not_to_be_called: str | None
    customer_email: str | None
    advice: Advice | None
    path: tuple[PathLine, ...] = ()
    before: Before | None = None
    for_information: bool = False
    country: str | None = None
    customer_country: str | None = None
    email_on_record: str | None = None
    preference: ContactPreference = ContactPreference.NONE
    promised_at: datetime | None = None
    note: str | None = None
    note_by: str | None = None
    had_since: datetime | None = None
    to_approve: Amount | None = None
    relapse: Relapse | None = None

    @property
    def asked_to(self) -> str | None:
        """What the reader is asked to do instead of acknowledging."""
        if self.cause is RingCause.APPROVAL and self.to_approve is not None:
            return f"approve or decline {money(self.to_approve.minor, self.to_approve.currency)}"
        return _ASKED_TO.get(self.cause)

    @property
    def calling(self) -> Calling:
        return calling(self.customer_zone, self.customers, self.now)


async def parts_of(
    pool: Pool, alerts: Collection[UUID], shown: Mapping[UUID, ShownSignals], policies: Policies, now: datetime
) -> Mapping[UUID, LetterParts]:
    """These parts for each alert, as its episode stands now; `shown` are the signals of each episode."""
    rows = await pool.fetch(_PARTS, list(alerts))
    paths = await escalation_paths(pool, {row["episode_id"] for row in rows})
    return {
        row["alert_id"]: _parts(row, shown[row["episode_id"]], paths[row["episode_id"]], policies, now) for row in rows
    }


def _parts(
    row: asyncpg.Record, shown: ShownSignals, path: EscalationPath, policies: Policies, now: datetime
) -> LetterParts:
    policy = policies.for_order(policies.latest, row["segment"], products_in(row["products"]))
    preference = ContactPreference(row["preference"])
    order = Amount(row["amount_minor"], row["currency"])
    reader = Reader(SalespersonId(row["recipient"]), ZoneInfo(row["recipient_zone"]), now)
    suggested = advice(shown.risks, _voice(row), preference=preference, order=order, policy=policy)
    if suggested is not None:
        suggested = suggested.after(Amount(row["given_minor"], row["currency"]))
    others_call = row["cause"] in (*INFORMING, RingCause.APPROVAL) and not shown.for_information
    return LetterParts(
        recipient=reader.salesperson_id,
        severity=Severity(row["severity"]),
        cause=RingCause(row["cause"]),
        recipient_zone=row["recipient_zone"],
        answer_by=row["answer_by"],
        customer_zone=row["customer_zone"],
        customers=policy.customers,
        now=now,
        not_to_be_called=must_not_be_called(preference, address=bool(row["customer_email"]))
        if preference in MUST_NOT_BE_CALLED
        else None,
        customer_email=row["customer_email"] if may_write(preference) else None,
        advice=None if others_call else suggested,
        path=path.before(row["ring"], reader),
        before=before_of(
            row["before_who"], row["before_name"], row["before_notified_at"], row["before_had_until"], reader
        ),
        for_information=shown.for_information,
        country=policy.company.country,
        customer_country=row["customer_country"],
        email_on_record=row["customer_email"],
        preference=preference,
        promised_at=row["promised_at"],
        note=row["note"],
        note_by=row["note_by"],
        relapse=relapse_of(saved_before_of(row["saved_before"]), reader, policy),
        had_since=path.had_since(row["ring"]),
        to_approve=Amount(row["to_approve_minor"], row["to_approve_currency"]) if row["to_approve_currency"] else None,
    )


def _voice(row: asyncpg.Record) -> Voice:
    return Voice(
        me=row["recipient"],
        name=row["recipient_name"] or "",
        step=Step(row["step"]),
        seller=row["salesperson"],
        seller_name=row["seller_name"],
        seller_left=row["seller_left"],
        handed_on=row["handed_on"],
    )

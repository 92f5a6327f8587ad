"""What the pages show, made from rows: everything is text by the time a template sees it. Start at `episode_view`."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from services.escalation.domain import words
from services.escalation.domain.facts import fact_id
from services.escalation.store.inbox import EpisodeRow, SignalRow
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.escalation import SignalKind
from shared.contracts.support_inbound import Person, RefundKind
from shared.ids import SalespersonId

_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant for people: relative to now, and absolute in the reader's zone."""

    iso: str
    ago: str
    absolute: str
    clock: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at the page, in which zone, and when."""

    salesperson_id: SalespersonId
    zone: ZoneInfo
    now: datetime

    def moment(self, at: datetime) -> Moment:
        local = at.astimezone(self.zone)
        same_day = local.date() == self.now.astimezone(self.zone).date()
        clock = f"{local:%H:%M}" if same_day else f"{local.day} {local:%b}, {local:%H:%M}"
        return Moment(at.isoformat(), words.ago(at, self.now), words.absolute(local), clock)


@dataclass(frozen=True, slots=True)
class Way:
    """A way to reach somebody: `href` starts tel: or mailto:."""

    href: str
    label: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who called or wrote for the customer."""

    name: str
    way: Way | None


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of what happened. `tone` is set where it put the sale at risk."""

    title: str
    words: str | None
    source: str
    at: Moment
    tone: str
    by: Caller | None


@dataclass(frozen=True, slots=True)
class Local:
    """The customer's own clock."""

    zone: str
    time: str


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    by: str
    mine: bool
    at: Moment


@dataclass(frozen=True, slots=True)
class EpisodeView:
    """One episode, ready to be shown. `version` changes whenever anything shown does, but for the passing of time."""

    id: str
    version: str
    customer: str
    order: str
    bought: str
    amount: str | None
    tone: str
    label: str
    why_you: str | None
    what: str
    context: str
    latest: Moment
    call: Way | None
    write: Way | None
    local: Local | None
    acknowledged: Acknowledgement | None
    recent: tuple[Happening, ...]
    earlier: tuple[Happening, ...]

    @property
    def happened_count(self) -> int:
        return len(self.recent) + len(self.earlier)


def episode_view(
    row: EpisodeRow, signals: Sequence[SignalRow], facts: Iterable[Envelope[Fact]], reader: Reader
) -> EpisodeView:
    """An episode as this reader sees it."""
    why = words.why_now([_risk(signal) for signal in signals] or [_unknown_risk(row)])
    happened = _what_happened(row, signals, facts, reader)
    return EpisodeView(
        id=str(row.episode_id),
        version=f"{row.changed_at.timestamp()}-{len(happened)}",
        customer=row.customer_name or f"Customer {row.account_id}",
        order=row.order_id,
        bought=row.bought,
        amount=_amount(row.amount_minor, row.currency),
        tone=_tone(why.kind),
        label=words.SIGNAL_LABELS[why.kind],
        why_you=row.why_you,
        what=why.what,
        context=why.context,
        latest=reader.moment(why.at),
        call=phone(row.customer_phone),
        write=mail(row.customer_email),
        local=_local(row.customer_zone, reader.now),
        acknowledged=_acknowledgement(row, reader),
        recent=happened[:_SHOWN],
        earlier=happened[_SHOWN:],
    )


def phone(number: str | None) -> Way | None:
    """A number to call as a link; None where there are too few digits to dial."""
    dialled = re.sub(r"[^0-9+*#]", "", number or "")
    return Way(f"tel:{quote(dialled, safe='+*')}", number) if number and len(dialled) > 2 else None


def mail(address: str | None) -> Way | None:
    return Way(f"mailto:{quote(address, safe='@+')}", address) if address and "@" in address else None


def _what_happened(
    row: EpisodeRow, signals: Sequence[SignalRow], facts: Iterable[Envelope[Fact]], reader: Reader
) -> tuple[Happening, ...]:
    """Newest first. A signal whose fact is no longer kept speaks for itself; facts of other orders stay out."""
    alarming = {signal.fact_id: signal for signal in signals}
    told: list[tuple[datetime, Happening]] = []
    for event in facts:
        if getattr(event.data, "order", None) in (None, row.order_id):
            told.append((event.time, _happening(event, alarming.pop(fact_id(event), None), reader)))
    told += [(signal.at, _bare(signal, reader)) for signal in alarming.values()]
    return tuple(happening for _, happening in sorted(told, key=lambda one: one[0], reverse=True))


def _happening(event: Envelope[Fact], signal: SignalRow | None, reader: Reader) -> Happening:
    told = words.describe(event)
    tone = _tone(SignalKind(signal.kind)) if signal else ""
    at = reader.moment(event.time)
    return Happening(told.title, told.words, told.source, at, tone, _caller(told.by))


def _bare(signal: SignalRow, reader: Reader) -> Happening:
    kind = SignalKind(signal.kind)
    title = words.why_now([_risk(signal)]).what
    return Happening(title, signal.words, "Support", reader.moment(signal.at), _tone(kind), None)


def _caller(person: Person | None) -> Caller | None:
    name = (person.name or person.email or person.phone) if person else None
    return Caller(name, phone(person.phone)) if person and name else None


def _risk(signal: SignalRow) -> words.Risk:
    refund = RefundKind(signal.refund_kind) if signal.refund_kind else None
    amount = _amount(signal.amount_minor, signal.currency)
    return words.Risk(SignalKind(signal.kind), signal.at, amount, refund)


def _unknown_risk(row: EpisodeRow) -> words.Risk:
    return words.Risk(SignalKind.RESPONSE_OVERDUE, row.raised_at)


def _tone(kind: SignalKind) -> str:
    return "high" if words.is_strong(kind) else "raised"


def _amount(amount_minor: int | None, currency: str | None) -> str | None:
    return words.money(amount_minor, currency) if amount_minor is not None and currency else None


def _local(zone: str | None, now: datetime) -> Local | None:
    return Local(zone, f"{now.astimezone(ZoneInfo(zone)):%H:%M}") if zone else None


def _acknowledgement(row: EpisodeRow, reader: Reader) -> Acknowledgement | None:
    if row.acknowledged_at is None or row.acknowledged_by is None:
        return None
    mine = row.acknowledged_by == reader.salesperson_id
    return Acknowledgement(row.acknowledged_name or row.acknowledged_by, mine, reader.moment(row.acknowledged_at))

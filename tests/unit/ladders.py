"""Ladders of an order and the people on them, for the tests of this folder."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from services.escalation.domain.clocks import Moment
from services.escalation.domain.entities import Order, Salesperson
from services.escalation.domain.ladder import available_steps, ladder_steps
from services.escalation.domain.ladder_step import LadderStep
from services.escalation.domain.next_step import Situation, whom
from services.escalation.domain.policy.document import shipped
from services.escalation.domain.policy.model import TeamMode
from shared.contracts.escalation import Severity, Step
from tests.builders import AT

MOMENT = Moment(AT, Severity.HIGH, shipped())
LEFT = {"active": False}
SINCE = date(2026, 5, 4)
AWAY = {"away": '[{"since": "2026-05-01", "until": "2026-05-14"}]'}
INBOX_ONLY = {"email": None}
TO_THE_DESK = "You receive this as the sales desk, the last step of the escalation path."
HOURS = '[{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "00:00", "end": "24:00"}]'


def order(id: str = "4711", *, sold_at: datetime = AT, sold_by: str | None = "anna") -> Order:
    return Order(id, "c-17", sold_by, sold_at, 100, "EUR", "Heat pump", sold_at)


def person(id: str, **changes: object) -> Salesperson:
    known = Salesperson(id, AT, id.title(), None, f"{id}@sales.example", None, None, "UTC", HOURS, True, None, None)
    return replace(known, **changes)  # type: ignore[arg-type]


def ladder(
    *known: Salesperson,
    sold: Order | None = None,
    now: datetime = AT,
    mode: TeamMode = TeamMode.ON,
    assigned: str | None = None,
) -> tuple[LadderStep, ...]:
    people = {"desk": person("desk")} | {one.salesperson_id: one for one in known}
    found = ladder_steps(
        sold or order(), people, desk="desk", moment=replace(MOMENT, now=now), mode=mode, assigned=assigned
    )
    assert found is not None
    return found


def first(
    *known: Salesperson, now: datetime = AT, sold: Order | None = None, mode: TeamMode = TeamMode.ON
) -> LadderStep:
    people = {"desk": person("desk")} | {one.salesperson_id: one for one in known}
    found = ladder(*known, now=now, sold=sold, mode=mode)
    next_step = whom(available_steps(found), Situation(sold or order(), people, replace(MOMENT, now=now)))
    assert next_step is not None
    return next_step.ladder_step


def people_on(found: Sequence[LadderStep]) -> list[tuple[Step, str | None]]:
    return [(ladder_step.step, ladder_step.salesperson_id) for ladder_step in found if ladder_step.skipped is None]


def skips(found: Sequence[LadderStep]) -> list[tuple[Step, str]]:
    return [(ladder_step.step, ladder_step.skipped) for ladder_step in found if ladder_step.skipped is not None]


SUCCEEDED = person("anna", **LEFT, successor="ben", successor_since=SINCE)
TEAM = (person("anna", backup="ben", manager="mia"), person("ben"), person("mia", manager="uma"), person("uma"))

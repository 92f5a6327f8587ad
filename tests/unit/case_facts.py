"""Facts about cases, promised answers, ratings and requests, for the tests of their findings."""

from typing import Any

from services.escalation.domain.facts import AccountFact, FactKind
from tests.unit.accounts import fact

Reported = list[tuple[float, float | None]]

OPENED = fact(FactKind.CASE_OPENED, 0, case="k", order="4711")
RESOLVED, CLOSED, REOPENED = FactKind.CASE_RESOLVED, FactKind.CASE_CLOSED, FactKind.CASE_REOPENED


def on_case(kind: FactKind, at: float, case: str | None = "k", **more: Any) -> AccountFact:
    return fact(kind, at, case=case, **more)


def passed_on(at: float, times: int) -> AccountFact:
    return on_case(FactKind.CASE_REASSIGNED, at, number=times)


PROMISED = on_case(FactKind.RESPONSE_PROMISED, 1, due=8)
ANEW = on_case(FactKind.RESPONSE_PROMISED, 2, due=11)
LOOSE = fact(FactKind.RESPONSE_PROMISED, 1, due=8)


def said(at: float, case: str = "k") -> AccountFact:
    return on_case(FactKind.RESPONSE_OVERDUE, at, case)


def rated(at: float, thousandths: int, case: str | None = "k") -> AccountFact:
    return on_case(FactKind.RATED, at, case, number=thousandths)


REQUESTED = {"refund": FactKind.REFUND_REQUESTED, "cancellation": FactKind.CANCELLATION_REQUESTED}


def requested(at: float, case: str | None = "k", name: str = "refund", **more: Any) -> AccountFact:
    return on_case(REQUESTED[name], at, case, **({"id": int(at * 100) + 1} | more))


def status(at: float, word: str = "", **more: Any) -> AccountFact:
    return on_case(FactKind.CASE_PROGRESSED, at, what=word or None, **more)

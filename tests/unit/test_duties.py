"""Follow-ups before trouble: which ones a sale makes, whose they are, when they are shown, and what completes them.

Times are hours after the sale. In the default policy a check-in is due after 336, and shown from 288 to 672.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.escalation.domain.detections.history import History
from services.escalation.domain.duties import DutyKind, Sale, duties_of, period
from services.escalation.domain.entities import Account, Order, Salesperson
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.policy.document import read, shipped_text
from services.escalation.domain.policy.versions import BEGINNING, Policies, PolicyVersion
from tests.builders import ACCOUNT, AT
from tests.unit.accounts import fact, hours, inbound, outbound, reached

DAY = 24
DUE, SHOWN, GONE = 14 * DAY, 12 * DAY, 28 * DAY
ORDER = Order("4711", ACCOUNT, "anna", AT, 100, "EUR", "Heat pump", AT)
SHIPPED = Policies.shipped()
OPENED_FOR_ANOTHER = fact(FactKind.CASE_OPENED, 0, case="k", order="4712")
TALKED = reached(13 * DAY, order="4711", agent="anna")


def person(id: str, **changes: Any) -> Salesperson:
    known = Salesperson(id, AT, id.title(), None, None, None, None, "UTC", "[]", True, None, None)
    return replace(known, **changes)


LEFT = {"active": False, "successor": "ben", "successor_since": AT.date()}


def duties(
    *facts: AccountFact,
    at: float = DUE,
    of: str = "anna",
    order: Order = ORDER,
    policies: Policies = SHIPPED,
    people: tuple[Salesperson, ...] = (person("anna"), person("ben")),
    **account: Any,
) -> list[tuple[DutyKind, float]]:
    """The kind of each follow-up, and when it is due, in hours after the sale."""
    sale = Sale(order, Account(ACCOUNT, **account), History(facts))
    directory = {one.salesperson_id: one for one in people}
    found = duties_of(of, sale, directory, policies, hours(at))
    return [(duty.kind, (duty.due_at - AT) / timedelta(hours=1)) for duty in found]


def promise(due: float, what: str = "training", at: float = 0) -> AccountFact:
    return fact(FactKind.PROMISE, at, order="4711", due=due, what=what)


def kept(at: float, what: str = "training") -> AccountFact:
    return fact(FactKind.PROMISE_KEPT, at, order="4711", what=what)


def theirs(due: float, what: str = "room") -> AccountFact:
    """A promise of the customer's own."""
    return fact(FactKind.CUSTOMER_DUTY, 0, order="4711", due=due, what=what)


def asked(at: float, number: int) -> AccountFact:
    return fact(FactKind.OUTCOME_REPORTED, at, order="4711", number=number)


CHECK_IN = [(DutyKind.CHECK_IN, DUE)]


@pytest.mark.parametrize("at", [SHOWN, DUE, GONE])
def test_a_sale_makes_a_dated_check_in_that_is_shown_around_its_date(at: float) -> None:
    assert duties(at=at) == CHECK_IN


@pytest.mark.parametrize("at", [0, SHOWN - 0.1, GONE + 0.1])
def test_a_check_in_is_not_shown_long_before_or_after_its_date(at: float) -> None:
    assert duties(at=at) == []


@pytest.mark.parametrize(
    "talk",
    [
        TALKED,
        outbound(SHOWN, agent="anna"),
        inbound(DUE, "answered", agent="anna"),
        outbound(DUE, agent="anna", order="4711"),
        outbound(DUE, agent="anna", case="k"),
    ],
)
def test_the_sellers_talk_with_the_customer_completes_the_check_in(talk: AccountFact) -> None:
    assert duties(talk) == []


@pytest.mark.parametrize(
    "talk",
    [
        pytest.param([outbound(SHOWN - 1, agent="anna")], id="before it was time"),
        pytest.param([outbound(DUE - 1, "voicemail", agent="anna")], id="a voicemail"),
        pytest.param([outbound(DUE - 1, agent="anna", courtesy=True)], id="an automatic reply"),
        pytest.param([outbound(DUE - 1, agent="ben")], id="somebody else"),
        pytest.param([outbound(DUE - 1)], id="nobody knows who"),
        pytest.param([outbound(DUE - 1, agent="anna", order="4712")], id="about another order"),
        pytest.param([OPENED_FOR_ANOTHER, outbound(DUE - 1, agent="anna", case="k")], id="on another order's case"),
    ],
)
def test_other_contacts_do_not_complete_a_check_in(talk: list[AccountFact]) -> None:
    assert duties(*talk) == CHECK_IN


def test_a_promise_is_a_follow_up_until_it_is_reported_as_kept() -> None:
    assert duties(promise(100), at=60) == [(DutyKind.PROMISE, 100)]
    assert duties(promise(100), at=130) == [(DutyKind.PROMISE, 100)]
    assert duties(promise(100), kept(59), at=60) == []
    assert duties(promise(100), kept(59, "delivery"), at=60) == [(DutyKind.PROMISE, 100)]
    assert duties(promise(100), TALKED, at=60) == [(DutyKind.PROMISE, 100)]
    assert duties(promise(100), at=100 - 2 * DAY - 1) == []


def test_the_first_of_two_promises_of_one_name_is_the_follow_up() -> None:
    found = duties(promise(110), promise(100), promise(105, "manual"), at=90)
    assert sorted(found) == [(DutyKind.PROMISE, 100), (DutyKind.PROMISE, 105)]


@pytest.mark.parametrize("at", [100 - 2 * DAY, 100, 100 + 14 * DAY])
def test_a_promise_of_the_customers_own_is_a_follow_up_of_the_seller_around_its_date(at: float) -> None:
    assert (DutyKind.CUSTOMER, 100) in duties(theirs(100), at=at)


@pytest.mark.parametrize("at", [100 - 2 * DAY - 1, 100 + 14 * DAY + 1])
def test_a_promise_of_the_customers_own_is_not_shown_long_before_or_after_its_date(at: float) -> None:
    assert DutyKind.CUSTOMER not in dict(duties(theirs(100), at=at))


def said_done(at: float, what: str = "room") -> AccountFact:
    return fact(FactKind.CUSTOMER_DUTY_SAID_DONE, at, order="4711", what=what, agent="anna")


@pytest.mark.parametrize(
    ("facts", "open"),
    [
        pytest.param([kept(59, "room")], False, id="a proof that names it"),
        pytest.param([kept(59, "training")], True, id="a proof of another promise"),
        pytest.param([said_done(59)], False, id="the seller's report"),
        pytest.param([said_done(59, "training")], True, id="a report about another promise"),
        pytest.param([said_done(58), fact(FactKind.RATED, 59, number=0)], False, id="a complaint is about us"),
        pytest.param([TALKED], True, id="a talk alone"),
        pytest.param([fact(FactKind.ORDER_CANCELLED, 5, order="4711")], False, id="a cancelled order"),
    ],
)
def test_the_customers_own_part_is_done_by_proof_or_by_the_sellers_report(facts: list[AccountFact], open: bool) -> None:
    assert ((DutyKind.CUSTOMER, 100) in duties(theirs(100), *facts, at=60)) is open


@pytest.mark.parametrize("number", [0, 1])
def test_the_expected_result_is_a_follow_up_until_the_buyer_reports_on_it(number: int) -> None:
    order = replace(ORDER, outcome_expected_by=hours(100))
    assert duties(at=60, order=order) == [(DutyKind.OUTCOME, 100)]
    assert duties(asked(59, number), at=60, order=order) == []


@pytest.mark.parametrize("preference", ["do_not_call", "dispute", "deceased"])
def test_a_do_not_call_customer_makes_no_follow_up(preference: str) -> None:
    assert duties(promise(DUE), preference=preference) == []


def test_a_backfilled_sale_makes_no_follow_up() -> None:
    assert duties(order=replace(ORDER, seen_at=hours(3 * DAY))) == CHECK_IN
    assert duties(promise(DUE), order=replace(ORDER, seen_at=hours(3 * DAY + 1))) == []


def test_a_cancelled_order_makes_no_follow_up() -> None:
    assert duties(promise(DUE), fact(FactKind.ORDER_CANCELLED, 5, order="4711")) == []
    assert duties(fact(FactKind.ORDER_CANCELLED, 5, order="4712")) == CHECK_IN


def test_a_follow_up_stays_the_sellers_during_an_absence() -> None:
    away = person("anna", away='[{"since": "2026-01-01", "until": "2027-01-01"}]', backup="ben")
    assert duties(people=(away, person("ben"))) == CHECK_IN
    assert duties(people=(away, person("ben")), of="ben") == []


def test_a_successor_has_the_follow_ups_and_earlier_talks_count() -> None:
    people = (person("anna", **LEFT), person("ben"))
    assert duties(people=people, of="ben") == CHECK_IN
    assert duties(people=people, of="anna") == []
    assert duties(outbound(SHOWN, agent="anna"), people=people, of="ben") == []


def test_the_follow_ups_of_a_reassigned_account_are_its_owners() -> None:
    moved: dict[str, Any] = {"assigned_to": "ben", "assigned_since": AT.date(), "assigned_at": AT}
    assert duties(of="ben", **moved) == CHECK_IN
    assert duties(**moved) == []


def test_a_sale_without_an_active_seller_makes_no_follow_up() -> None:
    assert duties(order=replace(ORDER, sold_by=None)) == []
    assert duties(people=(person("anna", active=False), person("ben"))) == []
    assert duties(people=(person("ben"),)) == []


def policy(*changes: tuple[str, str], since: float | None = None) -> PolicyVersion:
    text = shipped_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return PolicyVersion(2, BEGINNING if since is None else hours(since), read(text), text, "mia", "Changed")


SOONER = ('check_in_after = "14d"', 'check_in_after = "7d"')
SPECIAL = '\n[[overrides]]\nsegment = "enterprise"\nset.duties.check_in_after = "30d"\n'


def with_version(version: PolicyVersion) -> Policies:
    return SHIPPED.followed_by([version])


def test_the_policy_in_force_at_the_sale_says_when_to_check_in() -> None:
    assert duties(at=7 * DAY, policies=with_version(policy(SOONER))) == [(DutyKind.CHECK_IN, 7 * DAY)]
    assert duties(at=7 * DAY, policies=with_version(policy(SOONER, since=1))) == []


def test_a_policy_can_switch_follow_ups_off() -> None:
    off = policy(("enabled = true\n\n# When the seller checks in", "enabled = false\n\n# When the seller checks in"))
    assert duties(promise(DUE), policies=with_version(off)) == []


def test_an_override_counts_for_the_orders_it_names() -> None:
    text = shipped_text() + SPECIAL
    special = with_version(PolicyVersion(2, BEGINNING, read(text), text, "mia", "Changed"))
    assert duties(at=30 * DAY, policies=special, order=replace(ORDER, segment="enterprise")) == [
        (DutyKind.CHECK_IN, 30 * DAY)
    ]
    assert duties(at=DUE, policies=special) == CHECK_IN


def test_sales_are_read_as_far_back_as_any_policy_reaches() -> None:
    text = shipped_text() + SPECIAL
    widest = period(with_version(PolicyVersion(2, AT, read(text), text, "mia", "Changed")), AT)
    assert (widest.sold_since, widest.sold_until) == (hours(-44 * DAY), hours(-12 * DAY))
    assert (widest.due_since, widest.due_until) == (hours(-14 * DAY), hours(2 * DAY))

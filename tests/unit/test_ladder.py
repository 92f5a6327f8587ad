"""Who stands on the ladder of an order, who is passed over, and the words for both."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.escalation.domain.asking import Situation, whom
from services.escalation.domain.clocks import Moment
from services.escalation.domain.entities import Account, Order, Salesperson
from services.escalation.domain.ladder import Rung, assigned_to, desk_instead, rungs, standing
from services.escalation.domain.policy.document import shipped
from services.escalation.domain.policy.model import TeamMode
from shared.contracts.escalation import Severity, Step
from tests.builders import AT, minutes

MOMENT = Moment(AT, Severity.HIGH, shipped())
LEFT = {"active": False}
SINCE = date(2026, 5, 4)
AWAY = {"away": '[{"since": "2026-05-01", "until": "2026-05-14"}]'}
INBOX_ONLY = {"email": None}
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
) -> tuple[Rung, ...]:
    people = {"desk": person("desk")} | {one.salesperson_id: one for one in known}
    found = rungs(sold or order(), people, desk="desk", moment=replace(MOMENT, now=now), mode=mode, assigned=assigned)
    assert found is not None
    return found


def first(*known: Salesperson, now: datetime = AT, sold: Order | None = None, mode: TeamMode = TeamMode.ON) -> Rung:
    people = {"desk": person("desk")} | {one.salesperson_id: one for one in known}
    found = ladder(*known, now=now, sold=sold, mode=mode)
    asked = whom(standing(found), Situation(sold or order(), people, replace(MOMENT, now=now)))
    assert asked is not None
    return asked.rung


def asked(found: Sequence[Rung]) -> list[tuple[Step, str | None]]:
    return [(rung.step, rung.salesperson_id) for rung in found if rung.skipped is None]


def skips(found: Sequence[Rung]) -> list[tuple[Step, str]]:
    return [(rung.step, rung.skipped) for rung in found if rung.skipped is not None]


SUCCEEDED = person("anna", **LEFT, successor="ben", successor_since=SINCE)
TEAM = (person("anna", backup="ben", manager="mia"), person("ben"), person("mia", manager="uma"), person("uma"))


@pytest.mark.parametrize(
    ("known", "now", "expected"),
    [
        pytest.param([person("anna")], AT, ("anna", "seller"), id="the seller"),
        pytest.param([SUCCEEDED, person("ben")], AT, ("ben", "successor"), id="the successor from today"),
        pytest.param(
            [SUCCEEDED, person("ben", zone="Pacific/Auckland")],
            datetime(2026, 5, 3, 13, tzinfo=UTC),
            ("ben", "successor"),
            id="the successor where it is tomorrow already",
        ),
        pytest.param(
            [SUCCEEDED, person("ben", zone="America/Los_Angeles")],
            datetime(2026, 5, 4, 6, tzinfo=UTC),
            ("desk", "nobody_left"),
            id="no successor where it is still yesterday",
        ),
        pytest.param(
            [person("anna", **LEFT, manager="ben"), person("ben", manager="anna", **LEFT)],
            AT,
            ("desk", "nobody_left"),
            id="the desk at the end of a circle",
        ),
        pytest.param(
            [person("anna", **LEFT, manager="mia", backup="ben"), person("mia"), person("ben")],
            AT,
            ("ben", "backup"),
            id="the backup of a seller who left without a successor",
        ),
        pytest.param(
            [person("anna", **LEFT, manager="mia"), person("mia")],
            AT,
            ("mia", "manager"),
            id="the manager of a seller who left without a successor or a backup",
        ),
        pytest.param(
            [
                replace(SUCCEEDED, backup="kim", successor_since=date(2026, 5, 5)),
                person("ben", backup="zoe"),
                person("kim"),
                person("zoe"),
            ],
            AT,
            ("kim", "backup"),
            id="the leaver's backup until the successor takes over",
        ),
        pytest.param(
            [person("anna", **LEFT, manager="mia", backup="ben"), person("mia"), person("ben", **AWAY)],
            AT,
            ("mia", "manager"),
            id="the manager while that backup is away",
        ),
        pytest.param([person("anna", **AWAY)], AT, ("desk", "nobody_there"), id="the desk while the seller is away"),
    ],
)
def test_the_first_asked_is(known: list[Salesperson], now: datetime, expected: tuple[str, str]) -> None:
    found = first(*known, now=now)
    assert (found.salesperson_id, found.because) == expected


def test_the_ladder_goes_from_the_seller_up_to_the_desk() -> None:
    found = ladder(*TEAM)
    assert [rung.step for rung in found] == [
        Step.SELLER,
        Step.BACKUP,
        Step.MANAGER,
        Step.UPPER_MANAGER,
        Step.DESK,
    ]
    assert [rung.salesperson_id for rung in found] == ["anna", "ben", "mia", "uma", "desk"]
    assert skips(found) == []


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ([person("anna")], [(Step.BACKUP, "Anna has no backup"), (Step.MANAGER, "no manager is known")]),
        ([person("anna", backup="ben"), person("ben", **LEFT)], [(Step.BACKUP, "Ben is no longer with the company")]),
        ([person("anna", backup="ben")], [(Step.BACKUP, "ben is not known")]),
        ([person("anna", backup="anna")], [(Step.BACKUP, "Anna is the same person as the seller")]),
        (
            [person("anna", **LEFT)],
            [(Step.SELLER, "Anna is no longer with the company"), (Step.SUCCESSOR, "Anna has no successor")],
        ),
        (
            [person("anna", **LEFT, backup="ben"), person("ben", **LEFT)],
            [(Step.BACKUP, "Ben is no longer with the company")],
        ),
        ([person("anna", **LEFT)], [(Step.BACKUP, "Anna has no backup")]),
        ([SUCCEEDED], [(Step.SUCCESSOR, "ben is not known")]),
        ([SUCCEEDED, person("ben", **LEFT)], [(Step.SUCCESSOR, "Ben is no longer with the company")]),
        (
            [replace(SUCCEEDED, successor_since=date(2026, 5, 5)), person("ben")],
            [(Step.SUCCESSOR, "Ben takes over on 5 May")],
        ),
        ([person("anna", manager="anna")], [(Step.MANAGER, "Anna is the same person as the seller")]),
        ([person("anna", manager="mia")], [(Step.MANAGER, "mia is not known")]),
        ([person("anna", manager="mia"), person("mia")], [(Step.UPPER_MANAGER, "no manager's manager is known")]),
        (
            [person("anna", manager="mia"), person("mia", manager="mia")],
            [(Step.UPPER_MANAGER, "Mia is in this line already")],
        ),
        (
            [person("anna", manager="mia"), person("mia", manager="anna")],
            [(Step.UPPER_MANAGER, "Anna is the same person as the seller")],
        ),
        (
            [person("anna", manager="mia"), person("mia", manager="desk"), person("desk")],
            [(Step.DESK, "Desk is the same person as the manager's manager")],
        ),
        (
            [person("anna", backup="mia", manager="mia"), person("mia")],
            [(Step.MANAGER, "Mia is the same person as the backup")],
        ),
        (
            [person("anna", **INBOX_ONLY, manager="mia"), person("mia")],
            [(Step.SELLER, "Anna cannot be reached by any channel but the inbox")],
        ),
    ],
)
def test_whoever_is_skipped_is_so_for_a_reason_in_words(
    known: list[Salesperson], expected: list[tuple[Step, str]]
) -> None:
    found = skips(ladder(*known))
    assert [reason for reason in found if reason in expected] == expected, found


def test_inactive_managers_are_passed_over_and_two_active_ones_are_asked() -> None:
    line = [person("mia", **LEFT, manager="tom"), person("tom", manager="uma"), person("uma", manager="zoe")]
    found = ladder(person("anna", manager="mia"), *line, person("zoe"))
    assert asked(found)[1:] == [(Step.MANAGER, "tom"), (Step.UPPER_MANAGER, "uma"), (Step.DESK, "desk")]
    assert (Step.MANAGER, "Mia is no longer with the company") in skips(found)


def test_where_the_managers_place_is_vacant_or_the_sellers_own_the_next_level_is_asked() -> None:
    for manager in (None, "ghost", "anna"):
        found = ladder(person("anna", manager=manager))
        assert asked(found) == [(Step.SELLER, "anna"), (Step.DESK, "desk")]


def test_the_backup_is_of_whoever_stands_in_and_the_managers_are_of_the_seller() -> None:
    gone = replace(SUCCEEDED, backup="mia", manager="mia")
    found = ladder(gone, person("ben", backup="kim", manager="uma"), person("kim"), person("mia"), person("uma"))
    assert asked(found) == [
        (Step.SUCCESSOR, "ben"),
        (Step.BACKUP, "kim"),
        (Step.MANAGER, "mia"),
        (Step.DESK, "desk"),
    ]
    assert found[2].why_you == "Anna sold order 4711 on 4 May; you are Ben's backup."


def test_who_has_the_inbox_alone_stays_where_nobody_further_up_is_reached_either() -> None:
    alone = ladder(person("anna", **INBOX_ONLY, manager="mia"), person("mia", **INBOX_ONLY), person("desk"))
    assert asked(alone) == [(Step.SELLER, "anna"), (Step.MANAGER, "mia"), (Step.DESK, "desk")]
    with_away = ladder(person("anna", **INBOX_ONLY, manager="mia"), person("mia", **AWAY))
    assert asked(with_away)[0] == (Step.SELLER, "anna")


def test_in_manager_only_mode_nobody_below_the_manager_is_asked() -> None:
    found = ladder(*TEAM, mode=TeamMode.MANAGER_ONLY)
    words = "the team is in manager-only mode"
    assert skips(found) == [(Step.SELLER, words), (Step.BACKUP, words)]
    gone = ladder(replace(SUCCEEDED, manager="ben"), person("ben"), mode=TeamMode.MANAGER_ONLY)
    assert (Step.SUCCESSOR, words) in skips(gone)
    assert asked(gone)[0] == (Step.MANAGER, "ben"), "who is manager too is asked as that"
    alone = first(person("anna"), mode=TeamMode.MANAGER_ONLY)
    assert (alone.step, alone.because) == (Step.DESK, "nobody_there")


def test_whom_the_account_was_moved_to_stands_in_the_sellers_place() -> None:
    found = ladder(SUCCEEDED, person("ben"), person("kim", backup="ben"), assigned="kim")
    assert asked(found) == [(Step.SELLER, "kim"), (Step.BACKUP, "ben"), (Step.DESK, "desk")]
    assert found[0].because == "assigned"
    assert found[0].why_you == "Anna sold order 4711 on 4 May; this customer is yours now."
    inactive = ladder(person("anna"), person("kim", **LEFT), assigned="kim")
    assert skips(inactive)[0] == (Step.SELLER, "Kim is no longer with the company")
    assert asked(inactive)[0] == (Step.SELLER, "anna")
    assert ladder(person("anna"), assigned="anna") == ladder(person("anna")), "the seller is as before"
    nobody = ladder(person("anna", **LEFT), person("kim", **LEFT, backup="ben"), person("ben"), assigned="kim")
    assert asked(nobody) == [(Step.BACKUP, "ben"), (Step.DESK, "desk")]
    assert "Anna sold order 4711 on 4 May; Kim has left; you are Kim's backup." in [one.why_you for one in nobody]
    bought_online = ladder(person("kim"), sold=order(sold_by=None), assigned="kim")
    assert bought_online[0].why_you == "Order 4711 was sold without a seller on 4 May; this customer is yours now."


def test_an_account_is_moved_from_the_day_that_was_told_where_the_new_person_works() -> None:
    account, people = Account("c-17", "kim", SINCE), {"kim": person("kim", zone="Pacific/Auckland")}
    assert assigned_to(account, people, datetime(2026, 5, 3, 11, 59, tzinfo=UTC)) is None
    assert assigned_to(account, people, datetime(2026, 5, 3, 12, tzinfo=UTC)) == "kim"
    assert assigned_to(Account("c-17"), people, AT) is None


def test_a_seller_nobody_knows_is_waited_for_and_a_missing_one_is_not() -> None:
    assert rungs(order(), {}, desk="desk", moment=MOMENT, mode=TeamMode.ON) is None
    (without,) = ladder(sold=order(sold_by=None))
    assert (without.because, without.step, without.skipped) == ("no_seller", Step.DESK, None)
    assert without.why_you == "You are the sales desk: order 4711 was sold without a seller on 4 May."


def test_the_reason_is_said_in_words_with_the_day_where_the_reader_is() -> None:
    late = order(sold_at=datetime(2026, 5, 4, 22, 30, tzinfo=UTC))
    assert first(person("anna", zone="Europe/Berlin"), sold=late).why_you == "You sold order 4711 on 5 May."
    next_year = first(person("anna"), sold=late, now=AT + timedelta(days=300))
    assert next_year.why_you == "You sold order 4711 on 4 May 2026."
    succeeded = first(replace(SUCCEEDED, name="James"), person("ben"), sold=late, now=minutes(900))
    assert succeeded.why_you == "James sold order 4711 on 4 May and left on 4 May; James' book is yours."
    managed = first(person("anna", **LEFT, manager="mia"), person("mia"))
    assert managed.why_you == ("Anna sold order 4711 on 4 May and has left without a successor; you are next in line.")
    stays = first(person("anna", **LEFT, backup="kim"), person("kim"))
    assert stays.why_you == "Anna sold order 4711 on 4 May and has left without a successor; you are Anna's backup."
    unknown = desk_instead(late, {}, desk="desk", now=AT)
    assert (unknown.because, unknown.step) == ("seller_unknown", Step.DESK)
    assert "whom the directory does not know" in unknown.why_you
    assert ladder(*TEAM)[2].why_you == "Anna sold order 4711 on 4 May; you are next in line."
    assert ladder(*TEAM)[-1].why_you == (
        "You are the sales desk: order 4711 was sold by Anna on 4 May; you are next in line."
    )


def test_the_steps_further_up_are_those_after_one_that_are_not_skipped() -> None:
    found = ladder(*(replace(one, **LEFT) if one.salesperson_id == "ben" else one for one in TEAM))  # type: ignore[arg-type]
    assert [rung.salesperson_id for rung in standing(found)] == ["anna", "mia", "uma", "desk"]
    assert [rung.salesperson_id for rung in standing(found, after=Step.MANAGER)] == ["uma", "desk"]
    after_a_leaver = standing(ladder(SUCCEEDED, person("ben")), after=Step.SELLER)
    assert after_a_leaver[0].salesperson_id == "ben", "the ladder may have changed since the seller was asked"


@pytest.mark.parametrize(
    ("desk", "reason"),
    [
        (None, "the sales desk is desk, whom the directory does not know"),
        (person("desk", **LEFT), "the sales desk is Desk, who is no longer with the company"),
    ],
)
def test_a_desk_that_is_nobody_is_not_asked(desk: Salesperson | None, reason: str) -> None:
    people = {"anna": person("anna")} | ({"desk": desk} if desk else {})
    found = rungs(order(), people, desk="desk", moment=MOMENT, mode=TeamMode.ON)
    assert found is not None
    assert asked(found) == [(Step.SELLER, "anna")], "the last real person keeps it"
    assert found[-1].skipped == reason
    without_seller = rungs(order(sold_by=None), people, desk="desk", moment=MOMENT, mode=TeamMode.ON)
    assert without_seller is not None
    assert asked(without_seller) == []
    assert desk_instead(order(), people, desk="desk", now=AT).skipped == reason


IDS = st.sampled_from(["anna", "ben", "mia", "desk", "nobody"])
PEOPLE = st.builds(
    person,
    IDS,
    manager=st.none() | IDS,
    backup=st.none() | IDS,
    successor=st.none() | IDS,
    successor_since=st.sampled_from([None, SINCE, date(2027, 1, 1)]),
    active=st.booleans(),
    email=st.sampled_from([None, "x@sales.example"]),
    away=st.sampled_from(["[]", AWAY["away"]]),
)


@settings(max_examples=50)
@given(st.lists(PEOPLE, max_size=5), st.sampled_from(TeamMode), st.none() | IDS)
def test_whatever_the_directory_says_somebody_is_asked_and_nobody_twice(
    known: list[Salesperson], mode: TeamMode, assigned: str | None
) -> None:
    people = {"anna": person("anna"), "desk": person("desk")} | {one.salesperson_id: one for one in known}
    found = ladder(*people.values(), mode=mode, assigned=assigned)
    names = [id for _, id in asked(found)]
    assert names or not people["desk"].active
    assert len(names) == len(set(names))
    steps = [rung.step for rung in found]
    assert steps == sorted(steps, key=list(Step).index)
    assert found[-1].salesperson_id == "desk"
    assert all(rung.why_you.endswith(".") for rung in found if rung.skipped is None)

"""The people on an order's ladder, and those skipped."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.escalation.domain.entities import Account, Salesperson
from services.escalation.domain.ladder import assigned_to, available_steps, desk_instead, ladder_steps
from services.escalation.domain.policy.model import TeamMode
from shared.contracts.escalation import Step
from tests.builders import AT
from tests.examples import examples
from tests.unit.ladders import (
    AWAY,
    INBOX_ONLY,
    LEFT,
    MOMENT,
    SINCE,
    SUCCEEDED,
    TEAM,
    TO_THE_DESK,
    first,
    ladder,
    order,
    people_on,
    person,
    skips,
)


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
        pytest.param(
            [replace(SUCCEEDED, manager="mia", successor_since=date(2026, 5, 13)), person("ben"), person("mia")],
            AT,
            ("mia", "manager"),
            id="the manager until the successor takes over",
        ),
        pytest.param(
            [replace(SUCCEEDED, manager="mia"), person("ben", **LEFT, successor="zoe"), person("zoe"), person("mia")],
            AT,
            ("mia", "manager"),
            id="the manager of two who left",
        ),
        pytest.param([person("anna", **LEFT, manager="anna")], AT, ("desk", "nobody_left"), id="one's own manager"),
        pytest.param([person("anna", **LEFT, manager="ghost")], AT, ("desk", "nobody_left"), id="an unknown manager"),
        pytest.param([replace(SUCCEEDED, successor="anna")], AT, ("desk", "nobody_left"), id="one's own successor"),
        pytest.param([person("anna", **LEFT)], AT, ("desk", "nobody_left"), id="the desk for a seller alone"),
        pytest.param([person("anna", **AWAY)], AT, ("desk", "nobody_there"), id="the desk while the seller is away"),
    ],
)
def test_the_first_person_notified_is(known: list[Salesperson], now: datetime, expected: tuple[str, str]) -> None:
    found = first(*known, now=now)
    assert (found.salesperson_id, found.because) == expected


def test_the_ladder_goes_from_the_seller_up_to_the_desk() -> None:
    found = ladder(*TEAM)
    assert [ladder_step.step for ladder_step in found] == [
        Step.SELLER,
        Step.BACKUP,
        Step.MANAGER,
        Step.UPPER_MANAGER,
        Step.DESK,
    ]
    assert [ladder_step.salesperson_id for ladder_step in found] == ["anna", "ben", "mia", "uma", "desk"]
    assert skips(found) == []


def test_inactive_managers_are_skipped_and_two_active_ones_are_notified() -> None:
    line = [person("mia", **LEFT, manager="tom"), person("tom", manager="uma"), person("uma", manager="zoe")]
    found = ladder(person("anna", manager="mia"), *line, person("zoe"))
    assert people_on(found)[1:] == [(Step.MANAGER, "tom"), (Step.UPPER_MANAGER, "uma"), (Step.DESK, "desk")]
    assert (Step.MANAGER, "Mia is no longer with the company") in skips(found)


def test_the_next_level_is_notified_if_the_managers_place_is_vacant_or_the_sellers_own() -> None:
    for manager in (None, "ghost", "anna"):
        found = ladder(person("anna", manager=manager))
        assert people_on(found) == [(Step.SELLER, "anna"), (Step.DESK, "desk")]


def test_the_backup_is_the_stand_ins_and_the_managers_are_the_sellers() -> None:
    gone = replace(SUCCEEDED, backup="mia", manager="mia")
    found = ladder(gone, person("ben", backup="kim", manager="uma"), person("kim"), person("mia"), person("uma"))
    assert people_on(found) == [
        (Step.SUCCESSOR, "ben"),
        (Step.BACKUP, "kim"),
        (Step.MANAGER, "mia"),
        (Step.DESK, "desk"),
    ]
    assert found[2].why_you == "Anna sold order 4711 on 4 May; you are Ben's backup."


def test_a_person_with_the_inbox_alone_stays_if_no_one_further_up_can_be_reached() -> None:
    alone = ladder(person("anna", **INBOX_ONLY, manager="mia"), person("mia", **INBOX_ONLY), person("desk"))
    assert people_on(alone) == [(Step.SELLER, "anna"), (Step.MANAGER, "mia"), (Step.DESK, "desk")]
    with_away = ladder(person("anna", **INBOX_ONLY, manager="mia"), person("mia", **AWAY))
    assert people_on(with_away)[0] == (Step.SELLER, "anna")


def test_in_manager_only_mode_no_one_below_the_manager_is_notified() -> None:
    found = ladder(*TEAM, mode=TeamMode.MANAGER_ONLY)
    words = "the team is in manager-only mode"
    assert skips(found) == [(Step.SELLER, words), (Step.BACKUP, words)]
    gone = ladder(replace(SUCCEEDED, manager="ben"), person("ben"), mode=TeamMode.MANAGER_ONLY)
    assert (Step.SUCCESSOR, words) in skips(gone)
    assert people_on(gone)[0] == (Step.MANAGER, "ben"), "a person who is also a manager is notified as one"
    alone = first(person("anna"), mode=TeamMode.MANAGER_ONLY)
    assert (alone.step, alone.because) == (Step.DESK, "nobody_there")


def test_the_accounts_new_owner_takes_the_sellers_place() -> None:
    found = ladder(SUCCEEDED, person("ben"), person("kim", backup="ben"), assigned="kim")
    assert people_on(found) == [(Step.SELLER, "kim"), (Step.BACKUP, "ben"), (Step.DESK, "desk")]
    assert found[0].because == "assigned"
    assert found[0].why_you == "Anna sold order 4711 on 4 May; this customer is now yours."
    inactive = ladder(person("anna"), person("kim", **LEFT), assigned="kim")
    assert skips(inactive)[0] == (Step.SELLER, "Kim is no longer with the company")
    assert people_on(inactive)[0] == (Step.SELLER, "anna")
    assert ladder(person("anna"), assigned="anna") == ladder(person("anna")), "the seller is unchanged"
    nobody = ladder(person("anna", **LEFT), person("kim", **LEFT, backup="ben"), person("ben"), assigned="kim")
    assert people_on(nobody) == [(Step.BACKUP, "ben"), (Step.DESK, "desk")]
    assert "Anna sold order 4711 on 4 May; Kim has left; you are Kim's backup." in [one.why_you for one in nobody]
    bought_online = ladder(person("kim"), sold=order(sold_by=None), assigned="kim")
    assert bought_online[0].why_you == "No salesperson is on record for order 4711 (4 May); this customer is now yours."


def test_an_account_is_reassigned_from_the_announced_day_in_the_new_owners_zone() -> None:
    account, people = Account("c-17", "kim", SINCE), {"kim": person("kim", zone="Pacific/Auckland")}
    assert assigned_to(account, people, datetime(2026, 5, 3, 11, 59, tzinfo=UTC)) is None
    assert assigned_to(account, people, datetime(2026, 5, 3, 12, tzinfo=UTC)) == "kim"
    assert assigned_to(Account("c-17"), people, AT) is None


def test_an_unknown_seller_is_waited_for_and_a_missing_one_is_not() -> None:
    assert ladder_steps(order(), {}, desk="desk", moment=MOMENT, mode=TeamMode.ON) is None
    (without,) = ladder(sold=order(sold_by=None))
    assert (without.because, without.step, without.skipped) == ("no_seller", Step.DESK, None)
    assert without.why_you == f"No salesperson is on record for order 4711 (4 May). {TO_THE_DESK}"


def test_the_steps_further_up_are_those_after_one_that_are_not_skipped() -> None:
    found = ladder(*(replace(one, **LEFT) if one.salesperson_id == "ben" else one for one in TEAM))  # type: ignore[arg-type]
    assert [ladder_step.salesperson_id for ladder_step in available_steps(found)] == ["anna", "mia", "uma", "desk"]
    assert [ladder_step.salesperson_id for ladder_step in available_steps(found, after=Step.MANAGER)] == ["uma", "desk"]
    after_a_leaver = available_steps(ladder(SUCCEEDED, person("ben")), after=Step.SELLER)
    assert after_a_leaver[0].salesperson_id == "ben", "the ladder may have changed since the seller was asked"


@pytest.mark.parametrize(
    ("desk", "reason"),
    [
        (None, "the sales desk, desk, is not in the directory"),
        (person("desk", **LEFT), "the sales desk, Desk, is no longer with the company"),
    ],
)
def test_a_missing_desk_is_not_notified(desk: Salesperson | None, reason: str) -> None:
    people = {"anna": person("anna")} | ({"desk": desk} if desk else {})
    found = ladder_steps(order(), people, desk="desk", moment=MOMENT, mode=TeamMode.ON)
    assert found is not None
    assert people_on(found) == [(Step.SELLER, "anna")], "the last real person keeps the episode"
    assert found[-1].skipped == reason
    without_seller = ladder_steps(order(sold_by=None), people, desk="desk", moment=MOMENT, mode=TeamMode.ON)
    assert without_seller is not None
    assert people_on(without_seller) == []
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


@examples(50)
@given(st.lists(PEOPLE, max_size=5), st.sampled_from(TeamMode), st.none() | IDS)
def test_with_any_directory_someone_is_notified_and_no_one_twice(
    known: list[Salesperson], mode: TeamMode, assigned: str | None
) -> None:
    people = {"anna": person("anna"), "desk": person("desk")} | {one.salesperson_id: one for one in known}
    found = ladder(*people.values(), mode=mode, assigned=assigned)
    names = [id for _, id in people_on(found)]
    assert names or not people["desk"].active
    assert len(names) == len(set(names))
    steps = [ladder_step.step for ladder_step in found]
    assert steps == sorted(steps, key=list(Step).index)
    assert found[-1].salesperson_id == "desk"
    assert all(ladder_step.why_you.endswith(".") for ladder_step in found if ladder_step.skipped is None)

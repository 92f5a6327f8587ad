"""The words for why a person is on the ladder, or is skipped."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.escalation.domain.entities import Salesperson
from services.escalation.domain.ladder import desk_instead
from shared.contracts.escalation import Step
from tests.builders import AT, minutes
from tests.unit.ladders import INBOX_ONLY, LEFT, SUCCEEDED, TEAM, TO_THE_DESK, first, ladder, order, person, skips


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ([person("anna")], [(Step.BACKUP, "Anna has no backup"), (Step.MANAGER, "no manager on record")]),
        ([person("anna", backup="ben"), person("ben", **LEFT)], [(Step.BACKUP, "Ben is no longer with the company")]),
        ([person("anna", backup="ben")], [(Step.BACKUP, "ben is not in the directory")]),
        ([person("anna", backup="anna")], [(Step.BACKUP, "Anna is also the seller")]),
        (
            [person("anna", **LEFT)],
            [(Step.SELLER, "Anna is no longer with the company"), (Step.SUCCESSOR, "Anna has no successor")],
        ),
        (
            [person("anna", **LEFT, backup="ben"), person("ben", **LEFT)],
            [(Step.BACKUP, "Ben is no longer with the company")],
        ),
        ([person("anna", **LEFT)], [(Step.BACKUP, "Anna has no backup")]),
        ([SUCCEEDED], [(Step.SUCCESSOR, "ben is not in the directory")]),
        ([SUCCEEDED, person("ben", **LEFT)], [(Step.SUCCESSOR, "Ben is no longer with the company")]),
        (
            [replace(SUCCEEDED, successor_since=date(2026, 5, 5)), person("ben")],
            [(Step.SUCCESSOR, "Ben takes over on 5 May")],
        ),
        ([person("anna", manager="anna")], [(Step.MANAGER, "Anna is also the seller")]),
        ([person("anna", manager="mia")], [(Step.MANAGER, "mia is not in the directory")]),
        ([person("anna", manager="mia"), person("mia")], [(Step.UPPER_MANAGER, "no second-level manager on record")]),
        (
            [person("anna", manager="mia"), person("mia", manager="mia")],
            [(Step.UPPER_MANAGER, "Mia is already on the escalation path")],
        ),
        (
            [person("anna", manager="mia"), person("mia", manager="anna")],
            [(Step.UPPER_MANAGER, "Anna is also the seller")],
        ),
        (
            [person("anna", manager="mia"), person("mia", manager="desk"), person("desk")],
            [(Step.DESK, "Desk is also the manager's manager")],
        ),
        (
            [person("anna", backup="mia", manager="mia"), person("mia")],
            [(Step.MANAGER, "Mia is also the backup")],
        ),
        (
            [person("anna", **INBOX_ONLY, manager="mia"), person("mia")],
            [(Step.SELLER, "Anna can be reached only through the inbox")],
        ),
    ],
)
def test_every_skipped_person_has_a_reason_in_words(known: list[Salesperson], expected: list[tuple[Step, str]]) -> None:
    found = skips(ladder(*known))
    assert [reason for reason in found if reason in expected] == expected, found


def test_the_reason_is_in_words_with_the_day_in_the_readers_zone() -> None:
    late = order(sold_at=datetime(2026, 5, 4, 22, 30, tzinfo=UTC))
    assert first(person("anna", zone="Europe/Berlin"), sold=late).why_you == "You sold order 4711 on 5 May."
    next_year = first(person("anna"), sold=late, now=AT + timedelta(days=300))
    assert next_year.why_you == "You sold order 4711 on 4 May 2026."
    succeeded = first(replace(SUCCEEDED, name="James"), person("ben"), sold=late, now=minutes(900))
    assert succeeded.why_you == "James sold order 4711 on 4 May and left on 4 May; you have taken over James' accounts."
    managed = first(person("anna", **LEFT, manager="mia"), person("mia"))
    assert managed.why_you == (
        "Anna sold order 4711 on 4 May and has left without a successor; this sale belongs to your team."
    )
    stays = first(person("anna", **LEFT, backup="kim"), person("kim"))
    assert stays.why_you == "Anna sold order 4711 on 4 May and has left without a successor; you are Anna's backup."
    unknown = desk_instead(late, {}, desk="desk", now=AT)
    assert (unknown.because, unknown.step) == ("seller_unknown", Step.DESK)
    assert "is not in the directory" in unknown.why_you
    assert ladder(*TEAM)[2].why_you == "Anna sold order 4711 on 4 May; this sale belongs to your team."
    assert ladder(*TEAM)[-1].why_you == f"Order 4711 was sold by Anna on 4 May. {TO_THE_DESK}"

"""The limits of `handoff backtest`: what the journal allows, and from when on the result is comparable."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.cli.journal import NotPossible, checked
from services.escalation.domain.policy.versions import BEGINNING, Policies, PolicyVersion
from services.escalation.replaying.candidates import candidate_from
from services.escalation.store.journal import JournalSpan

DAY = timedelta(days=1)
FIRST = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
SPAN = JournalSpan({"record": 9}, FIRST, FIRST + 30 * DAY, None, FIRST, 0)
TRIMMED = replace(SPAN, known_since=FIRST - DAY)
OLD_RULES = replace(SPAN, older_rules_until=SPAN.last)


@pytest.mark.parametrize(
    ("span", "since", "says"),
    [
        (None, None, "journal is empty"),
        (TRIMMED, None, "begins on 2026-05-04 09:30 UTC; earlier inputs were deleted"),
        (TRIMMED, FIRST - DAY, "earlier inputs were deleted"),
        (SPAN, SPAN.last + DAY, "after the last input"),
        (OLD_RULES, None, "No input was decided by the rules of this release"),
    ],
)
def test_a_journal_that_does_not_allow_a_back_test_is_refused(
    span: JournalSpan | None, since: datetime | None, says: str
) -> None:
    with pytest.raises(NotPossible, match=says):
        checked(span, since)


@pytest.mark.parametrize(("span", "since"), [(SPAN, None), (TRIMMED, FIRST + DAY), (OLD_RULES, FIRST + DAY)])
def test_a_later_start_allows_it(span: JournalSpan, since: datetime | None) -> None:
    assert checked(span, since) is span


def test_the_policy_that_is_tried_replaces_the_versions_published_since_the_start() -> None:
    shipped = Policies.shipped()
    second, third = (_version(shipped, number, FIRST + number * DAY) for number in (2, 3))
    current, tried = shipped.followed_by([second, third]), _version(shipped, 1, BEGINNING)
    assert [one.since for one in candidate_from(current, tried, BEGINNING).versions] == [BEGINNING]
    later = candidate_from(current, tried, third.since).versions
    assert [(one.version, one.since) for one in later] == [(1, BEGINNING), (2, second.since), (3, third.since)]
    assert later[-1].summary == tried.summary


def _version(shipped: Policies, version: int, since: datetime) -> PolicyVersion:
    return replace(shipped.latest, version=version, since=since, summary=f"version {version}")

"""A close that is undone, and notes: who may undo it, for how long, and what is restored."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.escalation.domain.entities import DeadlineFor, Episode
from services.escalation.domain.policy.document import shipped
from services.escalation.domain.reopening import check_may_reopen, reopened
from services.escalation.domain.rescues import NotNow, closed
from services.escalation.domain.written import as_written
from shared.contracts.escalation import EpisodeResult, Severity
from tests.builders import AT, minutes

POLICY = shipped()
TEN_MINUTES = POLICY.acknowledgement.reopen_within
OPEN = Episode(UUID(int=1), "c-17", "4711", "anna", AT, AT, severity=Severity.HIGH, rang=True, rings=1)


def _closed(episode: Episode = OPEN, *, by: str | None = "anna") -> Episode:
    return closed(episode, EpisodeResult.SAVED, "problem_solved", POLICY, by=by, now=AT)


@pytest.mark.parametrize(
    ("episode", "by", "at", "code"),
    [
        pytest.param(_closed(), "anna", AT, None, id="at once"),
        pytest.param(_closed(), "anna", AT + TEN_MINUTES, None, id="at the last moment"),
        pytest.param(_closed(), "anna", AT + TEN_MINUTES + timedelta(microseconds=1), "closed_too_long_ago", id="late"),
        pytest.param(_closed(), "ben", AT, "closed_by_another", id="somebody else"),
        pytest.param(_closed(by=None), "anna", AT, "closed_by_itself", id="closed by itself"),
        pytest.param(OPEN, "anna", AT, "episode_open", id="open"),
    ],
)
def test_the_closer_may_undo_a_close_for_a_while(episode: Episode, by: str, at: datetime, code: str | None) -> None:
    if code is None:
        check_may_reopen(episode, by, TEN_MINUTES, at)
        return
    with pytest.raises(NotNow) as refused:
        check_may_reopen(episode, by, TEN_MINUTES, at)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("clock", "deadline"),
    [
        (DeadlineFor.ANSWER, minutes(24)),
        (DeadlineFor.REDEEM, minutes(24)),
        (DeadlineFor.APPOINTMENT, minutes(20)),
        (DeadlineFor.SNOOZE, minutes(20)),
    ],
)
def test_deadlines_pause_during_a_close_and_agreed_times_do_not_move(clock: DeadlineFor, deadline: datetime) -> None:
    running = replace(OPEN, deadline_at=minutes(20), deadline_for=clock, appointment_at=minutes(90))
    again = reopened(_closed(running), minutes(4))
    assert again == replace(running, deadline_at=deadline, changed_at=minutes(4))


def test_nothing_is_kept_to_undo_an_automatic_close() -> None:
    running = replace(OPEN, deadline_at=minutes(20), deadline_for=DeadlineFor.REDEEM, appointment_at=minutes(90))
    over = _closed(running, by=None)
    assert (over.stopped_deadline_at, over.stopped_deadline_for, over.stopped_appointment_at) == (None, None, None)


def test_an_offered_hand_over_stays_ended() -> None:
    offered = replace(OPEN, offered_to="ben", offered_until=minutes(30))
    assert reopened(_closed(offered), minutes(1)) == replace(OPEN, changed_at=minutes(1))


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  Call her.  ", "Call her."),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("one\n\n\n\n\ntwo", "one\n\ntwo"),
        ("a\x00\x07b\x1b[2Jc\x85d\u2028e", "a b [2Jc d e"),
        ("\u202eevil\u2066!", "evil!"),
        ("👩\u200d🔧 ok", "👩\u200d🔧 ok"),
        ("\x00 \u202e\r\n\t", ""),
        ("\u200b", ""),
        ("\u200b \n\ufeff\u2800\u3164 \U000e0041", ""),
        ("\ufe0f\u0301", ""),
        ("نعم", "نعم"),
    ],
)
def test_a_note_is_kept_without_control_characters(written: str, kept: str) -> None:
    assert as_written(written) == kept
    assert as_written(kept) == kept

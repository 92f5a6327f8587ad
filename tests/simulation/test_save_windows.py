"""The save window as stories: what opens it, who is to call the customer, and each of its nine ends."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from services.escalation.domain.own_facts import AppointmentLogged, CustomerReachedLogged, NotMinePressed
from services.escalation.domain.policy.model import TeamMode
from shared.contracts import support
from shared.contracts.envelope import Fact
from shared.contracts.escalation import EpisodeResult
from shared.contracts.support_inbound import ContactPreference, NoAnswerReason, RefundKind
from tests.simulation.database import Database
from tests.simulation.happenings import START, policy
from tests.simulation.results import ACCOUNT, DAY, DEAD_END, HOUR, MINUTE, ORDER, REFUND, Story, paid
from tests.simulation.save_windows import faults_of_windows
from tests.simulation.tables import EPISODES, POLICIES, WINDOWS, Row

CANCELLATION = support.CancellationRequested(order=ORDER, case="case-2")
INSISTS = support.CustomerInsists(order=ORDER)
MORNING = START - timedelta(minutes=30)
"""When each story begins, and the company opens."""


class Windows(Story):
    """The order, with what is known of its save window. `reported_at` is the time of the last fact."""

    reported_at: datetime

    def report(self, fact: Fact, ago: timedelta = timedelta(0), id: str | None = None) -> None:
        self.reported_at = self.now - ago
        super().report(fact, ago, id)

    @property
    def rows(self) -> list[Row]:
        assert list(faults_of_windows(self.database)) == []
        return list(self.database.tables[WINDOWS].values())

    @property
    def end(self) -> tuple[str | None, Any]:
        (row,) = self.rows
        return row["ended"], row["ended_at"]

    def windows_published(self) -> list[dict[str, Any]]:
        """The events about windows: their bodies, without ids."""
        rows = self.published("save_window")
        return [
            {name: value for name, value in orjson.loads(row["payload"]).items() if name not in ("episode", "order")}
            for row in rows
        ]


@pytest.fixture
def story() -> Windows:
    story = Windows(Database(MORNING))
    story.begin()
    return story


@pytest.mark.parametrize("fact", [REFUND, CANCELLATION], ids=["refund", "cancellation"])
def test_the_first_request_opens_a_window_for_the_person_notified(story: Windows, fact: Fact) -> None:
    story.report(fact)
    (row,) = story.rows
    assert (row["who"], row["acknowledged"], row["until"]) == ("anna", False, story.reported_at + 8 * HOUR)
    (opened,) = story.windows_published()
    assert (opened["who"], opened["name"], opened["acknowledged"]) == ("anna", "Anna", False)


def test_a_dead_end_opens_none_and_a_request_in_its_episode_does(story: Windows) -> None:
    story.report(DEAD_END)
    assert story.rows == []
    story.wait(MINUTE)
    story.report(REFUND)
    assert story.rows[0]["requested_at"] == story.reported_at


def test_a_second_request_moves_nothing(story: Windows) -> None:
    story.report(REFUND)
    (before,) = story.rows
    story.wait(MINUTE)
    story.report(CANCELLATION)
    assert story.rows[0]["until"] == before["until"]
    assert len(story.windows_published()) == 1


def test_an_earlier_request_that_is_reported_later_ends_the_window_sooner(story: Windows) -> None:
    story.wait(2 * HOUR)
    story.report(REFUND)
    story.report(CANCELLATION, HOUR)
    assert story.rows[0]["requested_at"] == story.reported_at
    first, second = story.windows_published()
    assert (first["until"] > second["until"], second["case"]) == (True, "case-2")


def test_a_request_that_is_reported_after_its_time_opens_none_and_a_later_one_does_not_either(story: Windows) -> None:
    story.wait(DAY)
    story.report(REFUND, DAY)
    story.report(CANCELLATION)
    assert story.rows == []


def test_a_request_that_is_too_old_to_notify_opens_none(story: Windows) -> None:
    story.report(DEAD_END)
    story.report(REFUND, 4 * DAY)
    assert story.rows == []


def test_a_request_without_a_play_opens_none(story: Windows) -> None:
    story.report(support.RefundRequested(order=ORDER, kind=RefundKind.CHARGEBACK))
    assert story.rows == []


def test_a_team_that_only_observes_has_no_windows() -> None:
    story = Windows(Database(MORNING))
    story.database.tables[POLICIES][(2,)] = policy(TeamMode.OBSERVE)
    story.begin().report(REFUND)
    assert story.rows == []


def test_a_customer_who_must_not_be_called_has_no_window(story: Windows) -> None:
    story.report(support.ContactPreferenceChanged(preference=ContactPreference.DO_NOT_CALL), HOUR)
    story.report(REFUND)
    assert story.rows == []


def test_nobody_is_named_to_the_customer_before_they_acknowledge(story: Windows) -> None:
    story.report(REFUND)
    story.wait(MINUTE)
    story.take()
    assert [(one["who"], one["acknowledged"]) for one in story.windows_published()] == [("anna", False), ("anna", True)]


def test_a_window_follows_its_episode_to_another_person(story: Windows) -> None:
    story.report(REFUND)
    story.wait(MINUTE)
    story.try_to_press(NotMinePressed(episode=story.open()["episode_id"], by="anna"), ACCOUNT)
    assert [one["who"] for one in story.windows_published()] == ["anna", "mona"]
    assert story.rows[0]["ended"] is None


def test_an_agent_learns_of_a_promised_call_and_of_the_talk(story: Windows) -> None:
    story.report(REFUND)
    story.wait(MINUTE)
    id, promised_at = story.take(), story.now + HOUR
    story.try_to_press(AppointmentLogged(episode=id, by="anna", at=promised_at), ACCOUNT)
    assert story.rows[0]["call_at"] == promised_at
    story.wait(HOUR)
    story.try_to_press(CustomerReachedLogged(episode=id, by="anna"), ACCOUNT)
    (row,) = story.rows
    (episode,) = story.database.tables[EPISODES].values()
    assert (row["call_at"], row["reached_at"], row["ended"]) == (None, episode["reached_at"], None)
    known = [("call_at" in one, "reached_at" in one) for one in story.windows_published()]
    assert known == [(False, False), (False, False), (True, False), (False, True)]


def test_a_talk_before_the_last_request_was_about_another_one(story: Windows) -> None:
    story.report(REFUND)
    story.wait(MINUTE)
    story.try_to_press(CustomerReachedLogged(episode=story.take(), by="anna"), ACCOUNT)
    assert story.rows[0]["reached_at"] is not None
    story.wait(MINUTE)
    story.report(CANCELLATION)
    assert story.rows[0]["reached_at"] is None


def test_a_person_who_takes_over_has_promised_nothing(story: Windows) -> None:
    story.report(REFUND)
    story.wait(MINUTE)
    id = story.take()
    story.try_to_press(AppointmentLogged(episode=id, by="anna", at=story.now + HOUR), ACCOUNT)
    story.try_to_press(NotMinePressed(episode=id, by="anna"), ACCOUNT)
    assert [(row["who"], row["acknowledged"], row["call_at"]) for row in story.rows] == [("mona", False, None)]


def _closed(result: EpisodeResult) -> Callable[[Windows], Any]:
    return lambda story: story.close(result)


def _prefers(preference: ContactPreference) -> Callable[[Windows], Any]:
    return lambda story: story.report(support.ContactPreferenceChanged(preference=preference))


ENDS: dict[str, tuple[str, Callable[[Windows], Any]]] = {
    "saved": ("saved", _closed(EpisodeResult.SAVED)),
    "lost": ("lost", _closed(EpisodeResult.LOST)),
    "a false alarm": ("not_ours", _closed(EpisodeResult.FALSE_ALARM)),
    "insists": ("customer_insists", lambda story: story.report(INSISTS)),
    "time": ("time_up", lambda story: story.wait(8 * HOUR)),
    "withdrawn": ("withdrawn", lambda story: story.report(support.RefundWithdrawn(order=ORDER))),
    "paid": ("executed", lambda story: story.report(paid())),
    "do not call": ("must_not_be_called", _prefers(ContactPreference.DO_NOT_CALL)),
    "a dispute": ("must_not_be_called", _prefers(ContactPreference.DISPUTE)),
    "died": ("must_not_be_called", _prefers(ContactPreference.DECEASED)),
    "a test": (
        "cause_gone",
        lambda story: story.report(
            support.AnswerNotNeeded(case="case-1", reason=NoAnswerReason.TEST, by="ben"),
        ),
    ),
}


@pytest.mark.parametrize(("end", "happens"), ENDS.values(), ids=list(ENDS))
def test_what_ends_a_window(story: Windows, end: str, happens: Callable[[Windows], Any]) -> None:
    story.report(REFUND.model_copy(update={"case": "case-1"}))
    story.wait(HOUR)
    before = story.now
    happens(story)
    assert story.end[0] == end
    assert before <= story.end[1] <= story.now
    assert story.windows_published()[-1]["because"] == end
    assert len(story.published("save_window_closed")) == 1


@pytest.mark.parametrize(
    ("names", "ends"),
    [
        ({"case": "case-1"}, True),
        ({"order": ORDER}, True),
        ({}, True),
        ({"case": "case-9"}, False),
        ({"case": "case-9", "order": ORDER}, True),
        ({"order": "n-2"}, False),
    ],
)
def test_a_customer_insists_on_what_they_name(story: Windows, names: dict[str, str], ends: bool) -> None:
    story.report(REFUND.model_copy(update={"case": "case-1"}))
    story.wait(HOUR)
    story.report(support.CustomerInsists(**names))
    assert story.end[0] == ("customer_insists" if ends else None)


def test_a_part_of_the_money_and_one_of_two_requests_end_nothing(story: Windows) -> None:
    story.report(REFUND)
    story.report(CANCELLATION)
    story.wait(HOUR)
    story.report(paid(1_000))
    story.report(support.CancellationWithdrawn(case="case-2"))
    assert story.end[0] is None
    story.report(paid(1_000))
    assert story.end == ("executed", story.reported_at)


def test_an_end_that_is_reported_late_corrects_what_was_published(story: Windows) -> None:
    story.report(REFUND)
    story.wait(DAY)
    assert story.end[0] == "time_up"
    story.report(INSISTS, DAY - HOUR)
    assert story.end == ("customer_insists", story.reported_at)
    assert [one["because"] for one in story.windows_published()[1:]] == ["time_up", "customer_insists"]


def test_an_undone_close_opens_the_window_again(story: Windows) -> None:
    story.report(REFUND)
    story.wait(HOUR)
    id = story.close()
    story.wait(MINUTE)
    story.undo(id)
    assert story.end == (None, None)
    story.wait(8 * HOUR)
    assert story.end[0] == "time_up"


def test_a_customer_who_may_be_called_again_has_the_rest_of_the_window(story: Windows) -> None:
    story.report(REFUND)
    story.wait(HOUR)
    _prefers(ContactPreference.DO_NOT_CALL)(story)
    story.wait(HOUR)
    _prefers(ContactPreference.NONE)(story)
    assert story.end == (None, None)


def test_a_new_episode_has_a_window_of_its_own(story: Windows) -> None:
    story.report(REFUND)
    story.wait(HOUR)
    story.close(EpisodeResult.LOST)
    story.wait(HOUR)
    story.report(CANCELLATION)
    assert [row["ended"] for row in story.rows] == ["lost", None]

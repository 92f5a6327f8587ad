"""A manager reassigns an episode of the team or takes it over: the decisions, the events, and who may."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.escalation.domain.own_facts import (
    AcknowledgePressed,
    AppointmentLogged,
    EpisodeButton,
    ReassignPressed,
    TakeOverPressed,
)
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.inputs import Batch, Input, InputKind
from shared.transaction import Refused
from tests.simulation.replaying import run
from tests.simulation.tables import ALERTS, DELIVERIES, EPISODES, NOTES, Row
from tests.simulation.troubled import ACCOUNT, Troubled

_MINUTE = timedelta(minutes=1)
_WITHIN = "acknowledgement.redeem_within.high"
_REASON = "You know this customer."


@pytest.fixture
def team() -> Troubled:
    """Anna has been notified. Ben is her colleague, Cleo works for another manager."""
    troubled = Troubled()
    for id, manager in (("ben", "mona"), ("otto", None), ("cleo", "otto")):
        troubled.report_person(id, manager=manager)
    return troubled


def press(team: Troubled, button: EpisodeButton) -> list[str]:
    """Press a button; returns the codes of refusals."""
    event: Envelope[Fact] = envelope(button, id=str(uuid4()), source="handoff/tests", subject=ACCOUNT, time=team.now)
    pressed = Input(event, button.model_dump_json().encode(), b"", InputKind.BUTTON)
    try:
        run(team.processor.apply(Batch([pressed]), whole=True))
    except Refused as refused:
        return [one.code for one in refused.rejected]
    return []


def reassigned(team: Troubled, by: str = "mona", to: str = "ben", note: str | None = _REASON) -> list[str]:
    return press(team, ReassignPressed(episode=team.episode, by=by, to=to, note=note))


def taken_over(team: Troubled, by: str = "mona") -> list[str]:
    return press(team, TakeOverPressed(episode=team.episode, by=by))


def the_episode(team: Troubled) -> Row:
    (row,) = team.database.tables[EPISODES].values()
    return row


def to_whom(team: Troubled) -> list[tuple[str, str, str]]:
    rows = sorted(team.database.tables[ALERTS].values(), key=lambda row: int(row["ring"]))
    return [(row["recipient"], row["cause"], row["why_you"]) for row in rows]


def unsent(team: Troubled, person: str) -> set[str]:
    rows = team.database.tables[DELIVERIES].values()
    return {row["state"] for row in rows if row["recipient"] == person and row["channel"] == "email"}


def test_a_reassigned_episode_notifies_the_colleague_in_place_of_the_person_who_has_it(team: Troubled) -> None:
    assert reassigned(team) == []
    decided = team.decided()
    assert decided[0] == ("reassigned", "mona assigned it to ben in place of anna.", None, "mona")
    rule, words, line, who = decided[1]
    assert (rule, line, who) == ("rang", "ladder.high.seller", "ben")
    assert words.startswith("Notified ben (colleague) because a manager assigned it to them; acknowledgement due by")
    assert ("escalation.episode_reassigned", {"order": "n-1", "by": "mona", "to": "ben", "giver": "anna"}) in (
        team.published()
    )
    assert to_whom(team)[-1] == ("ben", "reassigned", "Mona assigned order n-1 to you, not Anna.")
    assert unsent(team, "anna") == {"cancelled"}


def test_the_reason_stays_with_the_episode(team: Troubled) -> None:
    assert reassigned(team) == []
    (note,) = team.database.tables[NOTES].values()
    assert (note["by"], note["about"], note["words"]) == ("mona", "hand_over", _REASON)
    assert _REASON not in str(team.published())


def test_a_reassigned_episode_is_no_longer_acknowledged(team: Troubled) -> None:
    team.do(AcknowledgePressed(episode=team.episode, by="anna"))
    assert reassigned(team) == []
    row = the_episode(team)
    assert (row["responsible"], row["acknowledged_by"], row["deadline_for"]) == ("ben", None, "answer")


def test_a_colleague_who_does_not_respond_is_followed_by_the_next_person_on_the_path(team: Troubled) -> None:
    assert reassigned(team) == []
    team.wait(timedelta(days=1))
    assert [who for who, *_ in to_whom(team)][:3] == ["anna", "ben", "mona"]


def test_a_manager_who_takes_over_has_the_acknowledgement(team: Troubled) -> None:
    team.do(AcknowledgePressed(episode=team.episode, by="anna"))
    assert taken_over(team) == []
    words = "Taken over from anna. mona acknowledged it and has until 4 May 2026, 13:30 UTC to reach the customer."
    assert ("taken_over", words, _WITHIN, "mona") in team.decided()
    (published,) = [body for kind, body in team.published() if kind == "escalation.episode_taken_over"]
    assert (published["by"], published["giver"]) == ("mona", "anna")
    row = the_episode(team)
    assert (row["responsible"], row["acknowledged_by"], row["deadline_for"]) == ("mona", "mona", "redeem")
    assert row["why_you"] == "You took order n-1 over from Anna."


def test_the_person_who_had_it_is_informed_of_who_took_it_over(team: Troubled) -> None:
    assert taken_over(team) == []
    assert to_whom(team)[-1] == ("anna", "taken_over", "Mona has taken over order n-1.")
    assert unsent(team, "anna") == {"cancelled", "pending"}


def test_a_manager_at_any_distance_may(team: Troubled) -> None:
    assert taken_over(team, by="vera") == []


@pytest.mark.parametrize(
    ("by", "code"),
    [
        pytest.param("anna", "with_yourself", id="the person who has it"),
        pytest.param("ben", "not_their_manager", id="a colleague"),
        pytest.param("otto", "not_their_manager", id="a manager of another team"),
        pytest.param("desk", "not_their_manager", id="the desk"),
        pytest.param("nobody-known", "not_their_manager", id="someone who is not in the directory"),
    ],
)
def test_no_one_else_may(team: Troubled, by: str, code: str) -> None:
    assert taken_over(team, by=by) == [code]
    assert reassigned(team, by=by, to="cleo") == [code]


def test_the_directory_counts_as_it_is_at_the_press(team: Troubled) -> None:
    team.report_person("anna", manager="otto")
    assert taken_over(team, by="mona") == ["not_their_manager"]
    assert taken_over(team, by="otto") == []


def test_managers_in_a_circle_may_manage_each_others_episodes_but_not_their_own(team: Troubled) -> None:
    team.report_person("mona", manager="anna")
    assert taken_over(team, by="anna") == ["with_yourself"]
    assert taken_over(team, by="mona") == []


@pytest.mark.parametrize(
    ("to", "note", "code"),
    [
        ("nobody-known", _REASON, "nobody_of_this_name"),
        ("mona", _REASON, "reassigned_to_oneself"),
        ("anna", _REASON, "has_it_already"),
        ("ben", None, "reason_missing"),
    ],
)
def test_a_reassignment_needs_an_available_colleague_and_a_reason(
    team: Troubled, to: str, note: str | None, code: str
) -> None:
    assert reassigned(team, to=to, note=note) == [code]


def test_a_colleague_who_is_away_is_not_available(team: Troubled) -> None:
    today = team.now.date().isoformat()
    team.report_person("ben", manager="mona", away=[{"since": today, "until": today}])
    assert reassigned(team) == ["colleague_away"]


def test_an_acknowledged_episode_that_is_taken_over_keeps_the_promised_call(team: Troubled) -> None:
    team.do(AcknowledgePressed(episode=team.episode, by="anna"))
    team.do(AppointmentLogged(episode=team.episode, by="anna", at=team.now + 60 * _MINUTE))
    promised = the_episode(team)["deadline_at"]
    assert taken_over(team) == []
    assert (the_episode(team)["deadline_for"], the_episode(team)["deadline_at"]) == ("appointment", promised)

"""How the pages read a form: times entered in the reader's zone, and buttons."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from starlette.datastructures import FormData

from services.escalation.domain.own_facts import ClosePressed, HandOverPressed, SnoozePressed
from services.escalation.inbox.forms import ACTIONS, NotUnderstood, Pressed, button_of
from services.escalation.inbox.moments import NotAMoment, entered, field_value, in_an_hour, tomorrow_morning
from shared.contracts.escalation import EpisodeResult, SaleContribution
from shared.ids import SalespersonId

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        pytest.param("2026-05-04T14:30", datetime(2026, 5, 4, 12, 30, tzinfo=UTC), id="summer"),
        pytest.param("2026-12-04T14:30:00", datetime(2026, 12, 4, 13, 30, tzinfo=UTC), id="winter, with seconds"),
        pytest.param("2026-03-29T02:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC), id="skipped: it is 03:30"),
        pytest.param("2026-10-25T02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), id="twice: the first"),
        pytest.param("9999-12-31T23:59", datetime(2099, 12, 31, tzinfo=UTC), id="far ahead"),
        pytest.param("202026-05-04T10:00", datetime(2099, 12, 31, tzinfo=UTC), id="a year too long"),
        pytest.param("0001-01-01T00:00", datetime(2000, 1, 1, tzinfo=UTC), id="long ago"),
    ],
)
def test_an_entered_time_is_in_the_readers_zone(text: str, instant: datetime) -> None:
    assert entered(text, BERLIN) == instant


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "2026-02-30T10:00", "2026-05-04", "0000-01-01T00:00", "9999-02-30T10:00", "２026-05-04T10:00"],
)
def test_an_invalid_time_is_refused(text: str) -> None:
    with pytest.raises(NotAMoment):
        entered(text, BERLIN)


def test_quick_choices_are_full_minutes_and_the_readers_morning() -> None:
    assert in_an_hour(NOW + timedelta(seconds=20)) == datetime(2026, 5, 4, 10, 31, tzinfo=UTC)
    assert tomorrow_morning(NOW, BERLIN) == datetime(2026, 5, 5, 7, tzinfo=UTC)
    late = datetime(2026, 5, 4, 23, tzinfo=UTC)
    assert tomorrow_morning(late, BERLIN) == datetime(2026, 5, 6, 7, tzinfo=UTC), "it is the fifth there"
    assert field_value(NOW, BERLIN) == "2026-05-04T11:30"


def pressed(action: str) -> Pressed:
    return Pressed(action, UUID(int=1), SalespersonId("anna"), BERLIN, NOW)


def test_forms_become_buttons() -> None:
    snooze = button_of(pressed("snooze"), FormData(at="2026-05-04T14:30"))
    assert snooze == SnoozePressed(episode=UUID(int=1), by="anna", until=datetime(2026, 5, 4, 12, 30, tzinfo=UTC))
    close = button_of(pressed("close"), FormData(ending="lost:price"))
    assert isinstance(close, ClosePressed)
    assert (close.result.value, close.reason) == ("lost", "price")
    offer = button_of(pressed("hand-over"), FormData(to="ben", until="tomorrow"))
    assert isinstance(offer, HandOverPressed)
    assert offer.until == datetime(2026, 5, 5, 7, tzinfo=UTC)


_LOST = {"ending": "lost:price", "could_have": "Called sooner.", "contributed": "unknown_duty", "may_call_again": "no"}


@pytest.mark.parametrize(
    ("changes", "answers"),
    [
        pytest.param({}, ("Called sooner.", SaleContribution.UNKNOWN_DUTY, False), id="all answered"),
        pytest.param(
            {"could_have": " ", "contributed": "", "may_call_again": ""}, (None, None, None), id="none answered"
        ),
        pytest.param({"may_call_again": "yes", "could_have": "a\x00b"}, ("a b", "unknown_duty", True), id="NUL"),
        pytest.param({"ending": "saved:concession"}, (None, None, None), id="not lost, so not asked"),
    ],
)
def test_the_answers_about_a_loss_are_optional(changes: dict[str, str], answers: tuple[object, ...]) -> None:
    close = button_of(pressed("close"), FormData(_LOST | changes))
    assert isinstance(close, ClosePressed)
    assert (close.could_have, close.contributed, close.may_call_again) == answers


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("could_have", "ä" * 100_000, "This answer has 100000 characters; at most 1000 are allowed."),
        ("contributed", "weather", "“weather” is not one of the options. Choose one from the list."),
        ("may_call_again", "perhaps", "“perhaps” is not one of the options. Choose one from the list."),
    ],
)
def test_an_impossible_answer_about_a_loss_is_refused_in_words(name: str, value: str, sentence: str) -> None:
    with pytest.raises(NotUnderstood, match=sentence):
        button_of(pressed("close"), FormData(_LOST | {name: value}))


def test_a_press_without_answers_is_written_as_before_they_were_asked() -> None:
    press = ClosePressed(episode=UUID(int=1), by="anna", result=EpisodeResult.LOST, reason="price")
    assert list(press.model_dump(mode="json")) == ["episode", "by", "note", "result", "reason"]


@pytest.mark.parametrize("action", ["appointment", "snooze", "hand-over", "close"])
def test_an_empty_form_with_required_fields_is_refused(action: str) -> None:
    assert action in ACTIONS
    with pytest.raises(NotUnderstood):
        button_of(pressed(action), FormData())

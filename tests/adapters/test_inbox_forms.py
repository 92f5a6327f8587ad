"""How the pages read a form: times entered in the reader's zone, and buttons."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from starlette.datastructures import FormData

from services.escalation.domain.own_facts import ClosePressed, HandOverPressed, SnoozePressed
from services.escalation.inbox.forms import ACTIONS, NotUnderstood, Pressed, button_of
from services.escalation.inbox.moments import NotAMoment, entered, field_value, in_an_hour, tomorrow_morning
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


@pytest.mark.parametrize("action", ["appointment", "snooze", "hand-over", "close"])
def test_an_empty_form_with_required_fields_is_refused(action: str) -> None:
    assert action in ACTIONS
    with pytest.raises(NotUnderstood):
        button_of(pressed(action), FormData())

"""Whether a person was notified, in words that are true while messages are held and while a team only observes."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.escalation.domain.reader import Reader
from services.escalation.inbox.notified import notified_words
from shared.ids import SalespersonId

_NOW = datetime(2026, 5, 4, 20, 0, tzinfo=UTC)


@dataclass(frozen=True)
class _Row:
    cause: str | None
    held_until: datetime | None = None


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (_Row("signal"), "Ben has been notified"),
        (_Row("signal", datetime(2026, 5, 5, 6, 0, tzinfo=UTC)), "Ben will be notified on 5 May at 08:00"),
        (_Row(None), "Shown to Ben"),
    ],
    ids=["notified", "held until the morning", "a team that observes"],
)
def test_who_was_notified(row: _Row, words: str) -> None:
    reader = Reader(SalespersonId("anna"), ZoneInfo("Europe/Berlin"), _NOW, "Anna")
    assert notified_words("Ben", row, reader) == words

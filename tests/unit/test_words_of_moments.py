"""Moments within sentences: "at 09:30" today, "on 5 May at 09:30" otherwise, and never "at 5 May"."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.escalation.domain.decisions.decision import at_clock as at_clock_of_all
from services.escalation.domain.reader import Reader
from services.escalation.domain.words import Risk, promised_words, said_so, why_now
from services.escalation.domain.words.lists import call_words
from shared.contracts.escalation import SignalKind
from shared.formatting import ago, at_clock, when
from shared.ids import SalespersonId

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
READER = Reader(SalespersonId("anna"), ZoneInfo("Europe/Berlin"), NOW)
TOMORROW = NOW + timedelta(days=1)
_SERVICE = Path(__file__).parents[2] / "services" / "escalation"
_AT_A_DATE = re.compile(r"\bat (?:<\w+>)?\{+ ?[^}]*(?:clock|absolute)\b", re.IGNORECASE)


def _lines() -> Iterator[tuple[str, str]]:
    for file in sorted(_SERVICE.rglob("*")):
        if file.suffix in (".py", ".html", ".txt", ".js"):
            for line in file.read_text("utf-8").splitlines():
                yield file.name, line


def test_no_sentence_says_at_before_what_may_be_a_date() -> None:
    assert [(name, line) for name, line in _lines() if _AT_A_DATE.search(line)] == []


def test_the_day_goes_before_the_time_unless_it_is_today() -> None:
    assert at_clock(NOW, NOW) == "at 09:30"
    assert at_clock(TOMORROW, NOW) == "on 5 May at 09:30"
    assert READER.moment(TOMORROW).at == "on 5 May at 11:30"
    assert at_clock_of_all(TOMORROW) == "on 5 May 2026 at 09:30 UTC"


@pytest.mark.parametrize(
    ("words", "reported"),
    [
        (promised_words(READER.moment(TOMORROW).at), "The customer was promised a call on 5 May at 11:30."),
        (call_words(TOMORROW, "UTC", NOW), "call on 5 May at 09:30"),
        (call_words(NOW - timedelta(days=1), "UTC", NOW), "call was due on 3 May at 09:30"),
        (said_so("Anna", NOW - timedelta(days=1), NOW), "Anna reported this on 3 May at 09:30, not yet confirmed"),
    ],
    ids=["a promised call", "in a list", "in a list, late", "a report"],
)
def test_a_sentence_about_another_day_says_on_and_at(words: str, reported: str) -> None:
    assert words == reported


def test_an_answer_that_is_due_soon_says_when() -> None:
    soon = Risk(SignalKind.RESPONSE_DUE, NOW, due_at=NOW + timedelta(hours=2))
    assert why_now([soon], soon, due=READER.due).sentence(NOW) == (
        "A promised answer was flagged as due soon just now. It is due at 13:30."
    )
    assert READER.due(NOW - timedelta(days=1)) == "was due on 3 May at 11:30"


def test_long_ago_is_a_date_with_its_preposition_in_a_sentence() -> None:
    long_ago = NOW - timedelta(days=20)
    asked = Risk(SignalKind.REFUND_REQUESTED, long_ago)
    assert why_now([asked], asked).sentence(NOW) == "Refund requested on 14 April 2026."
    moment = READER.moment(long_ago)
    assert (moment.ago, moment.when) == ("14 April 2026", "on 14 April 2026")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (44, "just now"),
        (45, "1 min ago"),
        (59 * 60 + 50, "1 h ago"),
        (23 * 3600 + 50 * 60, "1 day ago"),
        (13 * 86400 + 23 * 3600, "20 April 2026"),
    ],
)
def test_time_is_rounded_before_its_unit_is_chosen(seconds: int, words: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words
    assert when(NOW - timedelta(seconds=seconds), NOW).removeprefix("on ") == words

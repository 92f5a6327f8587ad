"""What the answer of a push service means, and which pause it asks for."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from services.escalation.channels.channel import Ended, Trouble
from services.escalation.channels.sender import Sender
from services.escalation.channels.web_push.answers import ended_by, retry_after
from services.escalation.domain.channels import EMAIL
from services.escalation.domain.delivery_facts import Attempt
from services.escalation.domain.push_reasons import STANDING

DATE = (b"Date", b"Mon, 04 May 2026 09:00:00 GMT")


@pytest.mark.parametrize(
    ("status", "result", "trouble"),
    [
        (200, Attempt.ACCEPTED, None),
        (201, Attempt.ACCEPTED, None),
        (202, Attempt.ACCEPTED, None),
        (404, Attempt.REFUSED, Trouble.RECIPIENT),
        (410, Attempt.REFUSED, Trouble.RECIPIENT),
        (413, Attempt.REFUSED, Trouble.MESSAGE),
        (401, Attempt.PUT_OFF, Trouble.LOGIN),
        (403, Attempt.PUT_OFF, Trouble.LOGIN),
        (400, Attempt.PUT_OFF, Trouble.SERVER),
        (301, Attempt.PUT_OFF, Trouble.SERVER),
        (307, Attempt.PUT_OFF, Trouble.SERVER),
        (405, Attempt.PUT_OFF, Trouble.SERVER),
        (407, Attempt.PUT_OFF, Trouble.SERVER),
        (406, Attempt.PUT_OFF, Trouble.PUT_OFF),
        (408, Attempt.PUT_OFF, Trouble.PUT_OFF),
        (429, Attempt.PUT_OFF, Trouble.PUT_OFF),
        (500, Attempt.PUT_OFF, Trouble.PUT_OFF),
        (503, Attempt.PUT_OFF, Trouble.PUT_OFF),
        (599, Attempt.PUT_OFF, Trouble.PUT_OFF),
    ],
)
def test_an_answer_accepts_refuses_or_defers(status: int, result: Attempt, trouble: Trouble | None) -> None:
    ended = ended_by(status, [])
    assert (ended.result, ended.trouble, ended.retry_after) == (result, trouble, None)
    assert ended.is_of_the_address is (status in (404, 410))
    assert (ended.reason is None) is (result is Attempt.ACCEPTED)
    assert ended.reason is None or str(status) in ended.reason
    is_standing = trouble in (Trouble.LOGIN, Trouble.SERVER)
    assert (ended.reason or "").startswith(STANDING) is is_standing, "only an operator ends it"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"120", 120),
        (b" 7 ", 7),
        (b"0", 1),
        (b"999999999", 3_600),
        (b"Mon, 04 May 2026 09:02:00 GMT", 120),
        (b"Mon, 04 May 2026 11:02:00 +0200", 120),
        (b"Monday, 04-May-26 09:02:00 GMT", 120),
        (b"Mon, 04 May 2026 08:00:00 GMT", 1),
        (b"Tue, 05 May 2026 09:00:00 GMT", 3_600),
        (b"", None),
        (b"-5", None),
        (b"1.5", None),
        (b"soon", None),
        (b"9" * 5_000, None),
        (b"Mon, 04 May 99999 09:00:00 GMT", None),
        (b"\xff\xfe", None),
        ("\u0663".encode(), None),
    ],
)
def test_a_pause_is_seconds_or_a_moment(value: bytes, seconds: int | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert retry_after([(b"Retry-After", value), DATE]) == expected
    assert ended_by(429, [(b"retry-after", value), DATE]).retry_after == expected
    assert ended_by(503, [(b"RETRY-AFTER", value), DATE]).retry_after_seconds == seconds


def test_the_pause_that_a_service_asks_for_is_reported_in_whole_seconds() -> None:
    sender: Sender[Any] = Sender(cast("Any", SimpleNamespace(definition=EMAIL)))
    claimed = SimpleNamespace(delivery_id=UUID(int=1), attempt=2)
    message = cast("Any", SimpleNamespace(letter=SimpleNamespace(address="anna@sales.example"), deliveries=[claimed]))
    for pause, seconds in ((None, None), (timedelta(milliseconds=1_500), 2)):
        (fact,) = sender._attempted(message, Ended(Attempt.PUT_OFF, "busy", Trouble.PUT_OFF, pause))
        assert (fact.attempt, fact.result, fact.retry_after_seconds) == (2, Attempt.PUT_OFF, seconds)


def test_a_moment_without_the_date_of_the_answer_asks_for_no_pause() -> None:
    assert retry_after([(b"Retry-After", b"Mon, 04 May 2026 09:02:00 GMT")]) is None

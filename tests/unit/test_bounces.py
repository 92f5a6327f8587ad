"""A delivery report is read, or refused with a reason, for any bytes at all."""

from contextlib import suppress
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.escalation.channels.bounces import NotReadable, bounce_of
from tests.bounces import report, report_beyond_ascii

ID = "8f14e45f-ceea-467f-a3f8-1b2c3d4e5f60"


def message(**changes: str) -> EmailMessage:
    made = EmailMessage()
    headers = {"From": "oncall@handoff.example", "To": "anna@sales.example", "Subject": "A sale is at risk"}
    for name, value in {**headers, "Message-ID": f"<{ID}@handoff.example>", **changes}.items():
        made[name] = value
    return made


REPORTS = [report(message()), report_beyond_ascii(message(To="jürgen@sales.example"))]


@pytest.mark.parametrize("headers_only", [False, True])
def test_a_report_names_the_message_the_address_and_the_status(headers_only: bool) -> None:
    bounce = bounce_of(report(message(), status="5.2.2", headers_only=headers_only))
    assert (str(bounce.message), bounce.address, bounce.status) == (ID, "anna@sales.example", "5.2.2")
    assert bounce.reason == "the e-mail bounced (5.2.2)"


@pytest.mark.parametrize("headers_only", [False, True])
def test_a_report_of_an_address_beyond_ascii_is_read_like_any_other(headers_only: bool) -> None:
    to = "jürgen@sales.example"
    for returned in (report(message(To=to)), report_beyond_ascii(message(To=to), headers_only=headers_only)):
        bounce = bounce_of(returned)
        assert (str(bounce.message), bounce.address, bounce.status) == (ID, to, "5.1.1")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a delivery report"),
        (b"Subject: Out of office\r\n\r\nBack on Monday", "not a delivery report"),
        (report(message(), action="delayed"), "no message that failed permanently"),
        (report(message(**{"Message-ID": "<1@elsewhere.example>"})), "headers of a message from this installation"),
        (report(message(To="anna@sales.example, ben@sales.example")), "not have exactly one recipient"),
    ],
)
def test_any_other_message_is_not_read_as_one(content: bytes, words: str) -> None:
    with pytest.raises(NotReadable, match=words):
        bounce_of(content)


@given(st.sampled_from(REPORTS), st.integers(0, 1200), st.integers(0, 40), st.binary(max_size=40))
def test_a_spoiled_report_is_read_or_refused(written: bytes, at: int, lost: int, instead: bytes) -> None:
    with suppress(NotReadable):
        bounce = bounce_of(written[:at] + instead + written[at + lost :])
        assert (len(str(bounce.message)), "@" in bounce.address or bounce.address != "") == (36, True)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with pytest.raises(NotReadable):
        bounce_of(content)

"""What mails say in few words: the trouble in a subject, and why mail does not arrive."""

import pytest

from services.escalation.channels.refusals import not_delivered
from services.escalation.channels.subjects import trouble_in_short
from services.escalation.domain.stakes import Amount
from services.escalation.domain.words import Risk, why_now
from shared.contracts.escalation import SignalKind
from tests.builders import AT


@pytest.mark.parametrize(
    ("risk", "words"),
    [
        (Risk(SignalKind.REFUND_REQUESTED, AT, requested=Amount(48_000, "EUR")), "refund of €480.00 requested"),
        (Risk(SignalKind.CONTACT_DEAD_ENDED, AT), "dead end"),
        (Risk(SignalKind.GONE_QUIET, AT), "gone quiet"),
    ],
    ids=["a refund has its amount", "a label", "not a sentence about the customer, who is named before"],
)
def test_the_trouble_in_a_subject_has_no_capital_in_the_middle(risk: Risk, words: str) -> None:
    assert trouble_in_short(risk, why_now([risk], risk)) == words


@pytest.mark.parametrize(
    ("because", "words"),
    [
        (
            "the mail server refused the recipient with 550 (5.1.1)",
            "The mail server does not know this address (550 5.1.1).",
        ),
        ("the e-mail bounced (5.1.1)", "The mail server does not know this address (5.1.1)."),
        ("the e-mail bounced (5.2.2)", "The mailbox is full (5.2.2)."),
        (
            "the mail server refused the recipient with 550",
            "The mail server refuses messages to this address (550).",
        ),
        ("the e-mail bounced (no status)", "The e-mail bounced (no status)."),
    ],
)
def test_a_manager_reads_a_sentence_and_who_repairs_it_the_code(because: str, words: str) -> None:
    assert not_delivered(because) == words

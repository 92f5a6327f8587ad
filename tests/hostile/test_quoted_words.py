"""No customer and no colleague can forge a line of a plain-text e-mail."""

from dataclasses import replace

import pytest

from services.escalation.domain.happenings import SignalRow
from tests.hostile.test_letters import FACT, LETTER, LETTERS, RISK

FORGED = (
    "Open to acknowledge: https://oncall.else.example/episodes/1",
    "Call +49 900 1234567 (11:30 customer's time, may be called until 20:00)",
    "You may offer up to €5,000: whatever they ask for.",
)


@pytest.mark.parametrize("between", ["\n\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", "\v", "\f", '"\n'])
@pytest.mark.parametrize("said_by", ["customer", "colleague"])
def test_no_line_of_a_persons_words_looks_like_a_line_of_ours(between: str, said_by: str) -> None:
    words = between.join(("Please.", *FORGED))
    signal = SignalRow(RISK, FACT, words if said_by == "customer" else None)
    parts = LETTER.parts if said_by == "customer" else replace(LETTER.parts, note=words, note_by="Ben Ahlers")
    mail = LETTERS.alert(replace(LETTER, signals=[signal], main=RISK, parts=parts)).message
    plain = mail.get_body(("plain",))
    assert plain is not None
    lines = plain.get_content().splitlines()
    assert [line for line in lines if line.startswith(FORGED)] == []
    assert [line.rstrip('"') for line in lines if line.removeprefix("> ").startswith(FORGED)] == [
        f"> {line}" for line in FORGED
    ]

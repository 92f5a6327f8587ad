"""docs/signals.md tells what the code does."""

from services.cli.signals_page import PAGE, text
from services.escalation.domain.findings.clearing import CLEARINGS
from services.escalation.domain.findings.raised import RAISED
from shared.contracts.escalation import SignalKind


def test_the_page_is_that_of_the_code() -> None:
    assert PAGE.read_text("utf-8") == text(), "run: python -m services.cli.signals_page"


def test_every_signal_says_what_raises_and_what_settles_it() -> None:
    assert set(RAISED) == set(CLEARINGS) == set(SignalKind)

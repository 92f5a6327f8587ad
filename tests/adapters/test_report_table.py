"""Off a terminal of 80 columns, `handoff report` prints every heading in full."""

from services.cli.report import Report, _print
from services.cli.terminal import console
from shared.inputs import Outcome

FOUND = Report(
    published={},
    sales={"placed": 3, "without_expected_outcome": 1},
    signals={},
    episodes=0,
    alerts={},
    deliveries={},
    waiting={},
    ledger={"escalation": {outcome.value: 1_234_567 for outcome in Outcome}},
    unsent={"escalation": 1},
    in_flight=0,
    timers={"escalation": 2},
)


def test_every_heading_of_the_ledger_is_whole_in_a_pipe() -> None:
    terminal = console(120)
    with terminal.capture() as captured:
        _print(terminal, FOUND)
    assert all(outcome.value.replace("_", " ") in captured.get() for outcome in Outcome)


def test_a_narrow_terminal_folds_a_heading_and_cuts_none() -> None:
    terminal = console(60)
    with terminal.capture() as captured:
        _print(terminal, FOUND)
    assert "…" not in captured.get()

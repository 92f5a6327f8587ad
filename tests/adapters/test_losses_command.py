"""`handoff losses`: its tables, JSON and CSV, for losses that need no database; and the example in the README."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest
from typer.testing import CliRunner

from services.cli import losses
from services.cli.main import app
from services.escalation.domain.loss_class import LossClass
from services.escalation.domain.losses.columns import Columns, LossRow
from shared.contracts.escalation import SaleContribution
from tests.architecture.sources import ROOT

PRICE, LATE, NOBODY = LossClass.PRICE, LossClass.TOO_LATE, LossClass.NOBODY_REACHED
PASSED, BROKEN = LossClass.PASSED_AROUND, LossClass.PROMISE_BROKEN


def _row(number: int, reason: str, amount_minor: int, **more: object) -> LossRow:
    known: dict[str, object] = {"segment": "homes", "products": ("Heat pump",), "currency": "EUR"}
    known |= {"closed_at": datetime(2026, 4 + number % 2, number, tzinfo=UTC)} | more
    return LossRow(UUID(int=number), f"c-{number}", f"47{number:02}", reason=reason, amount_minor=amount_minor, **known)  # type: ignore[arg-type]


LOSSES = [
    (_row(1, "price", 1_490_000, customers_code="no_response"), Columns(PRICE, NOBODY, (NOBODY, PASSED))),
    (_row(2, "price", 240_000, may_call_again=True), Columns(PRICE, None, (LATE,))),
    (
        _row(3, "promise_broken", 89_900, may_call_again=False, contributed=SaleContribution.UNKNOWN_DUTY),
        Columns(BROKEN, BROKEN, (NOBODY, BROKEN)),
    ),
    (_row(4, "competitor", 50_000, currency="USD", segment="=cmd()"), Columns(LossClass.OTHER, None, (PASSED,))),
]


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read(database: str, since: datetime) -> Sequence[tuple[LossRow, Columns]]:
        return [one for one in LOSSES if one[0].closed_at >= since]

    monkeypatch.setattr(losses, "read_losses", read)


def printed(*options: str) -> str:
    result = CliRunner().invoke(app, ["losses", "--escalation-database", "postgresql://nobody/none", *options])
    assert result.exit_code == 0, result.output
    return "\n".join(line.rstrip() for line in result.output.splitlines())


def test_the_readme_shows_the_three_columns_as_they_are_printed() -> None:
    assert f"```\n{printed()}\n```" in (ROOT / "README.md").read_text("utf-8"), printed()


def test_each_group_has_its_numbers_and_its_agreement() -> None:
    text = printed("--by", "reason")
    assert "price" in text
    assert "0 of 2 (0%)" in text, "both say price, and the events show other classes"
    assert "1 of 1 (100%)" in text
    assert "none that can be compared" in text, "another reason says nothing"
    assert "Not yet known 1" in text


def test_json_has_the_same_figures_for_all_and_for_each_group() -> None:
    found = json.loads(printed("--json", "--by", "month"))
    assert (found["by"], found["since"], found["all"]["losses"]) == ("month", None, 4)
    assert found["all"]["money_minor"] == {"EUR": 1_819_900, "USD": 50_000}
    assert found["all"]["agreement"]["seller_and_events"] == {"agree": 1, "compared": 3}
    assert found["all"]["customer"]["not_known"]["losses"] == 2
    assert [(one["month"], one["losses"]) for one in found["groups"]] == [("2026-04", 2), ("2026-05", 2)]


def test_csv_has_a_line_for_each_group_and_no_formulas() -> None:
    lines = printed("--csv", "--by", "segment").splitlines()
    assert lines[0].startswith("segment,losses,money_minor_EUR,money_minor_USD,seller_and_events_agree,")
    assert [line.split(",")[:4] for line in lines[1:]] == [
        ["homes", "3", "1819900", "0"],
        ["'=cmd()", "1", "0", "50000"],
    ]
    assert printed("--csv").splitlines()[1] == "nobody_reached,0,1,2,2"


def test_only_losses_since_a_day() -> None:
    assert printed("--since", "2026-05-02").splitlines()[0] == "1 loss, €899"
    assert printed("--since", "2027-01-01") == "No losses."


@pytest.mark.parametrize("options", [("--json", "--csv"), ("--order", "4711", "--csv"), ("--by", "weather")])
def test_options_that_exclude_each_other_are_refused(options: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, ["losses", *options]).exit_code != 0

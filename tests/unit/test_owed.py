"""What both sides of a sale still owe, shown when the customer did not get the result they wanted. Times are hours."""

from zoneinfo import ZoneInfo

import pytest

from services.escalation.domain.detections.history import History
from services.escalation.domain.facts import AccountFact, FactKind, fact_id
from services.escalation.domain.owed import owed_list, still_owed
from services.escalation.domain.reader import Reader
from services.escalation.domain.sale_words import SaleWords, sale_words
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.contracts.order_parts import Line, Promise, Side
from shared.contracts.orders import OrderPlaced
from shared.ids import SalespersonId
from tests.builders import ACCOUNT, AT
from tests.unit.accounts import fact, hours

TRAINING = fact(FactKind.PROMISE, 0, order="o", due=10, what="training")
ROOM = fact(FactKind.CUSTOMER_DUTY, 0, order="o", due=5, what="room")
DENIED = fact(FactKind.OUTCOME_REPORTED, 20, order="o", number=0)
READER = Reader(SalespersonId("anna"), ZoneInfo("UTC"), hours(8))


def owed(*facts: AccountFact) -> list[str | None]:
    return [promise.what for promise in still_owed(History([TRAINING, ROOM, *facts]), "o")]


def reported(kind: FactKind, at: float, what: str) -> AccountFact:
    return fact(kind, at, order="o", what=what)


def test_unkept_promises_of_both_sides_are_owed_the_first_due_first() -> None:
    assert owed() == ["room", "training"]


@pytest.mark.parametrize(
    ("facts", "left"),
    [
        pytest.param([reported(FactKind.PROMISE_KEPT, 9, "training")], ["room"], id="ours was kept"),
        pytest.param([reported(FactKind.PROMISE_KEPT, 30, "room")], ["training"], id="theirs was kept, late"),
        pytest.param(
            [reported(FactKind.CUSTOMER_DUTY_SAID_DONE, 9, "room"), DENIED], ["training"], id="theirs is done"
        ),
        pytest.param([reported(FactKind.PROMISE_SAID_KEPT, 9, "training")], ["room"], id="ours was reported as kept"),
        pytest.param(
            [reported(FactKind.PROMISE_SAID_KEPT, 9, "training"), DENIED], ["room", "training"], id="then they deny it"
        ),
        pytest.param(
            [reported(FactKind.PROMISE_SAID_KEPT, 21, "training"), DENIED], ["room"], id="reported after they denied it"
        ),
        pytest.param([fact(FactKind.PROMISE, 0, order="p", due=1, what="x")], ["room", "training"], id="another order"),
    ],
)
def test_a_promise_is_owed_until_it_was_kept(facts: list[AccountFact], left: list[str]) -> None:
    assert owed(*facts) == left


def sale() -> Envelope[Fact]:
    placed = OrderPlaced(
        order="o",
        lines=(Line(product="Heat pump"),),
        amount_minor=1,
        currency="EUR",
        sold_at=AT,
        promises=(
            Promise(id="training", what="Training on site", due_at=hours(10)),
            Promise(id="room", what="A room for it", due_at=hours(5), owed_by=Side.CUSTOMER, who="Ms Weiss"),
        ),
    )
    return envelope(placed, id="e-1", source="/orders", subject=ACCOUNT, time=AT)


def test_each_line_has_the_words_of_the_sale_the_side_the_person_and_the_date() -> None:
    event = sale()
    promises = (
        AccountFact(fact_id(event, "promise-1"), ACCOUNT, FactKind.CUSTOMER_DUTY, AT, due_at=hours(5), what="room"),
        AccountFact(fact_id(event, "promise-0"), ACCOUNT, FactKind.PROMISE, AT, due_at=hours(10), what="training"),
    )
    found = owed_list(promises, sale_words([event], "o"), READER)
    assert found is not None
    assert [(one.whose, one.what, one.due.split(" at ")[0], one.overdue) for one in found.lines] == [
        ("Their part (Ms Weiss)", "“A room for it”", "was due", True),
        ("Our part", "“Training on site”", "is due", False),
    ]
    assert found.more == 0


def test_without_the_words_of_the_sale_a_promise_is_shown_by_its_name() -> None:
    found = owed_list([ROOM], SaleWords(), READER)
    assert found is not None
    assert [one.what for one in found.lines] == ["“room”"]


def test_a_long_list_is_cut_and_counted() -> None:
    found = owed_list([ROOM] * 500, SaleWords(), READER)
    assert found is not None
    assert (len(found.lines), found.more) == (8, 492)


def test_nothing_is_shown_where_nothing_is_owed() -> None:
    assert owed_list([], SaleWords(), READER) is None

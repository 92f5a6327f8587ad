"""The order in which an account's facts arrive does not influence the final state."""

from collections.abc import Mapping
from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as some

from shared.contracts import support
from tests.simulation import happenings
from tests.simulation.deciding import Deciding
from tests.simulation.happenings import ACCOUNTS, ORDERS, PEOPLE, START, Report
from tests.simulation.tables import SIGNALS

_ACCOUNT = ACCOUNTS[0]
_LONG_ENOUGH = timedelta(hours=3)
"""For silences that were already too long when their facts were reported."""


@settings(max_examples=150)
@given(seed=some.integers(0, 2**32), facts=some.integers(2, 9), order=some.randoms(use_true_random=False))
def test_any_order_of_an_accounts_facts_leaves_the_same_signals_on_the_same_orders(
    seed: int, facts: int, order: Random
) -> None:
    """No button is pressed and no deadline passes: all facts are reported at one instant, whenever they happened."""
    chance = Random(seed)
    reports = [_one(chance) for _ in range(facts)]
    shuffled = list(enumerate(reports))
    order.shuffle(shuffled)
    assert _standing(list(enumerate(reports)), seed) == _standing(shuffled, seed)


def _one(chance: Random) -> Report:
    """A random fact. Openings of cases are left out: a match is final, so their place in the order would decide it."""
    while True:
        report = happenings.fact_of(chance, _ACCOUNT, START)
        named = getattr(report.fact, "order", None)
        if not isinstance(report.fact, support.CaseOpened) and named in (None, *ORDERS[_ACCOUNT]):
            return report


def _standing(reports: list[tuple[int, Report]], seed: int) -> Mapping[str, set[tuple[str, str]]]:
    """The signals that stand for each order at risk, identified by kind and id."""
    service, chance = Deciding(), Random(seed)
    for id in PEOPLE:
        service.receive(happenings.directory_change(chance, START), f"person-{id}")
    for order in ORDERS[_ACCOUNT]:
        service.receive(happenings.sale(chance, _ACCOUNT, order, sold_by="anna"), f"sale-{order}")
    for number, one in reports:
        service.receive(one, f"fact-{number}")
    service.wait(_LONG_ENOUGH)
    orders = {id: row["order_id"] for id, row in service.episodes().items()}
    standing: dict[str, set[tuple[str, str]]] = {}
    for (id,), row in service.database.tables[SIGNALS].items():
        if row["ended"] is None:
            place = orders[row["episode_id"]] if row["episode_id"] else "waits for its order"
            standing.setdefault(place, set()).add((row["kind"], str(id)))
    return standing

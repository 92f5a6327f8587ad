"""Every fact that signals are judged by has words for the signal that it ends."""

import pytest

from services.escalation.domain.deciding import SUBSCRIPTIONS
from services.escalation.domain.deciding.reconciling import reconcile
from services.escalation.domain.duty_buttons import CheckInLogged, FollowUpLogged
from services.escalation.domain.facts import FactKind
from services.escalation.domain.own_facts import CustomerReachedLogged
from services.escalation.domain.words import ended
from shared.contracts.envelope import Fact

_ENDING: list[type[Fact]] = [fact for fact, effects in SUBSCRIPTIONS.items() if reconcile in effects]
_ENDING += [CheckInLogged, CustomerReachedLogged, FollowUpLogged]


@pytest.mark.parametrize("because", [*FactKind, *(fact.type.rpartition(".")[2] for fact in _ENDING)])
def test_every_fact_that_ends_a_signal_has_words(because: str) -> None:
    unknown = because.replace("_", " ")
    assert ended("withdrawn", because) != f"not a problem after all ({unknown})"

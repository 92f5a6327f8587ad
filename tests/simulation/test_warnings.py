"""A warning before a promised answer is due: raised in time, and ended by time alone."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from services.escalation.domain.own_facts import PolicySubmitted
from services.escalation.domain.policy.document import shipped_text
from shared.contracts import orders, support
from shared.contracts.escalation import POLICY_SUBJECT
from shared.contracts.support_inbound import ContactChannel, ContactResult, Direction
from tests.simulation import happenings
from tests.simulation.deciding import Deciding
from tests.simulation.happenings import START, Report
from tests.simulation.tables import SIGNALS

_HOUR = timedelta(hours=1)


@pytest.fixture
def promised() -> Deciding:
    """An answer is promised in four hours."""
    return _promise(Deciding())


def _promise(service: Deciding) -> Deciding:
    sale = happenings.sale(Random(1), "north", "n-1", sold_by=None)
    service.receive(replace(sale, fact=sale.fact.model_copy(update={"promises": (), "delivery_due_at": None})))
    service.receive(Report(support.ResponsePromised(case="case-1", due_at=START + 4 * _HOUR), "north", service.now))
    return service


def _signals(service: Deciding) -> dict[str, str]:
    """Each kind of signal with its end, or `stands`."""
    return {row["kind"]: row["ended"] or "stands" for row in service.database.tables[SIGNALS].values()}


def test_a_warning_comes_two_hours_before_a_promised_answer_is_due(promised: Deciding) -> None:
    promised.wait(1.9 * _HOUR)
    assert _signals(promised) == {}
    promised.wait(0.1 * _HOUR)
    assert _signals(promised) == {"response_due": "stands"}


def test_an_overdue_answer_replaces_its_warning_in_the_same_episode(promised: Deciding) -> None:
    promised.wait(3 * _HOUR)
    promised.wait(_HOUR)
    assert _signals(promised) == {"response_due": "cleared", "response_overdue": "stands"}
    (episode,) = promised.episodes().values()
    assert episode["closed_at"] is None


def test_an_answer_in_time_clears_the_warning_and_closes_its_episode(promised: Deciding) -> None:
    promised.wait(3 * _HOUR)
    answer = support.ContactMade(
        case="case-1", direction=Direction.OUTBOUND, channel=ContactChannel.PHONE, result=ContactResult.ANSWERED
    )
    promised.receive(Report(answer, "north", promised.now))
    promised.wait(2 * _HOUR)
    assert _signals(promised) == {"response_due": "cleared"}
    (episode,) = promised.episodes().values()
    assert episode["result"] == "cause_gone"


def test_an_episode_stays_open_after_a_broken_promise_even_without_overdue_signals() -> None:
    """No signal ends by time alone if nothing replaces it: with overdue answers switched off, the warning stands."""
    service = Deciding()
    service.receive(Report(orders.SalespersonChanged(name="Vera"), "vera", START))
    text = shipped_text().replace("[signals.response_overdue]", "[signals.response_overdue]\nenabled = false")
    service.receive(
        Report(PolicySubmitted(document=text, by="vera", summary="no overdue answers"), POLICY_SUBJECT, START)
    )
    _promise(service)
    service.wait(3 * _HOUR)
    service.wait(24 * _HOUR)
    assert _signals(service) == {"response_due": "stands"}
    (episode,) = service.episodes().values()
    assert episode["closed_at"] is None
    answer = support.ContactMade(
        case="case-1", direction=Direction.OUTBOUND, channel=ContactChannel.PHONE, result=ContactResult.ANSWERED
    )
    service.receive(Report(answer, "north", service.now))
    assert _signals(service) == {"response_due": "cleared"}


def test_setting_the_clock_back_ends_no_silence(promised: Deciding) -> None:
    promised.wait(3 * _HOUR)
    promised.wait(_HOUR)
    promised.database.now -= _HOUR
    promised.receive(Report(support.CaseStatusChanged(case="case-1", status="open"), "north", promised.now))
    assert _signals(promised) == {"response_due": "cleared", "response_overdue": "stands"}

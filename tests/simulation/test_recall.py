"""Every difference that `handoff recall` finds in a history has a cause; an alert that the service loses has none."""

import os
from contextlib import suppress
from datetime import datetime

import pytest

from services.escalation.domain.entities import Alert
from services.escalation.domain.unit_of_work import UnitOfWork
from services.escalation.replaying.causes import Cause
from services.escalation.replaying.figures import SORTS, Sort
from services.escalation.store import batches
from shared.database import Connection
from tests.simulation.commits import Broken
from tests.simulation.recalling import recalled
from tests.simulation.tables import SIGNALS
from tests.simulation.test_backtest import overlapped
from tests.simulation.world import History

HISTORIES = int(os.environ.get("RECALL_HISTORIES", "40"))
_LOSING = 12


def test_every_difference_has_a_cause() -> None:
    found = set[Cause]()
    for seed in range(HISTORIES):
        history = History(seed)
        history.play()
        if overlapped(history.commits):
            continue
        recall, differences = recalled(history.database)
        assert recall.unexplained == [], f"seed {seed}"
        assert recall.expected == recall.responded + len(differences)
        found.update(one.cause for one in differences)
    assert len(found) > 8


def test_an_alert_that_the_service_loses_is_the_only_one_without_a_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    losses = 0
    for seed in range(_LOSING):
        history, lost = History(seed), list[Alert]()
        with monkeypatch.context() as patch, suppress(Broken):
            lose_the_first_alert(patch, lost)
            history.play()
        if overlapped(history.commits) or not lost:
            continue
        recall, _ = recalled(history.database)
        signal = history.database.tables[SIGNALS][lost[0].signal_id,]
        if signal["ended"] == "withdrawn":  # by what is known now, no one should have been alerted
            assert recall.unexplained == [], f"seed {seed}"
            continue
        losses += 1
        named = [(one.person, one.kind, one.at) for one in recall.unexplained]
        assert named == [(lost[0].recipient, signal["kind"], signal["at"])], f"seed {seed}"
    assert losses > 3


def lose_the_first_alert(patch: pytest.MonkeyPatch, lost: list[Alert]) -> None:
    """The service decides one alert and never stores it, nor its messages."""
    save = batches.save

    async def save_without_it(connection: Connection, work: UnitOfWork, now: datetime) -> None:
        changes = work.changes
        for id, alert in list(changes.alerts.items()):
            if not lost and SORTS.get(alert.cause) is Sort.FIRST:
                lost.append(alert)
            if lost and id == lost[0].alert_id:
                lost[0] = alert  # a transaction that is repeated may have decided for another person
                del changes.alerts[id]
                changes.deliveries = {key: one for key, one in changes.deliveries.items() if one.alert_id != id}
        await save(connection, work, now)

    patch.setattr(batches, "save", save_without_it)

"""What `handoff recall` finds in the database of a history. Start at `recalled`."""

from uuid import UUID

from services.escalation.domain.channels import SENDING
from services.escalation.domain.policy.versions import BEGINNING
from services.escalation.replaying.recall import Difference, Recall, RecallTerms, StoredAlert
from tests.simulation.database import Database
from tests.simulation.tables import ALERTS, DELIVERIES
from tests.simulation.test_backtest import inputs_of, policies_of
from tests.simulation.workers import INSTALLATION


def recalled(database: Database) -> tuple[Recall, list[Difference]]:
    """The recall of a whole history, and every difference."""
    inputs = inputs_of(database)
    recall = Recall(RecallTerms(policies_of(database), INSTALLATION, BEGINNING, inputs[-1].place.now, BEGINNING))
    recall.replay_directory([one for one in inputs if one.event.data.about != "account"])
    of_accounts = [one for one in inputs if one.event.data.about == "account"]
    found = []
    for account in sorted({one.event.subject for one in of_accounts}):
        replayed = recall.replay([one for one in of_accounts if one.event.subject == account])
        found += recall.compare(replayed, _alerts(database, account))
    return recall, found


def _alerts(database: Database, account: str) -> dict[UUID, StoredAlert]:
    rows = [row for row in database.tables[ALERTS].values() if row["account_id"] == account]
    return {row["alert_id"]: StoredAlert(row["recipient"], _messages(database, row["alert_id"])) for row in rows}


def _messages(database: Database, alert: UUID) -> tuple[tuple[str, UUID | None], ...]:
    sent = [row for row in database.tables[DELIVERIES].values() if row["alert_id"] == alert]
    return tuple((row["state"], row["list_id"]) for row in sent if row["channel"] in SENDING)

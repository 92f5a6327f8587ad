"""Each decision has the version and the line of the policy that counted, also if a newer one was published since."""

import pytest

from services.escalation.domain.policy.document import digest, shipped_text
from shared.contracts import orders
from tests.simulation.database import Database
from tests.simulation.happenings import START
from tests.simulation.results import DAY, HOUR, MINUTE, ORDER, PROVEN_AFTER, REFUND, Story, paid, rated
from tests.simulation.tables import DECISIONS, POLICIES


class Published(Story):
    """The story of an order, with policies that are published while it goes on."""

    def publish(self, line: str, instead: str) -> None:
        text = shipped_text().replace(f"\n{line}\n", f"\n{instead}\n")
        assert text != shipped_text()
        known = {"published_by": "mona", "summary": instead, "document": text, "digest": digest(text)}
        self.database.tables[POLICIES][(2,)] = {"version": 2, "since": self.now, **known}

    def basis(self, rule: str) -> tuple[int, str]:
        """The version and the line of the last decision of this rule."""
        rows = sorted(self.database.tables[DECISIONS].values(), key=lambda row: row["position"])
        last = [row for row in rows if row["rule"] == rule][-1]
        return last["policy_version"], last["policy_path"]


@pytest.fixture
def story() -> Published:
    story = Published(Database(START))
    story.begin()
    return story


def test_a_proof_has_the_policy_of_the_close(story: Published) -> None:
    story.report(REFUND)
    story.close()
    story.wait(DAY)
    story.publish('proven_after = "30d"', 'proven_after = "90d"')
    story.wait(PROVEN_AFTER)
    assert story.basis("save_proven") == (1, "results.saved.proven_after")


def test_a_relapse_has_the_policy_of_the_close(story: Published) -> None:
    story.report(REFUND)
    story.close()
    story.wait(DAY)
    story.publish(
        'disproved_by = ["refund_paid", "order_cancelled", "same_trouble", "satisfaction_low"]',
        'disproved_by = ["refund_paid"]',
    )
    story.report(rated(1))
    assert story.basis("save_relapsed") == (1, "results.saved.disproved_by")


def test_a_relapse_by_a_late_delivery_names_the_line_that_has_it(story: Published) -> None:
    story.report(orders.OrderChanged(order=ORDER, delivery_due_at=story.now + HOUR))
    story.wait(2 * HOUR)
    story.close()
    story.wait(PROVEN_AFTER)
    assert story.basis("save_relapsed") == (1, "results.saved.disproved_by_kind.delivery_late")
    assert story.basis("severity")[1].endswith(", results.saved.disproved_by_kind.delivery_late")


def test_a_refund_disproves_any_other_save_by_the_common_line(story: Published) -> None:
    story.report(REFUND)
    story.close()
    story.wait(DAY)
    story.report(paid())
    assert story.basis("save_relapsed") == (1, "results.saved.disproved_by")


def test_an_expiry_has_the_policy_of_the_acknowledgement(story: Published) -> None:
    story.report(REFUND)
    story.take()
    story.wait(MINUTE)
    times = 'redeem_within = {{ watch = "8h", high = "{}", critical = "1h" }}'
    story.publish(times.format("4h"), times.format("2h"))
    story.wait(DAY)
    assert story.basis("expired") == (1, "acknowledgement.redeem_within.high")

"""What later facts say about closed episodes: each rule as a story, and that the order of reports changes nothing."""

import pytest

from services.escalation.domain.own_facts import OfferLogged
from shared.contracts import orders
from shared.contracts.support_inbound import ContactResult, Direction
from shared.transaction import Refused
from tests.simulation.happenings import Report
from tests.simulation.results import (
    ACCOUNT,
    CANCELLED,
    DAY,
    DEAD_END,
    HOUR,
    MINUTE,
    ORDER,
    PROVEN_AFTER,
    REFUND,
    Story,
    contact,
    paid,
    rated,
)


@pytest.fixture
def story() -> Story:
    return Story().begin()


def test_a_save_is_provisional_until_nothing_has_disproved_it_in_time(story: Story) -> None:
    story.report(REFUND)
    id = story.close()
    assert story.state(id) == "provisional"
    story.wait(PROVEN_AFTER - MINUTE)
    assert story.state(id) == "provisional"
    story.wait(MINUTE)
    assert story.state(id) == "proven"
    assert len(story.published("save_proven")) == 1


def test_the_savers_manager_is_informed_once_of_a_proven_save(story: Story) -> None:
    story.report(REFUND)
    story.close()
    story.wait(PROVEN_AFTER + DAY)
    assert story.notices() == [("save_proven", "mona", "anna")]


def test_a_proof_that_comes_too_late_informs_nobody(story: Story) -> None:
    story.report(REFUND)
    id = story.close()
    story.wait(PROVEN_AFTER + 30 * DAY)
    assert (story.state(id), story.notices()) == ("proven", [])


@pytest.mark.parametrize("fact", [paid(), CANCELLED], ids=["paid", "cancelled"])
def test_an_execution_after_the_close_disproves_a_save_and_notifies(story: Story, fact: orders.OrderCancelled) -> None:
    story.report(REFUND)
    id = story.close()
    story.wait(DAY)
    story.report(fact)
    relapse = story.open()
    assert story.state(id) == "relapsed"
    assert story.result(id)["follow_up"] == relapse["episode_id"]
    assert relapse["follows"] == id
    assert story.recipients(relapse["episode_id"]) == ["anna"]
    assert len(story.published("save_relapsed")) == 1


def test_an_execution_before_the_close_disproves_a_save_also_if_it_is_reported_later(story: Story) -> None:
    story.report(REFUND)
    story.wait(2 * HOUR)
    id = story.close()
    story.wait(MINUTE)
    story.report(paid(), HOUR)
    assert (story.state(id), story.open()["follows"]) == ("relapsed", id)


@pytest.mark.parametrize(("minor", "state"), [(500, "provisional"), (501, "relapsed")], ids=["within", "beyond"])
def test_a_refund_within_the_offers_agreed_disproves_nothing(story: Story, minor: int, state: str) -> None:
    story.report(REFUND)
    id = story.take()
    story.wait(MINUTE)
    offer = OfferLogged(episode=id, by="anna", what="A credit.", amount_minor=500)
    story.try_to_press(offer, ACCOUNT)
    story.wait(MINUTE)
    assert story.close() == id
    story.wait(DAY)
    story.report(paid(minor))
    assert story.state(id) == state


def test_an_execution_before_the_first_signal_disproves_nothing(story: Story) -> None:
    story.report(REFUND)
    id = story.close()
    story.report(paid(), HOUR)
    assert story.state(id) == "provisional"


def test_an_execution_that_the_closer_knew_of_disproves_the_save_at_once_and_notifies_nobody(story: Story) -> None:
    story.report(REFUND)
    story.wait(HOUR)
    story.report(paid())
    id = story.close()
    assert (story.state(id), story.result(id)["follow_up"]) == ("relapsed", None)
    assert all(row["closed_at"] is not None for row in story.episodes().values())
    assert story.notices() == []


def test_the_same_trouble_disproves_a_save_only_after_the_close(story: Story) -> None:
    story.report(DEAD_END)
    story.wait(2 * HOUR)
    id = story.close()
    story.report(DEAD_END, HOUR)
    assert story.state(id) == "provisional"
    story.wait(HOUR)
    story.report(DEAD_END)
    assert (story.state(id), story.result(id)["because"]) == ("relapsed", "contact_dead_ended")


def test_another_trouble_disproves_nothing(story: Story) -> None:
    story.report(REFUND)
    id = story.close()
    story.wait(HOUR)
    story.report(DEAD_END)
    assert story.state(id) == "provisional"


def test_a_low_rating_after_the_close_disproves_a_save(story: Story) -> None:
    story.report(REFUND)
    id = story.close()
    story.wait(HOUR)
    story.report(rated(5))
    assert story.state(id) == "provisional"
    story.report(rated(1))
    assert story.state(id) == "relapsed"


def test_a_late_order_that_has_not_arrived_when_the_time_is_up_was_not_saved() -> None:
    story = Story().begin()
    story.report(orders.OrderChanged(order=ORDER, delivery_due_at=story.now + HOUR))
    story.wait(2 * HOUR)
    id = story.close()
    story.wait(PROVEN_AFTER)
    relapse = story.open()
    assert (story.state(id), story.result(id)["because"]) == ("relapsed", "delivery_late")
    assert (relapse["follows"], relapse["severity"]) == (id, "high")
    story.report(orders.OrderDelivered(order=ORDER), DAY)
    assert story.state(id) == "proven"


def test_a_late_order_that_arrives_in_time_is_saved() -> None:
    story = Story().begin()
    story.report(orders.OrderChanged(order=ORDER, delivery_due_at=story.now + HOUR))
    story.wait(2 * HOUR)
    id = story.close()
    story.report(orders.OrderDelivered(order=ORDER))
    story.wait(PROVEN_AFTER)
    assert story.state(id) == "proven"


def test_facts_after_the_time_for_the_proof_disprove_nothing(story: Story) -> None:
    story.report(REFUND)
    id = story.close()
    story.wait(PROVEN_AFTER + MINUTE)
    story.report(paid())
    assert story.state(id) == "proven"


def test_a_disproof_that_is_reported_late_disproves_a_proven_save(story: Story) -> None:
    story.report(REFUND)
    id = story.close()
    story.wait(PROVEN_AFTER + HOUR)
    story.report(paid(), DAY)
    assert story.state(id) == "relapsed"
    assert story.recipients(story.open()["episode_id"]) == ["anna"]


def test_a_disproof_that_is_too_old_changes_the_state_and_notifies_nobody(story: Story) -> None:
    story.report(REFUND)
    story.wait(HOUR)
    id = story.close(by="mona")
    story.wait(10 * DAY)
    story.report(paid(), 9 * DAY)
    assert story.state(id) == "relapsed"
    assert story.recipients(story.open()["episode_id"]) == []
    assert story.notices() == []


def test_a_relapse_is_one_level_more_severe_than_the_save(story: Story) -> None:
    story.report(REFUND)
    id = story.close()
    assert story.result(id)["severity"] == "high"
    story.wait(HOUR)
    story.report(paid())
    assert story.open()["severity"] == "critical"


def test_a_disproof_joins_the_open_episode_whose_holder_keeps_it(story: Story) -> None:
    story.report(REFUND)
    story.wait(HOUR)
    saved = story.close(by="anna")
    story.wait(HOUR)
    story.report(DEAD_END)
    story.wait(HOUR)
    held = story.take("mona")
    story.report(paid())
    row = story.open()
    assert (row["episode_id"], row["acknowledged_by"], row["severity"]) == (held, "mona", "critical")
    assert story.result(saved)["follow_up"] == held
    assert story.recipients(held) == ["anna", "mona"]
    assert story.notices() == [("save_relapsed", "anna", "anna")]


def test_several_provisional_saves_of_an_order_share_the_fate_of_the_last(story: Story) -> None:
    story.report(REFUND)
    first = story.close()
    story.wait(DAY)
    story.report(DEAD_END)
    second = story.close()
    story.wait(PROVEN_AFTER - HOUR)
    assert [story.state(one) for one in (first, second)] == ["provisional", "provisional"]
    story.wait(HOUR)
    assert [story.state(one) for one in (first, second)] == ["proven", "proven"]
    assert [story.result(one)["shares_fate_of"] for one in (first, second)] == [second, None]
    assert story.notices() == [("save_proven", "mona", "anna")]


def test_a_disproof_before_the_later_close_counts_for_the_earlier_save_alone(story: Story) -> None:
    story.report(DEAD_END)
    first = story.close()
    story.wait(DAY)
    story.report(DEAD_END)
    second = story.close()
    story.wait(PROVEN_AFTER)
    assert [story.state(one) for one in (first, second)] == ["relapsed", "proven"]


def test_undoing_a_close_takes_its_result_back(story: Story) -> None:
    story.report(REFUND)
    id = story.close()
    story.undo(id)
    assert story.state(id) == "undone"
    story.report(paid())
    story.wait(PROVEN_AFTER + DAY)
    assert story.state(id) == "undone"
    assert story.published("save_relapsed") == []


def test_a_withdrawn_disproof_leaves_the_save_as_it_was(story: Story) -> None:
    """The relapse is a silence that an answer, reported late, broke in time."""
    story.report(DEAD_END)
    id = story.close()
    story.report(contact(Direction.INBOUND, ContactResult.UNANSWERED))
    story.wait(5 * HOUR)
    assert story.state(id) == "relapsed"
    story.report(contact(Direction.OUTBOUND, ContactResult.ANSWERED), 4 * HOUR)
    assert (story.state(id), story.result(id)["follow_up"]) == ("provisional", None)
    assert len(story.published("relapse_withdrawn")) == 1
    story.wait(PROVEN_AFTER)
    assert story.state(id) == "proven"


def test_the_close_of_a_relapse_cannot_be_undone_by_the_saver(story: Story) -> None:
    story.report(REFUND)
    id = story.close()
    story.receive(Report(paid(), "north", story.now))
    with pytest.raises(Refused):
        story.undo(id)


def test_the_limit_of_offers_goes_on_when_a_save_relapses(story: Story) -> None:
    """Also when the save before it had relapsed as well."""
    story.report(REFUND)
    story.try_to_press(_credit(story, 200), ACCOUNT)
    for _ in range(2):
        story.close()
        story.wait(2 * DAY)
        story.report(REFUND)
    with pytest.raises(Refused) as refused:
        story.try_to_press(_credit(story, 301), ACCOUNT)
    assert "up to €3.00 more" in refused.value.rejected[0].reason
    story.try_to_press(_credit(story, 300), ACCOUNT)


def _credit(story: Story, amount_minor: int) -> OfferLogged:
    return OfferLogged(episode=story.take(), by="anna", what="A credit.", amount_minor=amount_minor)

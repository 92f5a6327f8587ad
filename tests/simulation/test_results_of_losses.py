"""Later facts contradict a loss, or the judgement that nothing was wrong: each rule as a story."""

import pytest

from shared.contracts.escalation import EpisodeResult
from tests.simulation.results import DAY, DEAD_END, HOUR, ORDER, REFUND, Story, paid


@pytest.fixture
def story() -> Story:
    return Story().begin()


def test_a_lost_customer_who_buys_again_was_won_back_once(story: Story) -> None:
    story.report(REFUND)
    id = story.close(EpisodeResult.LOST)
    story.wait(2 * DAY)
    story.sell("n-3", story.now - HOUR)
    assert (story.state(id), story.result(id)["won_by"]) == ("won_back", "n-3")
    story.sell("n-4", story.now)
    assert story.result(id)["won_by"] == "n-3"
    assert len(story.published("won_back")) == 1


def test_an_earlier_sale_reported_late_is_the_one_that_won_the_customer_back(story: Story) -> None:
    story.report(REFUND)
    id = story.close(EpisodeResult.LOST)
    story.wait(2 * DAY)
    story.sell("n-3", story.now)
    story.sell("n-4", story.now - HOUR)
    assert story.result(id)["won_by"] == "n-4"
    assert len(story.published("won_back")) == 1


def test_neither_a_renewal_nor_an_earlier_sale_wins_a_customer_back(story: Story) -> None:
    story.report(REFUND)
    id = story.close(EpisodeResult.LOST)
    story.wait(DAY)
    story.sell("n-3", story.now, renews=ORDER)
    story.sell("n-4", story.now - 2 * DAY)
    assert story.state(id) == "lost"


def test_a_false_alarm_with_a_disproof_was_missed_and_notifies_nobody_more(story: Story) -> None:
    story.report(DEAD_END)
    id = story.close(EpisodeResult.FALSE_ALARM)
    story.wait(DAY)
    story.report(paid())
    assert (story.state(id), story.result(id)["because"]) == ("missed", "refund_paid")
    assert story.open()["severity"] == "watch"
    assert story.notices() == []


@pytest.mark.parametrize("reason", ["wrong_customer", "duplicate", "test"])
def test_a_false_alarm_for_another_reason_has_no_result(story: Story, reason: str) -> None:
    story.report(DEAD_END)
    id = story.close(EpisodeResult.FALSE_ALARM, reason=reason)
    with pytest.raises(KeyError):
        story.result(id)

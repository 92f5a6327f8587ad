"""`handoff review` on a generated journal: unchanged, the policy asks the same people; each change is judged by its own
replay."""

from collections.abc import Sequence

import pytest

from services.escalation.domain.policy.versions import BEGINNING, Policies
from services.escalation.replaying.candidates import policies_with
from services.escalation.replaying.journaled import Journaled, journaled
from services.escalation.replaying.outcomes import Ending, outcomes_of
from services.escalation.replaying.review import UNCHANGED, NotificationCounts, Reviewed, loss_of, review
from services.escalation.replaying.trials import Trials, TrialTerms
from tests.simulation.journals import INSTALLATION, Journal

SHIPPED = Policies.shipped()


@pytest.fixture(scope="module")
def accounts() -> list[list[Journaled]]:
    """The inputs of each account of a journal; the first list is about people."""
    journal = Journal(seed=21, accounts=24)
    return [[journaled(row) for row in rows] for rows in (journal.shared, *journal.by_account)]


def trials_of(accounts: Sequence[Sequence[Journaled]]) -> Trials:
    until = max(inputs[-1].place.now for inputs in accounts[1:])
    return Trials(TrialTerms(SHIPPED, INSTALLATION, until, BEGINNING), accounts[0])


def test_unchanged_the_policy_asks_the_same_people_at_the_same_times(accounts: list[list[Journaled]]) -> None:
    trials, asked = trials_of(accounts), 0
    same = trials.other(policies_with(SHIPPED, SHIPPED.latest.policy, UNCHANGED, BEGINNING))
    for inputs in accounts[1:]:
        lived = trials.lived(inputs)
        again = trials.under(same, lived, inputs)
        assert again.asks == lived.asks, inputs[0].event.subject
        assert again.notifications(BEGINNING) == lived.notifications(BEGINNING)
        asked += len(lived.asks)
    assert asked > 50


def test_every_loss_is_judged_by_the_replays_of_its_own_account(accounts: list[list[Journaled]]) -> None:
    trials, reviewed, caught = trials_of(accounts), 0, 0
    for inputs in accounts[1:]:
        lived = trials.lived(inputs)
        lost = [order for order, one in outcomes_of(lived.replay.state, inputs).items() if one.ending is Ending.LOST]
        for order in lost[:1] if reviewed < 3 else ():
            loss = loss_of(order, lived.replay.state, inputs)
            assert loss is not None
            found = review(order, loss, trials, lived, inputs, lambda _done, _total: None)
            check(found, trials, inputs)
            reviewed, caught = reviewed + 1, caught + len(found.catching)
    assert (reviewed, caught > 0) == (3, True)


def check(found: Reviewed, trials: Trials, inputs: Sequence[Journaled]) -> None:
    """Each change listed notifies in time and earlier. Over this account alone, all counts are its own."""
    assert found.today == found.in_time
    for one in found.catching:
        assert one.first is not None
        assert found.since < one.first.at < found.loss.at
        assert found.in_time is None or one.first.at < found.in_time.at
    best = found.catching[:3]
    counts = NotificationCounts(trials, [one.candidate for one in best], BEGINNING)
    counts.add(inputs)
    assert counts.more == [one.more_notifications for one in best] == sorted(counts.more)
    assert counts.today == found.today_notifications

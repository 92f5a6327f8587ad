"""Episodes, ladders and deadlines stay consistent under any sequence of facts, presses and waits."""

from datetime import timedelta
from random import Random

from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.simulation import buttons, happenings
from tests.simulation.deciding import Deciding
from tests.simulation.happenings import ACCOUNTS, PEOPLE, START
from tests.simulation.invariants import check_state
from tests.simulation.replaying import check_replay

_CHANCE = some.integers(0, 2**32).map(Random)
_PAUSES = some.sampled_from((1, 15, 30, 60, 240, 480, 1500, 6000, 21000)).map(
    lambda minutes: timedelta(minutes=minutes)
)


class Rescues(RuleBasedStateMachine):
    """One account with its orders, and all possible recipients."""

    def __init__(self) -> None:
        super().__init__()
        self.service = Deciding()
        self.account = ACCOUNTS[0]

    @initialize(chance=_CHANCE)
    def begin(self, chance: Random) -> None:
        for report in happenings.beginning(chance):
            self.service.receive(report)

    @rule(chance=_CHANCE)
    def something_happens(self, chance: Random) -> None:
        self.service.receive(happenings.fact_of(chance, self.account, self.service.now))

    @rule(chance=_CHANCE)
    def the_directory_changes(self, chance: Random) -> None:
        self.service.receive(happenings.directory_change(chance, self.service.now))

    @precondition(lambda self: self.service.episodes())
    @rule(chance=_CHANCE, stranger=some.sampled_from(PEOPLE), by=some.integers(0, 3))
    def somebody_presses(self, chance: Random, stranger: str, by: int) -> None:
        row = chance.choice(list(self.service.episodes().values()))
        people = [row["responsible"], row["acknowledged_by"], row["offered_to"], stranger]
        button = buttons.button(chance, row["episode_id"], people[by] or stranger, self.service.now)
        offer = buttons.pending_offer(self.service.database, row["episode_id"])
        if offer is not None and by == 0:
            button = buttons.answer(chance, offer)
        self.service.press(button, row["account_id"])

    @rule(long=_PAUSES)
    def time_passes(self, long: timedelta) -> None:
        self.service.wait(long)

    @precondition(lambda self: self.service.next_due() is not None)
    @rule()
    def the_next_timer_falls_due(self) -> None:
        due = self.service.next_due()
        assert due is not None
        self.service.wait(max(due - self.service.now, timedelta(0)))

    @invariant()
    def it_is_whole(self) -> None:
        check_state(self.service.database)

    def teardown(self) -> None:
        assert self.service.now >= START
        check_replay(self.service.commits, self.service.database, one_by_one=True)


TestRescues = Rescues.TestCase
TestRescues.settings = settings(max_examples=60, stateful_step_count=20)

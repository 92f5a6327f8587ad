"""Other work on the machine lengthens the times that a round allows; the round's own work does not."""

import pytest

from tests.faults.slowness import Slowness


class Machine:
    """Computes a millisecond when asked, and gets a share of the time that passes."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.computed_seconds = 0.0

    def computed(self) -> float:
        self.computed_seconds += 0.001
        return self.computed_seconds

    def passed(self) -> float:
        return self.computed_seconds / self.share


@pytest.mark.parametrize(("share", "factor"), [(1.0, 1.0), (0.25, 4.0), (2.0, 1.0)])
def test_a_machine_is_slower_by_the_share_that_other_work_takes(share: float, factor: float) -> None:
    machine = Machine(share)
    slowness = Slowness(machine.passed, machine.computed)
    slowness.probe()
    assert slowness.factor == pytest.approx(factor, rel=0.2)


def test_without_a_sample_a_machine_counts_as_quiet() -> None:
    assert Slowness().factor == 1.0

"""Histories that are too long to be among the many, or of which something special is to be seen, keep every promise."""

from collections.abc import Iterator

import pytest

from shared.logs import configure_logging
from tests.log_streams import LogStream, logging_restored
from tests.simulation.ahead import AheadHistory
from tests.simulation.aside import AsideHistory
from tests.simulation.large import LARGE, SMALL, LargeHistory

_OF_EACH = 60


@pytest.fixture(scope="module", autouse=True)
def silence() -> Iterator[None]:
    """What is set aside is logged, with all that it was about."""
    with logging_restored():
        configure_logging("simulation", level="critical", stream=LogStream())
        yield


def test_what_could_not_be_done_for_a_while_ends_as_if_it_always_could() -> None:
    set_aside = 0
    for seed in range(_OF_EACH):
        history = AsideHistory(seed)
        history.play()
        set_aside += history.set_aside
    assert set_aside > _OF_EACH


def test_facts_dated_ahead_count_as_now_or_never_come() -> None:
    counted = refused = 0
    for seed in range(_OF_EACH):
        history = AheadHistory(seed)
        history.play()
        counted, refused = counted + history.counted, refused + history.refused
    assert counted > _OF_EACH
    assert refused > _OF_EACH


def test_an_account_of_thousands_of_facts_among_small_ones() -> None:
    history = LargeHistory(1)
    history.play()
    assert history.known(LARGE) > 4_000
    assert history.known(SMALL) > 0

"""Histories that are too long for the campaign, or that check something special, keep every promise."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from shared import breathing
from shared.logs import configure_logging
from tests.log_streams import LogStream, logging_restored
from tests.simulation.ahead import AheadHistory
from tests.simulation.aside import AsideHistory
from tests.simulation.large import LARGE, SMALL, LargeHistory
from tests.simulation.world import History

_OF_EACH = 60


@pytest.fixture(scope="module", autouse=True)
def silence() -> Iterator[None]:
    """Silence the log of every set-aside record with its details."""
    with logging_restored():
        configure_logging("simulation", level="critical", stream=LogStream())
        yield


def test_accounts_set_aside_for_a_while_end_in_the_same_state() -> None:
    set_aside = 0
    for seed in range(_OF_EACH):
        history = AsideHistory(seed)
        history.play()
        set_aside += history.set_aside
    assert set_aside > _OF_EACH


def test_facts_dated_ahead_count_as_now_or_are_refused() -> None:
    counted = refused = 0
    for seed in range(_OF_EACH):
        history = AheadHistory(seed)
        history.play()
        counted, refused = counted + history.counted, refused + history.refused
    assert counted > _OF_EACH
    assert refused > _OF_EACH


@pytest.mark.parametrize("history", [History, partial(LargeHistory, facts=200)])
def test_a_seed_is_the_same_history_on_a_slow_machine(
    history: Callable[..., History], monkeypatch: pytest.MonkeyPatch
) -> None:
    fast, slow = list[str](), list[str]()
    history(3, fast.append).live()
    monkeypatch.setattr(breathing, "SLICE_SECONDS", 0.0001)
    history(3, slow.append).live()
    assert fast == slow


def test_an_account_of_thousands_of_facts_beside_a_small_one() -> None:
    history = LargeHistory(1)
    history.play()
    assert history.known(LARGE) > 4_000
    assert history.known(SMALL) > 0

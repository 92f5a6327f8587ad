"""For any record the codec returns an event or a reason, and a reason repeats nothing of the record."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hostile.fuzz import fuzz
from tests.hostile.mutations import mutant
from tests.hostile.scale import SEED, scaled
from tests.hostile.verdicts import CODES, judge


@settings(max_examples=scaled(20_000), database=None)
@given(random=st.randoms(use_true_random=False))
def test_a_randomly_spoiled_record_is_an_event_or_poison_that_repeats_nothing(random: Random) -> None:
    judge(mutant(random))


def test_twenty_thousand_spoiled_records_reach_every_outcome() -> None:
    endings = fuzz(scaled(20_000), SEED)
    assert endings.keys() == {*CODES, "accepted"}

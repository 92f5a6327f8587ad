"""The result of a message follows from its results on the devices."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from services.escalation.channels.channel import Ended, Trouble
from services.escalation.channels.web_push.channel import ended_by_all
from services.escalation.domain.delivery_facts import Attempt

ACCEPTED = Ended(Attempt.ACCEPTED)
GONE = Ended(Attempt.REFUSED, "gone", Trouble.RECIPIENT)
TOO_LARGE = Ended(Attempt.REFUSED, "too large", Trouble.MESSAGE)
BUSY = Ended(Attempt.PUT_OFF, "busy", Trouble.PUT_OFF, timedelta(seconds=60))
BUSIER = Ended(Attempt.PUT_OFF, "busier", Trouble.PUT_OFF, timedelta(seconds=90))
AWAY = Ended(Attempt.PUT_OFF, "away", Trouble.NO_ANSWER)
BROKEN = Ended(Attempt.UNKNOWN, "broken", Trouble.BROKEN_OFF)


@pytest.mark.parametrize(
    ("ends", "whole"),
    [
        ([GONE, BUSY, BROKEN, ACCEPTED], ACCEPTED),
        ([GONE, BUSY, BROKEN], BROKEN),
        ([BUSY, TOO_LARGE, BUSIER, AWAY], BUSIER),
        ([AWAY], AWAY),
        ([GONE, TOO_LARGE], TOO_LARGE),
        ([GONE, GONE], Ended(Attempt.REFUSED, "no device receives notifications any more", Trouble.ADDRESS)),
    ],
)
def test_a_message_becomes_what_its_best_device_made_of_it(ends: Sequence[Ended], whole: Ended) -> None:
    assert ended_by_all(ends) == whole

"""From when notifications count as about a loss, by the policy of the lost order."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.escalation.domain.account_state import AccountState
from services.escalation.domain.entities import Episode, Order
from services.escalation.domain.policy.versions import Policies
from services.escalation.replaying.review import counts_since
from tests.unit.policy_texts import with_override

_LOST = datetime.fromisoformat("2026-05-04T09:00:00+00:00")
_CLOSED = _LOST - timedelta(days=40)
_BEGINNING = _LOST - timedelta(days=90)


@pytest.mark.parametrize(("segment", "since"), [(None, _CLOSED), ("enterprise", _BEGINNING)])
def test_a_close_that_was_not_proven_by_the_loss_ended_nothing(segment: str | None, since: datetime) -> None:
    text, _ = with_override('[[overrides]]\nsegment = "enterprise"\nset.results.saved.proven_after = "60d"')
    state = AccountState("north")
    sold_at = _LOST - timedelta(days=100)
    state.orders["n-1"] = Order("n-1", "north", "anna", sold_at, 100_000, "EUR", "A machine", sold_at, segment=segment)
    id = UUID(int=1)
    state.episodes[id] = Episode(id, "north", "n-1", "anna", _CLOSED, _CLOSED, closed_at=_CLOSED, closed_by="anna")
    assert counts_since("n-1", state, _LOST, Policies.beginning_with(text)) == since

"""When a save window ends: by its time, by the law, or by the first of everything that ends it."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.escalation.domain.entities import Episode, Signal, SignalEnd
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.policy.document import overridden, read
from services.escalation.domain.save_windows import End, end_of_episode, end_of_requests, first_end, limit_of
from services.escalation.domain.window_index import WindowIndex
from shared.contracts.escalation import EpisodeResult, SaveWindowEnd, SignalKind
from tests.unit.policy_texts import changed, with_override

_MONDAY = datetime.fromisoformat("2026-05-04T00:00:00+00:00")
_END = SaveWindowEnd


def _at(hours: float) -> datetime:
    return _MONDAY + timedelta(hours=hours)


def _request(at: float, ended: SignalEnd | None = None, ended_at: float = 0) -> Signal:
    over = None if ended is None else _at(ended_at)
    id = UUID(int=int(at * 60))
    return Signal(id, "north", SignalKind.REFUND_REQUESTED, _at(at), _at(at), id, ended=ended, ended_at=over)


@pytest.mark.parametrize(
    ("requested", "within", "legal", "until", "line"),
    [
        (9, "8h", "14d", 17, "within"),
        (15, "8h", "14d", 24 + 14.5, "within"),
        (4 * 24 + 15, "8h", "14d", 7 * 24 + 14.5, "within"),
        (5 * 24 + 12, "1h", "14d", 7 * 24 + 10, "within"),
        (9, "8h", "4h", 13, "legal_limit"),
        (4 * 24 + 15, "8h", "1d", 5 * 24 + 15, "legal_limit"),
        (9, "8h", "8h", 17, "within"),
    ],
    ids=["today", "tomorrow", "over a weekend", "on a Saturday", "the law", "the law, on a Saturday", "both"],
)
def test_a_window_ends_with_working_time_and_never_later_than_the_law_allows(
    requested: float, within: str, legal: str, until: float, line: str
) -> None:
    text, _ = changed('within = "8h"', f'within = "{within}"')
    policy = read(text.replace('legal_limit = "14d"', f'legal_limit = "{legal}"'))
    limit = limit_of(_at(requested), policy)
    assert (limit.until, limit.line) == (_at(until), f"save_window.{line}")


def test_a_segment_may_have_a_window_of_its_own() -> None:
    text, _ = with_override('[[overrides]]\nsegment = "enterprise"\nset.save_window.within = "2h"')
    policy = read(text)
    assert overridden(policy, policy.overrides[0]).save_window.within == timedelta(hours=2)


@pytest.mark.parametrize(
    ("ends", "now", "first"),
    [
        ([], 16, None),
        ([], 17, (17, _END.TIME_UP)),
        ([(12, _END.SAVED)], 16, (12, _END.SAVED)),
        ([(12, _END.SAVED), (11, _END.CUSTOMER_INSISTS)], 16, (11, _END.CUSTOMER_INSISTS)),
        ([(12, _END.SAVED), (12, _END.CUSTOMER_INSISTS)], 16, (12, _END.CUSTOMER_INSISTS)),
        ([(18, _END.LOST)], 19, (17, _END.TIME_UP)),
        ([(17, _END.LOST)], 19, (17, _END.LOST)),
    ],
)
def test_the_first_end_by_its_own_time_counts(
    ends: list[tuple[float, _END]], now: float, first: tuple[float, _END] | None
) -> None:
    found = first_end([End(_at(at), by) for at, by in ends], _at(17), _at(now))
    assert found == (None if first is None else End(_at(first[0]), first[1]))


_CLEARED, _DISPROVED = SignalEnd.CLEARED, SignalEnd.WITHDRAWN


@pytest.mark.parametrize(
    ("requests", "executed", "end"),
    [
        ([_request(1)], {}, None),
        ([_request(1, _CLEARED, 5)], {}, (5, _END.WITHDRAWN)),
        ([_request(1, _CLEARED, 5), _request(2)], {}, None),
        ([_request(1, _CLEARED, 5), _request(2, _CLEARED, 4)], {}, (5, _END.WITHDRAWN)),
        ([_request(1)], {1: 6}, (6, _END.EXECUTED)),
        ([_request(1), _request(2)], {1: 6}, None),
        ([_request(1, _CLEARED, 5), _request(2)], {2: 6}, (6, _END.EXECUTED)),
        ([_request(1, _CLEARED, 7)], {1: 6}, (6, _END.EXECUTED)),
        ([_request(1, _DISPROVED, 3), _request(2)], {}, None),
        ([_request(1, _DISPROVED, 3), _request(2, _CLEARED, 4)], {}, (4, _END.WITHDRAWN)),
        ([_request(1, _DISPROVED, 3)], {}, (3, _END.CAUSE_GONE)),
    ],
)
def test_the_requests_end_with_the_last_one(
    requests: list[Signal], executed: dict[int, float], end: tuple[float, _END] | None
) -> None:
    found = end_of_requests(requests, {UUID(int=60 * id): _at(at) for id, at in executed.items()})
    assert found == (None if end is None else End(_at(end[0]), end[1]))


@pytest.mark.parametrize(
    ("result", "by"),
    [
        (EpisodeResult.SAVED, _END.SAVED),
        (EpisodeResult.LOST, _END.LOST),
        (EpisodeResult.FALSE_ALARM, _END.NOT_OURS),
        (EpisodeResult.INFORMED, _END.NOT_OURS),
        (EpisodeResult.CAUSE_GONE, _END.CAUSE_GONE),
    ],
)
def test_a_close_ends_the_window(result: EpisodeResult, by: SaveWindowEnd) -> None:
    plain = {"salesperson": None, "raised_at": _at(1), "changed_at": _at(1)}
    closed = Episode(UUID(int=1), "north", "n-1", closed_at=_at(9), result=result, **plain)  # type: ignore[arg-type]
    assert end_of_episode(closed) == End(_at(9), by)


def test_a_fact_judges_one_window_of_its_order_however_many_there_were() -> None:
    windows = WindowIndex()
    for number in range(1_000):
        windows.put_request(_request(number), Episode(UUID(int=number), "north", "o-1", "anna", _at(9), _at(9)))
    last = UUID(int=999)
    assert windows.unjudged == {last}
    windows.unjudged.clear()
    windows.note_fact(AccountFact(UUID(int=1), "north", FactKind.REFUND_PAID, _at(2_000), order_id="o-1"))
    assert windows.unjudged == {last}
    assert windows.requests_of(UUID(int=1)) == []

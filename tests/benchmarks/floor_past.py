"""What the floor derives from earlier facts: runs of contacts, whether a case is over, the request
that another repeats.
"""

from datetime import datetime, timedelta
from uuid import UUID

WRITTEN, SAME_CONVERSATION = ("chat", "message", "web"), timedelta(minutes=30)

Past = tuple[str, str | None, str | None, int | None, UUID, str | None, datetime, str | None, str | None]
"""An earlier fact: its kind, its case, a contact's result, a case's reassignments, its id, its order, when it happened,
a contact's channel, a digest of a request's words."""


def asked(one: Past) -> tuple[str, str | None, str | None]:
    """What a request is about: its case, else its order."""
    return one[0], one[1], None if one[1] is not None else one[5]


def earliest(past: list[Past]) -> int | None:
    """The index of the request that the last one repeats, if no talk came in between."""
    first = None
    for place in range(len(past) - 1, -1, -1):
        if past[place][2] == "answered":
            break
        if asked(past[place]) == asked(past[-1]):
            first = place
    return None if first in (None, len(past) - 1) else first


def is_over(past: list[Past], case: str | None) -> bool:
    if case is None:
        return False
    bounds = [one[0] for one in past if one[1] == case and one[0] in ("case_opened", "case_reopened", "case_resolved")]
    return bounds[-1:] == ["case_resolved"]


def run_of(past: list[Past], case: str | None) -> tuple[list[tuple[UUID, str | None]], int]:
    """The contacts about a matter since it was last settled, and how often it was settled before. The run is empty if
    the last fact settles it."""
    run, times = list[tuple[UUID, str | None]](), 0
    last, counted = dict[str | None, tuple[datetime, UUID]](), set[UUID]()
    for kind, about, result, _, fact, order, at, channel, _ in past:
        if about != case:
            continue
        if kind == "contact":
            before, conversation = last.get(channel, (at, fact))
            if channel not in WRITTEN or at > before + SAME_CONVERSATION:
                conversation = fact
            last[channel] = at, conversation
        settled = kind == "case_resolved" if case is not None else result == "answered"
        if settled:
            run, times, counted = [], times + 1, set()
        elif kind == "contact" and conversation not in counted:
            counted.add(conversation)
            run.append((fact, order))
    return run, times


def is_open(past: list[Past], case: str) -> bool:
    for kind, about, *_ in reversed(past):
        if about == case and kind in ("case_opened", "case_reopened", "case_resolved"):
            return kind != "case_resolved"
    return False

"""Groups lines into conversations. A conversation counts as one contact in every rule that counts contacts."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from services.escalation.domain.facts import AccountFact, FactKind

_WRITTEN = ("chat", "message", "web")
"""Channels on which people write line by line. On other channels each call, letter or visit is one contact."""


def conversations(
    lines: Iterable[AccountFact], within: Callable[[AccountFact], timedelta]
) -> Iterator[tuple[AccountFact, UUID]]:
    """Each line of one matter with its conversation's first line. `lines` are of both directions, in their order.

    Lines that name the same conversation belong together. Other lines belong together if they were written on one
    channel, each at most `within` after the line before.
    """
    named: dict[str, UUID] = {}
    last: dict[str, tuple[datetime, UUID]] = {}
    for line in lines:
        if line.kind is not FactKind.CONTACT:
            continue
        first = line.fact_id
        if line.conversation is not None:
            first = named.setdefault(line.conversation, first)
        elif line.channel in _WRITTEN and line.channel in last:
            before, known = last[line.channel]
            first = known if line.at <= before + within(line) else first
        if line.channel is not None:
            last[line.channel] = line.at, first
        yield line, first

"""Lines of one conversation are one contact, for whatever counts contacts."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from services.escalation.domain.facts import AccountFact, FactKind

_WRITTEN = ("chat", "message", "web")
"""Channels on which people write line by line. A call, a letter or a visit is a contact of its own."""


def conversations(
    lines: Iterable[AccountFact], within: Callable[[AccountFact], timedelta]
) -> Iterator[tuple[AccountFact, UUID]]:
    """Each line of one matter with its conversation, by the first line of that. `lines` are both ways, in their order.

    Lines that name one conversation belong together; of the others those that were written on one channel, each at
    most `within` the line before.
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

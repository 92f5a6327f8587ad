"""One trouble is one finding, however often it is told and whoever notices it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from services.escalation.domain.findings.finding import Finding


class Trouble(NamedTuple):
    """What findings of one kind have in common that are one: their matter, and the fact that ends them."""

    case: str | None
    order: str | None
    ended_by: UUID | None


def trouble_of(finding: Finding) -> Trouble:
    ended_by = finding.cleared_by.fact_id if finding.cleared_by is not None else None
    return Trouble(finding.case_id, finding.names_order, ended_by)


def merged(found: Iterable[Finding]) -> Iterator[Finding]:
    """Of findings of one kind that are one trouble the earliest: counted twice, it would look graver than it is."""
    troubles: dict[Trouble, list[Finding]] = {}
    for finding in found:
        troubles.setdefault(trouble_of(finding), []).append(finding)
    for same in troubles.values():
        same.sort(key=lambda one: (one.at, one.signal_id))
        told = (one.cause for one in same if not one.by_silence)
        yield replace(same[0], told_by=next(told, None)) if same[0].by_silence else same[0]

"""The part of a policy that decides who sees figures about salespeople."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from services.escalation.domain.policy.values import Section


class Individual(StrEnum):
    """Who sees the figures of one person: the person alone, or also every manager above them."""

    SELF = "self"
    MANAGER = "manager"


class FiguresRule(Section):
    """Who sees the figures of one person, and the fewest salespeople that figures of a group are shown for.

    Three at least: of two people, each could subtract their own figures.
    """

    individual: Individual = Individual.SELF
    smallest_group: Annotated[int, Field(ge=3, le=1000)] = 8

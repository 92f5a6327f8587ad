"""Damage to what a run left behind, each with the promises that it breaks. Start at `DAMAGES`."""

from tests.faults.damages import judgement, outcomes, streams
from tests.faults.damages.registry import DAMAGES, Damage, Spoil, spoilt

__all__ = ["DAMAGES", "Damage", "Spoil", "judgement", "outcomes", "spoilt", "streams"]

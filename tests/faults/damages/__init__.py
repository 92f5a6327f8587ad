"""Damage to the evidence of a run, each with the promises that it breaks. Start at `DAMAGES`."""

from tests.faults.damages import endings, judgement, outcomes, streams
from tests.faults.damages.registry import DAMAGES, Damage, Spoil, spoilt

__all__ = ["DAMAGES", "Damage", "Spoil", "endings", "judgement", "outcomes", "spoilt", "streams"]

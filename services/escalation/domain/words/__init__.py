"""Facts in words: what a person reads on a page, in an e-mail, in a timeline. Start at `describe` in `facts.py`."""

from services.escalation.domain.words.facts import Described, describe
from services.escalation.domain.words.phrases import LOCALE, absolute, ago, counted, cut, day, money
from services.escalation.domain.words.signals import SIGNAL_LABELS, STRONG, Risk, WhyNow, is_strong, why_now

__all__ = [
    "LOCALE",
    "SIGNAL_LABELS",
    "STRONG",
    "Described",
    "Risk",
    "WhyNow",
    "absolute",
    "ago",
    "counted",
    "cut",
    "day",
    "describe",
    "is_strong",
    "money",
    "why_now",
]

"""Facts in words for pages, e-mails and timelines. Start at `describe` in `facts.py`."""

from services.escalation.domain.formatting import (
    LOCALE,
    absolute,
    ago,
    counted,
    cut,
    cut_at_word,
    day,
    known_money,
    left,
    local_clock,
    money,
    ordinal,
    overdue,
)
from services.escalation.domain.risk import Risk
from services.escalation.domain.words.causes import Before, again_words, cause_words, promised_words, went_on_words
from services.escalation.domain.words.endings import RULES_CHANGED, ended
from services.escalation.domain.words.facts import BY_CHANNEL, Described, describe, happened_at
from services.escalation.domain.words.ladder import (
    FOR_INFORMATION,
    MUST_NOT_BE_CALLED,
    RESULTS,
    SEVERITIES,
    STEPS,
)
from services.escalation.domain.words.said import ANSWERS, NO_PROOF, complained_since, customer_said, said_so
from services.escalation.domain.words.signals import (
    SIGNAL_LABELS,
    WhyNow,
    headline,
    label,
    why_now,
)

__all__ = [
    "ANSWERS",
    "BY_CHANNEL",
    "FOR_INFORMATION",
    "LOCALE",
    "MUST_NOT_BE_CALLED",
    "NO_PROOF",
    "RESULTS",
    "RULES_CHANGED",
    "SEVERITIES",
    "SIGNAL_LABELS",
    "STEPS",
    "Before",
    "Described",
    "Risk",
    "WhyNow",
    "absolute",
    "again_words",
    "ago",
    "cause_words",
    "complained_since",
    "counted",
    "customer_said",
    "cut",
    "cut_at_word",
    "day",
    "describe",
    "ended",
    "happened_at",
    "headline",
    "known_money",
    "label",
    "left",
    "local_clock",
    "money",
    "ordinal",
    "overdue",
    "promised_words",
    "said_so",
    "went_on_words",
    "why_now",
]

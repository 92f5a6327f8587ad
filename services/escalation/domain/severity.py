"""The severity of an episode, from its signals, the money and the policy. It only rises while the episode is open."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from services.escalation.domain.entities import Order, Signal
from services.escalation.domain.main_signal import all_for_information, counting_signals
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.signals import SIGNALS
from services.escalation.domain.stakes import Amount, stakes
from services.escalation.domain.words import SIGNAL_LABELS
from shared.contracts.escalation import REQUESTS, Severity

NO_TROUBLE_OF_ITS_OWN = frozenset(kind for kind, signal in SIGNALS.items() if not signal.of_its_own)
"""Kinds that only carry out or announce another trouble; beside it they do not raise the severity."""

BAD_CONTACTS = frozenset(kind for kind, signal in SIGNALS.items() if signal.bad_contact)


@dataclass(frozen=True, slots=True)
class SeverityAssessment:
    """A severity, the reason in words, and the policy lines that determined it."""

    severity: Severity
    why: str
    policy_path: str


def assess_severity(signals: Collection[Signal], order: Order, policy: Policy) -> SeverityAssessment:
    """The severity of the most severe signal, a level higher for each rise that applies. There must be a signal.

    Signals for information do not count beside others. Alone they have the severity `watch`.
    """
    if all_for_information(signals, policy):
        return SeverityAssessment(Severity.WATCH, "for information", "plays.refund_kinds")
    signals = counting_signals(signals, policy)
    gravest = max(signals, key=lambda signal: (_level(signal, policy), signal.at, signal.signal_id))
    level = _level(gravest, policy)
    whys, paths = [SIGNAL_LABELS[gravest.kind].lower()], [f"signals.{gravest.kind.value}.severity"]
    for why, path in _rises(signals, order, policy):
        level += 1
        whys.append(why)
        paths.append(path)
    return SeverityAssessment(tuple(Severity)[min(level, Severity.CRITICAL.rank)], ", ".join(whys), ", ".join(paths))


def _level(signal: Signal, policy: Policy) -> int:
    return policy.signals.of(signal.kind).severity.rank


def _rises(signals: Collection[Signal], order: Order, policy: Policy) -> Iterator[tuple[str, str]]:
    rises = policy.rises
    for currency, stake in stakes(signals, Amount(order.amount_minor, order.currency)).items():
        if currency in rises.large_amount and stake >= rises.large_amount[currency]:
            yield "large amount", f"rises.large_amount.{currency}"
            break
    kinds = {signal.kind for signal in signals}
    troubles = len(kinds - NO_TROUBLE_OF_ITS_OWN)
    if troubles >= rises.many_signals:
        yield f"{troubles} different problems", "rises.many_signals"
    if rises.request_after_bad_contact and kinds & REQUESTS and kinds & BAD_CONTACTS:
        yield "request after a bad contact", "rises.request_after_bad_contact"

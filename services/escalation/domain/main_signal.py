"""The signal that an episode is about: headline, mail, list, script and alerts all use `main_signal`."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from services.escalation.domain.policy.model import Policy
from shared.contracts.escalation import REQUESTS, SignalKind


class Weighed(Protocol):
    """The weighed data of a signal, which may be an entity or a row."""

    @property
    def signal_id(self) -> UUID: ...
    @property
    def kind(self) -> SignalKind: ...
    @property
    def at(self) -> datetime: ...
    @property
    def refund_kind(self) -> str | None: ...


S = TypeVar("S", bound=Weighed)


def main_signal(signals: Iterable[S], policy: Policy) -> S | None:
    """The request for money or a cancellation, else the most severe signal; of equals the latest, then the highest id.
    A signal for information comes after all others."""

    def weight(signal: S) -> tuple[bool, bool, int, datetime, UUID]:
        rank = policy.signals.of(signal.kind).severity.rank
        return not is_for_information(signal, policy), signal.kind in REQUESTS, rank, signal.at, signal.signal_id

    return max(signals, key=weight, default=None)


def is_for_information(signal: Weighed, policy: Policy) -> bool:
    """Whether a signal is for information: a refund request of a kind without a play. It needs no response."""
    refund = signal.kind is SignalKind.REFUND_REQUESTED
    return refund and signal.refund_kind is not None and signal.refund_kind not in policy.plays.refund_kinds


def all_for_information(signals: Collection[Weighed], policy: Policy) -> bool:
    """Whether an episode with these standing signals is for information. There must be a signal."""
    return bool(signals) and all(is_for_information(signal, policy) for signal in signals)


def counting_signals(signals: Collection[S], policy: Policy) -> list[S]:
    """The signals that determine an episode's severity; those for information count only if there are no others."""
    counting = [signal for signal in signals if not is_for_information(signal, policy)]
    return counting or list(signals)

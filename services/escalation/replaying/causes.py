"""Why a person was not alerted, or did not respond: the documented causes, in the order in which they count."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final


class Cause(StrEnum):
    """Why a person who should have been alerted was not, or did not respond. The first cause that holds counts."""

    DEAD_LETTERED = "dead_lettered"
    ERASED = "erased"
    OLDER_RULES = "older_rules"
    REPORTED_LATE = "reported_late"
    TOO_OLD = "too_old"
    NO_SALE = "no_sale"
    SELLER_UNKNOWN = "seller_unknown"
    WAITING = "waiting"
    SWITCHED_OFF = "switched_off"
    BELOW_THRESHOLD = "below_threshold"
    FOR_INFORMATION = "for_information"
    MUST_NOT_BE_CONTACTED = "must_not_be_contacted"
    OBSERVING = "observing"
    MANAGER_ONLY = "manager_only"
    HAD_IT_ALREADY = "had_it_already"
    ENDED_FIRST = "ended_first"
    AWAY = "away"
    NOT_AT_WORK = "not_at_work"
    NO_CHANNEL = "no_channel"
    STORM = "storm"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    UNEXPLAINED = "unexplained"


WORDS: Final[Mapping[Cause, str]] = {
    Cause.DEAD_LETTERED: "the input is a dead letter",
    Cause.ERASED: "the input was erased",
    Cause.OLDER_RULES: "decided by the rules of an earlier release",
    Cause.REPORTED_LATE: "reported only after it had ended",
    Cause.TOO_OLD: "too old when it was first reported",
    Cause.NO_SALE: "no sale to the customer is known",
    Cause.SELLER_UNKNOWN: "no seller, or one who is not in the directory",
    Cause.WAITING: "still waits for its order or seller, or for a response that is not due yet",
    Cause.SWITCHED_OFF: "the policy of that time had the signal switched off",
    Cause.BELOW_THRESHOLD: "below the thresholds of that time, but not below today's",
    Cause.FOR_INFORMATION: "for information, beside a signal that asks for a response",
    Cause.MUST_NOT_BE_CONTACTED: "the customer must not be contacted",
    Cause.OBSERVING: "the team only observed",
    Cause.MANAGER_ONLY: "only the manager of the team was notified",
    Cause.HAD_IT_ALREADY: "another person had the episode already",
    Cause.ENDED_FIRST: "the trouble ended first",
    Cause.AWAY: "the person was away, and the next one was notified",
    Cause.NOT_AT_WORK: "the person was not at work, and the next one was notified",
    Cause.NO_CHANNEL: "no address for a message; devices of the past are not known",
    Cause.STORM: "held for a list of many alerts, and not sent",
    Cause.NOT_ACKNOWLEDGED: "alerted, without a response",
    Cause.UNEXPLAINED: "none of these: please report it as a bug",
}
"""What each cause says of a person who should have been alerted."""


class Awaited(StrEnum):
    """What it is that is still awaited. Recall counts all of them as `WAITING`."""

    ORDER = "order"
    SELLER = "seller"
    RESPONSE = "response"


AWAITED_WORDS: Final[Mapping[Awaited, str]] = {
    Awaited.ORDER: "still waits for its order",
    Awaited.SELLER: "still waits for its seller",
    Awaited.RESPONSE: "waits for a response that is not due yet",
}


def first_of(holding: Collection[Cause]) -> Cause:
    """The first cause that holds; `UNEXPLAINED` if none does."""
    return next((cause for cause in Cause if cause in holding), Cause.UNEXPLAINED)

"""The list of all decisions, and the names under which they are stored."""

from collections.abc import Mapping
from typing import Final

from services.escalation.domain.decisions.care import AlertSent, CareTaken, PolicyPublished
from services.escalation.domain.decisions.closing import Closed, ForInformation, Reopened
from services.escalation.domain.decisions.decision import Decision, Kept, KeptWithClock
from services.escalation.domain.decisions.handing_over import (
    HandedOver,
    HandOverLapsed,
    HandOverOffered,
    HandOverWithdrawn,
)
from services.escalation.domain.decisions.managing import Reassigned, TakenOver
from services.escalation.domain.decisions.notifying import (
    Exhausted,
    NobodyFurtherUp,
    NobodyToNotify,
    Notified,
    Observed,
    SellerAwaited,
    ShownInInbox,
    Skipped,
    Unanswered,
    Unavailable,
)
from services.escalation.domain.decisions.offering import (
    ApprovalRequested,
    ApprovalUnanswered,
    ApprovalWithdrawn,
    OfferApproved,
    OfferDeclined,
    OfferMade,
)
from services.escalation.domain.decisions.results import (
    AlarmMissed,
    RelapseWithdrawn,
    SaveProven,
    SaveProvisional,
    SaveRelapsed,
    WonBack,
)
from services.escalation.domain.decisions.save_windows import WindowClosed, WindowOpened, WindowPassedOn
from services.escalation.domain.decisions.severities import SeverityCorrected, SeverityFound, SeverityRaised
from services.escalation.domain.decisions.signals import (
    EpisodeRaised,
    EpisodeSignalled,
    NotNotified,
    OrderPreferred,
    RequestRepeated,
    RequestReportedAgain,
    SignalCleared,
    SignalWaits,
    SignalWithdrawn,
)
from services.escalation.domain.decisions.taking import (
    Acknowledged,
    ClockMoved,
    Expired,
    NoSharedHour,
    PassedOn,
    Queued,
    TalkRequired,
    TalkWaived,
)
from services.escalation.domain.decisions.talking import (
    AppointmentDue,
    AppointmentMade,
    Attempted,
    AttemptKnown,
    ContactMissed,
    PauseEnded,
    Reached,
    Snoozed,
)
from services.escalation.domain.decisions.win_backs import (
    WinBackDone,
    WinBackDue,
    WinBackEnded,
    WinBackPlanned,
    WinBackWaits,
)

DECISIONS: Final[tuple[type[Decision], ...]] = (
    SignalWaits,
    OrderPreferred,
    EpisodeRaised,
    EpisodeSignalled,
    SeverityFound,
    SeverityRaised,
    SeverityCorrected,
    NotNotified,
    RequestReportedAgain,
    RequestRepeated,
    SignalCleared,
    SignalWithdrawn,
    Notified,
    Skipped,
    ShownInInbox,
    Observed,
    SellerAwaited,
    NobodyToNotify,
    NobodyFurtherUp,
    Exhausted,
    Unanswered,
    Unavailable,
    Acknowledged,
    Queued,
    NoSharedHour,
    PassedOn,
    Attempted,
    AttemptKnown,
    Reached,
    AppointmentMade,
    AppointmentDue,
    Snoozed,
    PauseEnded,
    Expired,
    ContactMissed,
    TalkWaived,
    TalkRequired,
    ClockMoved,
    HandOverOffered,
    HandedOver,
    HandOverLapsed,
    HandOverWithdrawn,
    Reassigned,
    TakenOver,
    OfferMade,
    ApprovalRequested,
    ApprovalUnanswered,
    OfferApproved,
    OfferDeclined,
    ApprovalWithdrawn,
    WindowOpened,
    WindowPassedOn,
    WindowClosed,
    Closed,
    ForInformation,
    Reopened,
    SaveProvisional,
    SaveProven,
    SaveRelapsed,
    RelapseWithdrawn,
    WonBack,
    AlarmMissed,
    WinBackPlanned,
    WinBackWaits,
    WinBackDue,
    WinBackDone,
    WinBackEnded,
    CareTaken,
    AlertSent,
    PolicyPublished,
    Kept,
    KeptWithClock,
)
DECISIONS_BY_RULE: Final[Mapping[str, type[Decision]]] = {
    one.rule: one for one in reversed(DECISIONS) if one.rule is not None
}
"""The classes by the name in `escalation.decisions`, the first one if several share it. A retired rule stays listed."""


def names_of(*decisions: type[Decision]) -> tuple[str, ...]:
    """The names under which these decisions are stored. Raises TypeError for one that leaves no record."""
    if any(one.rule is None for one in decisions):
        raise TypeError("a decision without a rule has no name")
    return tuple(one.rule for one in decisions if one.rule is not None)

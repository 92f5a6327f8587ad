"""What escalation and salespeople did about an order at risk, each as one sentence."""

from services.escalation.domain.formatting import absolute, counted
from services.escalation.domain.words.signals import SIGNAL_LABELS
from shared.contracts import escalation
from shared.contracts.escalation import CustomersAnswer
from shared.contracts.fact import Fact
from shared.contracts.support_inbound import ContactChannel

BY_CHANNEL = {
    ContactChannel.PHONE: "by phone",
    ContactChannel.IN_PERSON: "in person",
    ContactChannel.EMAIL: "by e-mail",
    ContactChannel.CHAT: "by chat",
    ContactChannel.MESSAGE: "by message",
    ContactChannel.WEB: "on the web",
    ContactChannel.OTHER: "another way",
}
"""How somebody was reached, the likeliest first."""


def of_escalation(fact: Fact) -> str | None:
    """One sentence for what escalation publishes; None for anything else."""
    return _of_episodes(fact) or _of_signals(fact) or _of_rings(fact) or _of_rescues(fact)


def _of_episodes(fact: Fact) -> str | None:
    match fact:
        case escalation.EpisodeRaised():
            return f"Order {fact.order} came to be at risk"
        case escalation.SeverityRaised():
            return f"Order {fact.order}: now {fact.severity.value}, before {fact.before.value}"
        case escalation.EpisodeExhausted():
            return f"Order {fact.order}: nobody answered, all the way up to the desk"
        case escalation.EpisodeClosed():
            by = f"by {fact.by}" if fact.by else "by itself"
            return f"Order {fact.order}: closed {by} as {_spaced(fact.result.value)} ({_spaced(fact.reason)})"
        case escalation.EpisodeReopened():
            return f"Order {fact.order}: {fact.by} undid the close, it is open again"
        case escalation.PolicyPublished():
            return f"Version {fact.policy_version} of the policy published: {fact.summary}"
    return None


def _of_signals(fact: Fact) -> str | None:
    match fact:
        case escalation.EpisodeSignalled():
            return f"Order {fact.order}: {SIGNAL_LABELS[fact.kind].lower()}"
        case escalation.SignalCleared():
            return f"Order {fact.order}: “{SIGNAL_LABELS[fact.kind].lower()}” is settled"
        case escalation.SignalWithdrawn():
            return f"Order {fact.order}: “{SIGNAL_LABELS[fact.kind].lower()}” turned out to be none"
    return None


def _of_rings(fact: Fact) -> str | None:
    match fact:
        case escalation.AlertRaised():
            return f"{fact.recipient} was alerted"
        case escalation.AlertSent():
            return f"Alert sent by {fact.channel.value}"
        case escalation.EpisodeAcknowledged():
            return f"{fact.by} acknowledged"
        case escalation.AcknowledgementExpired():
            tried = f", after {counted(fact.attempts, 'attempt')}" if fact.attempts else ""
            return f"{fact.by} did not reach the customer in time{tried}"
        case escalation.RescuePassedOn():
            return f"{fact.by} passed it on"
    return None


def _of_rescues(fact: Fact) -> str | None:
    match fact:
        case escalation.CustomerReached():
            way = "" if fact.channel is ContactChannel.OTHER else f" {BY_CHANNEL[fact.channel]}"
            return f"{fact.by} reached the customer{way}"
        case escalation.AppointmentMade():
            return f"{fact.by} is to call the customer on {absolute(fact.at)}"
        case escalation.EpisodeSnoozed():
            return f"{fact.by} put it off until {absolute(fact.until)}"
        case escalation.HandOverOffered():
            return f"{fact.by} asked {fact.to} to take over, until {absolute(fact.until)}"
        case escalation.HandOverAccepted():
            return f"{fact.by} took over from {fact.giver}"
        case escalation.CheckInDone():
            return f"{fact.by} asked how it goes, {BY_CHANNEL[fact.channel]}"
        case escalation.FollowUpAnswered():
            return f"{fact.by} says that the customer said it {_ANSWERED[fact.answer]}"
    return None


_ANSWERED = {
    CustomersAnswer.KEPT: "was kept",
    CustomersAnswer.WORKED: "worked",
    CustomersAnswer.DID_NOT_WORK: "did not work",
}


def _spaced(code: str) -> str:
    return code.replace("_", " ")

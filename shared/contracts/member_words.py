"""Descriptions of events' members, by name. A `Field` may describe its member more exactly."""

from collections.abc import Mapping
from typing import Any

MEANINGS: Mapping[str, str] = {
    "acknowledged_at": "Time of the acknowledgement.",
    "agent": "The employee who spoke or wrote: the ID of a salesperson, or the agent's name in the help desk.",
    "alert": "ID of the alert.",
    "amount_minor": "Amount of the refund in the currency's smallest unit: 12900 is €129.00. If absent, all of it.",
    "assigned_to": "The team or person that has the case now, as named in the help desk.",
    "at": "Time of the event.",
    "attempts": "Number of attempts to reach the customer.",
    "because": "Kind of fact that caused it, such as `refund_withdrawn`.",
    "before": "The severity before this event.",
    "by": "ID of the salesperson who did it.",
    "case": "ID of the case in the help desk.",
    "cause": "Reason why this person is notified now.",
    "channel": "Channel of the conversation or the attempt.",
    "closed_at": "Time at which the episode was closed.",
    "code": "Code of the reason, such as `invalid_field` or `time_ahead`.",
    "contact": "The contact that needs no answer. If absent, every contact on the case so far.",
    "conversation": "ID of the conversation of this line: all lines of a conversation count as one contact.",
    "courtesy": "Marks a message that needs no response: `thanks` or `automatic_reply`. "
    "It does not count as a contact.",
    "currency": "Currency code of ISO 4217: three letters.",
    "days": "Days of the week.",
    "dead_letter": "ID of the dead letter, for `handoff dead-letters show`.",
    "digest": "SHA-256 of the policy's document, in hexadecimal.",
    "direction": "`inbound`: the customer contacted the company; `outbound`: the company contacted the customer.",
    "due_at": "Time by which the answer is due.",
    "email": "E-mail address.",
    "end": "End of the working hours, local time; `24:00` is midnight.",
    "episode": "ID of the episode: all open risk on one order, until it is closed.",
    "follows": "ID of the previous, closed episode of the same order.",
    "giver": "ID of the salesperson who hands it over.",
    "id": "ID of the event that reported the contact.",
    "intent": "What the customer says they will do: `leaving` counts as a cancellation request.",
    "kind": "Kind of signal, such as `refund_requested`.",
    "name": "Name of the person.",
    "offset": "Offset of the record in its partition. Absent for an event received over HTTP.",
    "order": "ID of the order.",
    "partition": "Partition of the record. Absent for an event received over HTTP.",
    "person": "The person who acted for the customer.",
    "phone": "Telephone number, with its country code or as it is dialled in the customer's country.",
    "policy_version": "Version of the policy behind this decision.",
    "preference": "`do_not_call`, `dispute` or `deceased`: the customer must not be called. "
    "`none`: the customer may be called.",
    "rating": "The customer's rating; higher is better.",
    "reason": "Reason, in words.",
    "reason_code": "The customer's reason as a code, such as `too_expensive`. The policy says what each code means.",
    "reassignments": "Number of reassignments since the case was opened.",
    "recipient": "ID of the salesperson who is notified.",
    "reopened_at": "Time at which the episode was reopened.",
    "result": "Result of the contact.",
    "salesperson": "ID of the salesperson who made the sale. Absent for a sale without a seller.",
    "scale": "The highest possible rating.",
    "sent_at": "Time at which the channel accepted the alert.",
    "service": "The service that could not apply it: orders, support or escalation.",
    "severity": "Severity: `watch`, `high` or `critical`.",
    "signal": "ID of the signal.",
    "source": "Source of the event that reported the contact.",
    "start": "Start of the working hours, local time.",
    "status": "Status of the case, as the help desk names it.",
    "step": "The recipient's step on the escalation path, such as `seller` or `manager`.",
    "summary": "One line that says what changed and why.",
    "test": "True: a test, which raises no signal.",
    "title": "Subject of the case, in one line.",
    "to": "ID of the salesperson to whom the episode is offered.",
    "topic": "Topic of the record. For an event received over HTTP, the topic on which it could have been sent.",
    "until": "End of the period.",
    "version": "Version of the policy, counted from 1.",
    "waiting_for": "Who has to act next: `us`, `customer` or `nobody`. If absent, the policy decides by the status.",
    "words": "What the customer said or wrote, in their own words.",
    "working_hours": "Working hours. If absent, the company's.",
}

_SAVER = "ID of the salesperson who closed the episode as saved."
_COUNTS_WITH = "ID of a later episode of the same order that decided for both; the money counts there."

OF_ONE_TYPE: Mapping[str, Mapping[str, str]] = {
    "AcknowledgementExpired": {"by": "ID of the acknowledger."},
    "AlertRaised": {"because": "Reason why it is this person, as a code such as `no_seller`."},
    "AlertSent": {"channel": "Channel that accepted the alert."},
    "AnswerNotNeeded": {"by": "ID of the employee who decided it.", "reason": "Reason why it needs no answer."},
    "AppointmentMade": {"at": "Time at which the customer wants to be called."},
    "CaseClosed": {"reason": "Reason why the customer's messages on the case need no answer."},
    "EpisodeClosed": {
        "by": "ID of the salesperson who closed it. Absent if it closed by itself.",
        "contributed": "What the sale itself contributed to a loss, as the salesperson says. Absent: not answered.",
        "may_call_again": "Whether the customer may be called again after a loss. Absent: not answered.",
        "reason": "Reason for the result, as a code such as `problem_solved`.",
        "result": "Outcome of the episode.",
    },
    "EpisodeSnoozed": {"until": "Time at which the salesperson is notified again."},
    "FollowUpAnswered": {
        "answer": "The customer's answer: our promise was kept, their own part is done, the expected result was "
        "reached, or it was not.",
        "at": "Time of the conversation.",
        "by": "ID of the salesperson who reports the answer.",
        "channel": "Channel of the conversation.",
    },
    "WinBackAnswered": {
        "answer": "The customer's answer: they come back, want a later call, or do not come back.",
        "at": "Time of the conversation.",
        "by": "ID of the salesperson who reports the answer.",
        "channel": "Channel of the conversation.",
        "due_at": "Time of the next call, if the customer wants it later.",
    },
    "WinBackDue": {"due_at": "Time for which the call was planned."},
    "WinBackEnded": {"at": "Time at which it ended.", "because": "Reason why no one calls any more."},
    "WinBackPlanned": {"due_at": "Time of the call.", "reason": "Reason for the loss, as a code such as `price`."},
    "WinBackWaits": {
        "losses": "Losses for this reason in the customer's segment, within 30 days.",
        "reason": "Reason for the loss, as a code such as `price`.",
        "requests": "Refund and cancellation requests in the customer's segment, within 30 days.",
        "since": "Time since when it waits.",
    },
    "HandOverOffered": {"until": "Time limit for accepting."},
    "PolicyPublished": {"by": "ID of the salesperson who published it."},
    "RefundRequested": {"kind": "Kind of refund request. If absent, `dissatisfaction`."},
    "RelapseWithdrawn": {"by": _SAVER},
    "SaveProven": {
        "by": _SAVER,
        "counts_with": _COUNTS_WITH,
        "proven_at": "Time up to which nothing disproved the save.",
    },
    "SaveRelapsed": {
        "at": "Time of the fact that disproves the save.",
        "because": "Kind of signal that the fact is, such as `refund_paid`.",
        "by": _SAVER,
        "counts_with": _COUNTS_WITH,
        "follow_up": "ID of the episode that the fact opened or joined. Absent if the fact was known at the close.",
    },
    "WonBack": {
        "lost_at": "Time at which the episode was closed as lost.",
        "new_order": "ID of the order by which the customer was won back.",
        "sold_at": "Time of that sale.",
    },
}
"""What members mean in one class alone."""

_ACTED = "The person who acted for the customer, if it was not the customer."


def describe_members(schema: dict[str, Any]) -> None:
    """Describe the members of a JSON Schema that have no description of their own."""
    meanings = {**MEANINGS, **OF_ONE_TYPE.get(schema.get("title", ""), {})}
    for name, member in schema.get("properties", {}).items():
        meaning = _ACTED if name == "by" and "Person" in str(member) else meanings.get(name)
        if meaning is not None:
            member.setdefault("description", meaning)

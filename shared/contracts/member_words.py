"""What members of events mean, for those that mean the same wherever they stand. A `Field` may say it more exactly."""

from collections.abc import Mapping
from typing import Any

MEANINGS: Mapping[str, str] = {
    "acknowledged_at": "When the episode was acknowledged.",
    "agent": "Who of us spoke or wrote: the ID of a salesperson, or what the help desk calls its agent.",
    "alert": "ID of the alert.",
    "amount_minor": "How much is asked back, in the currency's smallest unit: 12900 is €129.00. Missing: all of it.",
    "assigned_to": "The team or person that has the case now, in the help desk's own words.",
    "at": "When it happened.",
    "attempts": "How many attempts to reach the customer were made.",
    "because": "Why, as a code.",
    "before": "The severity until then.",
    "by": "ID of the salesperson who did it.",
    "case": "ID of the case in the help desk.",
    "cause": "Why this person is notified now.",
    "channel": "How they tried to reach each other.",
    "closed_at": "When the episode was closed.",
    "code": "Why, as a code: `invalid_field`, `time_ahead` and the like.",
    "contact": "The contact that needs no answer.",
    "conversation": "ID of the conversation that this line belongs to: lines of one conversation count as one contact.",
    "courtesy": "Says that nothing is asked: `thanks`, or `automatic_reply`. It counts as no contact and no trouble.",
    "currency": "Three letters of ISO 4217.",
    "days": "On which days of the week.",
    "dead_letter": "ID of the dead letter, for `handoff dead-letters show`.",
    "digest": "SHA-256 of the policy's document, in hexadecimal.",
    "direction": "`inbound`: the customer tried to reach us; `outbound`: we tried to reach the customer.",
    "due_at": "When it is due.",
    "email": "E-mail address.",
    "end": "Until what time of the day, local time; `24:00` is midnight.",
    "episode": "ID of the episode: everything at risk on one order, until it is closed.",
    "follows": "ID of the closed episode of the same order that came before.",
    "giver": "ID of the salesperson who hands it over.",
    "id": "The ID of the event that told of it.",
    "intent": "What the customer says they will do: `leaving` counts as a cancellation request.",
    "kind": "Kind of the signal: which trouble it is.",
    "name": "Name.",
    "offset": "Where the record stood in its partition; missing for what came by HTTP.",
    "order": "ID of the order.",
    "partition": "The partition in which the record stood; missing for what came by HTTP.",
    "person": "Who acted for the customer.",
    "phone": "Telephone number, with its country code or as it is dialled in the customer's country.",
    "policy_version": "The version of the policy by which this was decided.",
    "preference": "Whether the customer may be called.",
    "rating": "The customer's rating; the higher, the more content.",
    "reason": "Why.",
    "reassignments": "How often the case has changed hands since it was opened.",
    "recipient": "ID of the salesperson who is notified.",
    "reopened_at": "When the episode was opened again.",
    "result": "How it ended.",
    "salesperson": "ID of the salesperson who made the sale; missing where nobody did.",
    "scale": "The highest rating there is.",
    "sent_at": "When the channel accepted the alert.",
    "service": "The service that could not apply it: orders, support or escalation.",
    "severity": "How grave it is: `watch`, `high` or `critical`.",
    "signal": "ID of the signal.",
    "source": "The source of that event.",
    "start": "From what time of the day, local time.",
    "status": "The case's status, in the help desk's own words.",
    "step": "Whose turn it is on the escalation path.",
    "summary": "What changes and why, in one line.",
    "test": "True: it is a test, and raises nothing.",
    "title": "What the case is about, in a line.",
    "to": "ID of the salesperson to whom it is offered.",
    "topic": "The topic of the record, or the one on which the event would have been a record.",
    "until": "Until when.",
    "version": "The policy's version, counted from 1.",
    "waiting_for": "Whose turn it is: ours, the customer's or nobody's; missing: what the policy makes of the status.",
    "words": "What the customer said or wrote, in their own words.",
    "working_hours": "When this person works; missing: when the company does.",
}

OF_ONE_TYPE: Mapping[str, Mapping[str, str]] = {
    "AlertSent": {"channel": "How the alert left."},
    "AnswerNotNeeded": {"by": "ID of who says so.", "reason": "Why it needs no answer."},
    "AppointmentMade": {"at": "When the customer wants to be called."},
    "CaseClosed": {"reason": "Why what was sent on the case needs no answer."},
    "EpisodeClosed": {"by": "ID of the salesperson who closed it; missing: it closed by itself."},
    "EpisodeSnoozed": {"until": "When the salesperson is reminded."},
    "FollowUpAnswered": {
        "answer": "What the customer said: the promise was kept, what they expected worked, or did not work.",
        "at": "When they talked.",
        "by": "ID of the salesperson who says so.",
        "channel": "How they talked.",
    },
    "HandOverOffered": {"until": "Until when it can be accepted."},
    "PolicyPublished": {"by": "ID of who published it."},
}
"""What members mean in one class alone."""

_ACTED = "Who acted for the customer, if it was not the customer."


def describe_members(schema: dict[str, Any]) -> None:
    """Give the members of a JSON Schema that say nothing of themselves what they mean."""
    meanings = {**MEANINGS, **OF_ONE_TYPE.get(schema.get("title", ""), {})}
    for name, member in schema.get("properties", {}).items():
        meaning = _ACTED if name == "by" and "Person" in str(member) else meanings.get(name)
        if meaning is not None:
            member.setdefault("description", meaning)

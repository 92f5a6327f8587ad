"""Publishes the next version of the policy as a fact; the version is in force from then on."""

from services.escalation.domain.decisions.care import PolicyPublished
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Salesperson
from services.escalation.domain.own_facts import PolicySubmitted
from services.escalation.domain.policy.document import digest, read
from services.escalation.domain.policy.errors import PolicyErrors
from services.escalation.domain.policy.versions import PolicyVersion


def publish_policy(draft: Draft[PolicySubmitted]) -> None:
    """Make a document the next version, unless it is invalid, already in force, or based on an older version.

    The publisher must be a person whom others can ask about it.
    """
    fact, latest = draft.fact, draft.work.policies.latest
    by = draft.work.people.get(fact.by)
    if by is None or not by.active:
        draft.reject("publisher_unknown", _nobody(fact.by) if by is None else _gone(by))
        return
    if digest(fact.document) == latest.digest:
        draft.reject("policy_unchanged", f"this document is already in force, as version {latest.version}.")
        return
    if fact.onto is not None and fact.onto != latest.version:
        draft.reject("policy_moved_on", _moved_on(fact.onto, latest))
        return
    try:
        policy = read(fact.document)
    except PolicyErrors as error:
        draft.reject("policy_invalid", str(error))
        return
    since = max(draft.now, latest.since)  # a clock that was set back must not change the past
    version = PolicyVersion(latest.version + 1, since, policy, fact.document, fact.by, fact.summary)
    draft.work.put_policy(version)
    draft.decide(PolicyPublished(version))


def _nobody(id: str) -> str:
    return (
        f"{id} is not in the directory. Give the ID of an active salesperson, as in `salesperson_changed`, or "
        "add the publisher to the directory first."
    )


def _gone(by: Salesperson) -> str:
    return f"{by.salesperson_id} ({by.name}) is no longer active. Give the ID of an active salesperson."


def _moved_on(onto: int, latest: PolicyVersion) -> str:
    if onto > latest.version:
        return f"there is no version {onto}: the latest is {latest.version}."
    return (
        f"version {onto} is no longer the latest: {latest.published_by} published version {latest.version}. "
        f"`handoff policy diff {onto}` lists the differences; include them first."
    )

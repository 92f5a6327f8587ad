"""The policy's next version: published like anything else that happens, and in force from then on."""

from services.escalation.domain.entities import Salesperson
from services.escalation.domain.own_facts import PolicyPublishing
from services.escalation.domain.policy.document import digest, read
from services.escalation.domain.policy.errors import PolicyErrors
from services.escalation.domain.policy.versions import PolicyVersion
from services.escalation.handlers.turn import Turn
from shared.contracts.escalation import PolicyPublished


def publish_policy(turn: Turn[PolicyPublishing]) -> None:
    """Make a document the next version, unless it is no policy, the one in force already, or made of an older one.

    Whoever publishes it must be somebody whom one can ask about it.
    """
    fact, latest = turn.fact, turn.book.policies.latest
    by = turn.book.people.get(fact.by)
    if by is None or not by.active:
        turn.reject("publisher_unknown", _nobody(fact.by) if by is None else _gone(by))
        return
    if digest(fact.document) == latest.digest:
        turn.reject("policy_unchanged", f"this document is already in force, as version {latest.version}.")
        return
    if fact.onto is not None and fact.onto != latest.version:
        turn.reject("policy_moved_on", _moved_on(fact.onto, latest))
        return
    try:
        policy = read(fact.document)
    except PolicyErrors as error:
        turn.reject("policy_invalid", str(error))
        return
    since = max(turn.now, latest.since)  # a clock that was set back must not change what counted before
    version = PolicyVersion(latest.version + 1, since, policy, fact.document, fact.by, fact.summary)
    turn.book.put_policy(version)
    told = PolicyPublished(version=version.version, by=fact.by, summary=fact.summary, digest=version.digest)
    turn.publish(told, at=since)


def _nobody(id: str) -> str:
    return (
        f"{id} is not in the directory. Give the id of an active salesperson, as `salesperson_changed` names it; add "
        "whoever publishes policies there first."
    )


def _gone(by: Salesperson) -> str:
    return f"{by.salesperson_id} ({by.name}) is not active any more. Give the id of an active salesperson."


def _moved_on(onto: int, latest: PolicyVersion) -> str:
    if onto > latest.version:
        return f"there is no version {onto}: the latest is {latest.version}."
    return (
        f"version {onto} is not the latest any more: {latest.published_by} published version {latest.version}. "
        f"`handoff policy diff {onto}` lists what differs; take it over first."
    )

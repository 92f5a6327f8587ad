"""The policy's next version: published like anything else that happens, and in force from then on."""

from services.escalation.domain.own_facts import PolicyPublishing
from services.escalation.domain.policy.document import digest, read
from services.escalation.domain.policy.errors import PolicyErrors
from services.escalation.domain.policy.versions import PolicyVersion
from services.escalation.handlers.turn import Turn
from shared.contracts.escalation import PolicyPublished


def publish_policy(turn: Turn[PolicyPublishing]) -> None:
    """Make a document the next version, unless it is no policy, or the one in force already."""
    fact, latest = turn.fact, turn.book.policies.latest
    if digest(fact.document) == latest.digest:
        turn.reject("policy_unchanged", f"this document is already in force, as version {latest.version}.")
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

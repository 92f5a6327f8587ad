"""The event about a new version of escalation's policy."""

from typing import ClassVar

from pydantic import Field

from shared.contracts.escalation.kinds import PolicyVersion
from shared.contracts.fact import About, Fact
from shared.contracts.fields import Digest, Id, Text

TOPIC = "escalation.policy.v1"
SUBJECT = "policy"
"""The subject of every event about the policy: there is one."""


class PolicyPublished(Fact):
    """The policy has a new version. `digest` is the SHA-256 of its document. The subject is `policy`."""

    type: ClassVar[str] = "escalation.policy_published"
    topic: ClassVar[str] = TOPIC
    about: ClassVar[About] = "policy"

    policy_version: PolicyVersion = Field(alias="version")
    by: Id
    summary: Text
    digest: Digest

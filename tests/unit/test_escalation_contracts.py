"""The contents of escalation's events."""

import json

import pytest

from shared.contracts.envelope import Rejected, decode_binary, encode_binary
from shared.contracts.escalation import POLICY_SUBJECT, POLICY_TOPIC, PolicyPublished, Severity
from tests.builders import event_of

PUBLISHED = PolicyPublished(version=2, by="mona", summary="Answers within half an hour.", digest="0a" * 32)


def test_severities_rank_from_watch_to_critical() -> None:
    assert sorted(Severity, key=lambda severity: severity.rank) == [Severity.WATCH, Severity.HIGH, Severity.CRITICAL]


def test_a_published_policy_is_about_the_policy_and_locks_no_account() -> None:
    event = event_of(PUBLISHED)
    assert (event.subject, event.lock_key) == (POLICY_SUBJECT, "policy:policy")
    assert PUBLISHED.topic == POLICY_TOPIC


def test_a_policys_version_is_independent_of_its_events_version() -> None:
    attributes, body = encode_binary(event_of(PUBLISHED))
    assert attributes["dataschema"] == "urn:handoff:escalation.policy_published:1"
    assert json.loads(body)["version"] == 2
    assert decode_binary(attributes, body, topic=POLICY_TOPIC).envelope.data == PUBLISHED


@pytest.mark.parametrize("digest", ["", "0a", "0A" * 32, "0g" * 32, "0a" * 33])
def test_a_digest_is_64_hexadecimal_digits(digest: str) -> None:
    attributes, body = encode_binary(event_of(PUBLISHED))
    wrong = json.dumps(json.loads(body) | {"digest": digest}).encode()
    with pytest.raises(Rejected, match=r"data\.digest must be 64 hexadecimal digits"):
        decode_binary(attributes, wrong, topic=POLICY_TOPIC)

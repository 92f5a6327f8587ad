"""The policy's versions: published as events, one after the other, and in force in every process from then on."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.escalation.app import publish_policy
from services.escalation.domain.own_facts import OWN_FACTS, PolicySubmitted
from services.escalation.domain.policy.document import digest, past_text, shipped_text
from services.escalation.domain.policy.versions import BEGINNING, PolicyVersion
from services.escalation.handlers import handling
from services.escalation.store.new_policies import save
from services.escalation.store.policies import KnownPolicies, load
from shared.contracts.escalation import POLICY_SUBJECT, PolicyPublished
from shared.inputs import Input, InputKind
from shared.transaction import InputProcessor, Refused
from tests.builders import event_of
from tests.escalation import NO_LIMIT, Escalation
from tests.team import person

TEXT = shipped_text()


@pytest.fixture(autouse=True)
async def publishers(escalation: Escalation) -> None:
    """The people who publish policies here."""
    await escalation.receive(*(person(id) for id in ("anna", "ben", *(f"p-{number}" for number in range(8)))))


def document(many_signals: int) -> str:
    return TEXT.replace("many_signals = 3", f"many_signals = {many_signals}")


def publishing(text: str, by: str = "anna") -> PolicySubmitted:
    return PolicySubmitted(document=text, by=by, summary="Another number of signals")


def pressed(fact: PolicySubmitted) -> Input:
    event = event_of(fact, subject=POLICY_SUBJECT, source="handoff/cli")
    return Input(event, fact.model_dump_json().encode(), b"", InputKind.BUTTON)


async def known_to(escalation: Escalation, known: KnownPolicies | None = None) -> list[PolicyVersion]:
    async with escalation.pool.acquire() as connection:
        policies = await (known.current(connection) if known else load(connection))
    return list(policies.versions)


async def published_rows(escalation: Escalation) -> list[dict[str, Any]]:
    """The versions after the shipped one."""
    return [row for row in await escalation.rows("escalation.policies", "version") if row["version"] > 1]


async def test_the_policy_shipped_when_the_database_was_created_stays_the_first_version(escalation: Escalation) -> None:
    """Even if the next release words it differently."""
    (first,) = await escalation.rows("escalation.policies")
    assert (first["version"], first["document"], first["digest"]) == (1, shipped_text(), digest(shipped_text()))
    older = past_text("1.toml")
    await escalation.pool.execute("update escalation.policies set document = $1, digest = $2", older, digest(older))
    (known,) = await known_to(escalation)
    assert (known.text, known.since) == (older, BEGINNING)
    await publish_policy(escalation.processor, publishing(document(4)))
    assert [one.text for one in await known_to(escalation)] == [older, document(4)]


async def test_a_published_document_is_the_next_version_and_is_announced(escalation: Escalation) -> None:
    published = await publish_policy(escalation.processor, publishing(document(4)))
    assert published.version == 2
    assert published.policy.rises.many_signals == 4
    [event] = await escalation.published()
    assert event.subject == POLICY_SUBJECT
    assert event.time == published.since
    assert event.data == PolicyPublished(
        version=2, by="anna", summary="Another number of signals", digest=digest(document(4))
    )
    (row,) = await published_rows(escalation)
    assert row["document"] == document(4)
    assert await known_to(escalation) == [(await known_to(escalation))[0], published]


async def test_a_version_counts_from_the_moment_it_is_published(escalation: Escalation) -> None:
    before = await escalation.pool.fetchval("select shared.app_now()")
    await publish_policy(escalation.processor, publishing(document(4)))
    await escalation.move_clock(timedelta(hours=1))
    await publish_policy(escalation.processor, publishing(document(5)))
    async with escalation.pool.acquire() as connection:
        policies = await load(connection)
    first, second, third = policies.versions
    assert before <= second.since <= third.since - timedelta(hours=1)
    assert [policies.at(one).version for one in (first.since, before, second.since, third.since)] == [1, 1, 2, 3]


async def test_setting_the_clock_back_does_not_change_the_versions_in_force_before(escalation: Escalation) -> None:
    await escalation.move_clock(timedelta(hours=1))
    second = await publish_policy(escalation.processor, publishing(document(4)))
    await escalation.move_clock(timedelta(hours=-1))
    third = await publish_policy(escalation.processor, publishing(document(5)))
    assert third.since == second.since


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        (document(1), "policy_invalid", "rises.many_signals: must be at least 2"),
        ("a = ", "policy_invalid", "line 1: this is not valid TOML"),
        (TEXT, "policy_unchanged", "this document is already in force, as version 1."),
    ],
)
async def test_an_invalid_or_unchanged_policy_is_refused_and_changes_nothing(
    escalation: Escalation, text: str, code: str, reason: str
) -> None:
    with pytest.raises(Refused) as refused:
        await publish_policy(escalation.processor, publishing(text))
    [rejection] = refused.value.rejected
    assert rejection.code == code
    assert reason in rejection.reason
    assert await published_rows(escalation) == []
    assert await escalation.published() == []
    assert await escalation.dead_letter_codes() == []


async def test_an_earlier_document_may_be_published_again(escalation: Escalation) -> None:
    for text in (document(4), TEXT, document(4)):
        await publish_policy(escalation.processor, publishing(text))
    assert [one.policy.rises.many_signals for one in await known_to(escalation)] == [3, 4, 3, 4]


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("nobody", "nobody is not in the directory. Give the ID of an active salesperson"),
        ("ben", "is no longer active"),
    ],
)
async def test_only_an_active_person_of_the_directory_may_publish(escalation: Escalation, by: str, words: str) -> None:
    await escalation.receive(person("ben", active=False))
    with pytest.raises(Refused) as refused:
        await publish_policy(escalation.processor, publishing(document(4), by=by))
    (rejection,) = refused.value.rejected
    assert rejection.code == "publisher_unknown"
    assert words in rejection.reason
    assert await published_rows(escalation) == []


async def test_two_simultaneous_publications_are_two_versions(escalation: Escalation) -> None:
    other = InputProcessor(escalation.pool, "escalation", handling(NO_LIMIT), OWN_FACTS)
    made = await asyncio.gather(
        *(
            publish_policy(processor, publishing(document(4 + number), by=f"p-{number}"))
            for number, processor in enumerate([escalation.processor, other] * 4)
        )
    )
    assert sorted(one.version for one in made) == list(range(2, 10))
    assert [one.version for one in await known_to(escalation)] == list(range(1, 10))


async def test_the_same_document_published_by_two_at_once_is_one_version(escalation: Escalation) -> None:
    other = InputProcessor(escalation.pool, "escalation", handling(NO_LIMIT), OWN_FACTS)
    presses = [(escalation.processor, "anna"), (other, "anna"), (other, "ben")]
    ended = await asyncio.gather(
        *(publish_policy(processor, publishing(document(4), by=by)) for processor, by in presses),
        return_exceptions=True,
    )
    assert len(await published_rows(escalation)) == 1
    assert all(isinstance(one, Refused) or (isinstance(one, PolicyVersion) and one.version == 2) for one in ended)


async def test_a_process_learns_of_versions_that_another_published_and_reads_each_once(escalation: Escalation) -> None:
    known = KnownPolicies()
    assert len(await known_to(escalation, known)) == 1
    await publish_policy(escalation.processor, publishing(document(4)))
    assert len(await known_to(escalation, known)) == 2
    await publish_policy(escalation.processor, publishing(document(5)))
    [_, second, third] = await known_to(escalation, known)
    assert [second.version, third.version] == [2, 3]
    [_, again, _] = await known_to(escalation, known)
    assert again is second


async def test_two_batches_of_a_process_that_learn_of_a_version_at_once_agree(escalation: Escalation) -> None:
    await publish_policy(escalation.processor, publishing(document(4)))
    known = KnownPolicies()
    found = await asyncio.gather(*(known_to(escalation, known) for _ in range(5)))
    assert {len(versions) for versions in found} == {2}


async def test_a_rolled_back_version_is_not_remembered(escalation: Escalation) -> None:
    known = KnownPolicies()
    published = await publish_policy(escalation.processor, publishing(document(4)))
    rolled_back = PolicyVersion(3, published.since, published.policy, TEXT, "anna", "never")
    async with escalation.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await save(connection, [rolled_back])
        assert [one.version for one in (await known.current(connection)).versions] == [1, 2, 3]
        await transaction.rollback()
    assert [one.version for one in await known_to(escalation, known)] == [1, 2]


_GO_BACK_TO = "delete from escalation.policies where version > $1"


@pytest.mark.parametrize("left", [1, 2])
async def test_a_process_forgets_versions_missing_from_a_restored_database(escalation: Escalation, left: int) -> None:
    known = KnownPolicies()
    for number in (4, 5):
        await publish_policy(escalation.processor, publishing(document(number)))
    before = await known_to(escalation, known)
    await escalation.pool.execute(_GO_BACK_TO, left)
    assert await known_to(escalation, known) == before[:left]
    assert await known_to(escalation, known) == before[:left]


async def test_a_process_learns_a_restored_databases_version_under_a_known_number(escalation: Escalation) -> None:
    known = KnownPolicies()
    for number in (4, 5):
        await publish_policy(escalation.processor, publishing(document(number)))
    await known_to(escalation, known)
    await escalation.pool.execute(_GO_BACK_TO, 1)
    for number in (6, 7, 8):
        await publish_policy(escalation.processor, publishing(document(number)))
    assert [one.policy.rises.many_signals for one in await known_to(escalation, known)] == [3, 6, 7, 8]


async def test_a_running_process_follows_the_versions_of_a_restored_database(
    escalation: Escalation,
) -> None:
    for number in (4, 5):
        await publish_policy(escalation.processor, publishing(document(number)))
    await escalation.pool.execute(_GO_BACK_TO, 1)
    published = await publish_policy(escalation.processor, publishing(document(5)))
    assert published.version == 2


async def test_several_documents_in_one_batch_are_as_many_versions(escalation: Escalation) -> None:
    await escalation.receive(pressed(publishing(document(4))), pressed(publishing(document(5))))
    assert [row["version"] for row in await published_rows(escalation)] == [2, 3]

"""Spoiled records of every topic through Kafka: each ends once as the codec judges it, and no service fails on one."""

from collections.abc import Mapping

import asyncpg
import pytest

from shared.messaging.codec import Poison, decode_record
from tests.hostile.events import CANARY, MEGABYTE
from tests.hostile.mutations import Mutant
from tests.hostile.overheard import Overheard
from tests.hostile.scale import SEED
from tests.hostile.spoiled import READERS, Spoiled

OWN_CODES = {"id_reused", "order_contradicted", "order_of_another_account", "case_contradicted"}
each_topic = pytest.mark.parametrize("topic", READERS)


@each_topic
def test_each_record_ends_once_as_its_codec_judges(spoiled: Mapping[str, Spoiled], topic: str) -> None:
    found = spoiled[topic]
    for place, record in found.kept.items():
        _check(found.ledger[place], record)


@each_topic
def test_the_broker_accepts_all_but_too_large_records(spoiled: Mapping[str, Spoiled], topic: str) -> None:
    assert spoiled[topic].kept
    for error, record in spoiled[topic].refused:
        assert error == "MSG_SIZE_TOO_LARGE"
        assert len(record.value or b"") > MEGABYTE


def test_no_service_failed_on_a_record(spoiled: Mapping[str, Spoiled], overheard: Overheard) -> None:
    logs = overheard.logs()
    assert "started" in logs
    for trouble in ("batch failed", "record failed", "a request failed", "loop failed", "timers failed"):
        assert trouble not in logs, f"seed {SEED}"


def _check(entry: asyncpg.Record, record: Mutant) -> None:
    verdict = decode_record(record)
    again = f"HOSTILE_SEED={SEED} {record!r:.2000}"
    assert CANARY not in (entry["reason"] or ""), again
    if isinstance(verdict, Poison):
        assert (entry["outcome"], entry["code"]) == ("dead_lettered", verdict.code), again
        assert entry["body"] == record.value, again
    elif entry["outcome"] == "dead_lettered":
        assert entry["code"] in OWN_CODES, again
    else:
        assert entry["outcome"] in ("applied", "duplicate"), again

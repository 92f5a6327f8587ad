"""Every bad record ends once, with useful words for its publisher; its neighbours and its successors are applied."""

import orjson
import pytest

from shared.messaging.kept_letters import decode_headers
from tests.hostile.cases import cases_of
from tests.hostile.events import CANARY, good, padded, refused, structured
from tests.hostile.foreign import Place, committed, send, send_and_abort, send_header_names
from tests.hostile.ways_in import TOPIC, Streamed, is_small, journaled, neighbour
from tests.raw_records import Raw
from tests.stories import Company
from tests.waiting import eventually, until

CASES = cases_of("kafka")
DEAD = [name for name, case in CASES.items() if case.outcome == "dead_lettered"]
SMALL = [name for name, case in CASES.items() if is_small(case.record)]
each_case = pytest.mark.parametrize("name", CASES)


@each_case
def test_a_record_ends_in_the_right_place_only(streamed: Streamed, name: str) -> None:
    assert streamed.entry(name)["outcome"] == CASES[name].outcome
    assert (streamed.places[name][1] in streamed.letters) == (name in DEAD)


@pytest.mark.parametrize("name", DEAD)
def test_a_dead_letter_gives_advice_repeats_nothing_and_keeps_every_byte(streamed: Streamed, name: str) -> None:
    letter, sent = streamed.letter(name), streamed.cases[name].record
    assert letter["code"] == CASES[name].code
    assert CASES[name].advice in letter["reason"]
    assert CANARY not in letter["reason"]
    assert (letter["body"], letter["key"]) == (sent.value, sent.key)


@each_case
async def test_neighbours_are_applied_unchanged(company: Company, streamed: Streamed, name: str) -> None:
    assert [entry["outcome"] for entry in streamed.neighbours(name)] == ["applied", "applied"]
    for which in ("after",) if CASES[name].first else ("before", "after"):
        reported = orjson.loads(neighbour(which, name).value or b"")
        body = await journaled(company.pools["orders"], reported["id"])
        assert orjson.loads(body or b"null") == reported["data"]


def test_all_small_records_arrived_in_one_batch_with_their_neighbours(streamed: Streamed) -> None:
    decided = {streamed.ledger[place]["decided_at"] for name in SMALL for place in streamed.places[name]}
    assert len(decided) == 1


async def test_kafkas_committed_offset_is_past_all_of_them(company: Company, streamed: Streamed) -> None:
    behind = max(place.offset for three in streamed.places.values() for place in three if place.partition == 0)
    await until(lambda: committed(company.cluster, "orders", TOPIC, 0), lambda offset: offset > behind)


def test_every_record_whose_key_is_not_its_subject_is_counted(streamed: Streamed) -> None:
    assert streamed.key_mismatches == sum(case.key_differs for case in CASES.values())


async def test_a_reused_id_or_order_changes_nothing_of_the_first(company: Company, streamed: Streamed) -> None:
    amounts = "select amount_minor from orders.orders where order_id in ('o-kafka-reused', 'o-kafka-sold')"
    assert [row["amount_minor"] for row in await company.pools["orders"].fetch(amounts)] == [129900, 129900]


@pytest.mark.parametrize("size", [1_048_576 - 1, 2_000_000])
async def test_a_record_over_the_limit_is_refused_by_the_broker(company: Company, size: int) -> None:
    assert await send(company.cluster, TOPIC, [padded(refused("over"), size)]) == ["MSG_SIZE_TOO_LARGE"]
    await _goes_on(company, f"after {size}")


@pytest.mark.parametrize("codec", ["gzip", "lz4", "snappy", "zstd"])
async def test_a_compressed_bomb_is_refused_by_the_broker(company: Company, codec: str) -> None:
    bomb = structured(refused("bomb", bomb="0" * 8_000_000))
    assert await send(company.cluster, TOPIC, [bomb], **{"compression.type": codec}) == ["MSG_SIZE_TOO_LARGE"]
    await _goes_on(company, f"after a bomb of {codec}")


async def test_an_aborted_transaction_leaves_nothing_and_later_records_are_applied(company: Company) -> None:
    await send_and_abort(company.cluster, TOPIC, [good("aborted"), Raw(CANARY.encode()), good("aborted too")])
    await _goes_on(company, "after an aborted transaction")
    assert await journaled(company.pools["orders"], "e-aborted") is None
    assert await journaled(company.pools["orders"], "e-aborted too") is None


async def test_a_header_name_that_is_not_utf8_is_kept_and_blocks_nothing(company: Company) -> None:
    await send_header_names(company.cluster, TOPIC, b"good", b"\xff\xfe\x80!")
    await _goes_on(company, "after header names")
    kept = "select headers from shared.dead_letters order by partition, record_offset"
    stored = [decode_headers(row["headers"]) for row in await company.pools["orders"].fetch(kept)]
    assert [("\\xff\\xfe\\x80!", b"x")] in stored


async def test_a_compacted_topic_accepts_no_record_without_a_key(company: Company) -> None:
    assert await send(company.cluster, "salespeople.v1", [Raw(b"{}")]) == ["INVALID_RECORD"]


async def _goes_on(company: Company, tag: str) -> None:
    (place,) = await send(company.cluster, TOPIC, [good(tag)])
    assert isinstance(place, Place)
    outcome = "select outcome from shared.ledger where topic = $1 and partition = $2 and record_offset = $3"
    topic = company.cluster.topic(TOPIC)
    await eventually(lambda: company.pools["orders"].fetchval(outcome, topic, *place), "applied")

"""aiokafka fails on header names that are not UTF-8; our reader accepts them."""

import struct

from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

from shared.messaging.tolerant_records import TolerantRecords

_CRC_AT, _CHECKED_FROM = 17, 21


def batch_with_header_names(*names: bytes) -> bytes:
    """A record batch (message format v2) with one record for each name, all of the same length."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=10_000,
    )
    for offset, name in enumerate(names):
        builder.append(offset, timestamp=0, key=b"c-1", value=b"{}", headers=[("~" * len(name), b"x")])
    content = bytes(builder.build())
    for name in names:
        content = content.replace(b"~" * len(name), name, 1)
    return content[:_CRC_AT] + struct.pack(">I", calc_crc32c(content[_CHECKED_FROM:])) + content[_CHECKED_FROM:]


def header_names(content: bytes) -> list[str]:
    records = TolerantRecords(content)
    batch = records.next_batch()
    assert batch.validate_crc()
    return [record.headers[0][0] for record in batch]


def test_a_header_name_that_is_not_utf8_is_read_with_escapes_and_its_neighbours_are_kept() -> None:
    assert header_names(batch_with_header_names(b"good", b"\xff\xfe\x80!", b"fine")) == [
        "good",
        "\\xff\\xfe\\x80!",
        "fine",
    ]


def test_ordinary_header_names_are_read_unchanged() -> None:
    assert header_names(batch_with_header_names(b"ce_id", b"ce_im")) == ["ce_id", "ce_im"]

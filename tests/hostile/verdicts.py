"""The rules for any record at all, judged by the codec alone. Start at `judge`."""

from dataclasses import replace

from shared.contracts.envelope import Decoded, Refusal
from shared.inputs import Position, RawMessage, Rejection
from shared.messaging.codec import Poison, decode_record, encode_record
from shared.messaging.dead_letters import encode_headers
from shared.messaging.kept_letters import decode_headers
from tests.hostile.events import CANARY
from tests.hostile.mutations import Mutant

CODES = frozenset(Refusal)


def judge(record: Mutant) -> Decoded | Poison:
    """The codec's verdict. Fails if there is none, or if it repeats its input or could not be stored or sent."""
    verdict = decode_record(record)
    if isinstance(verdict, Poison):
        assert verdict.code in CODES, verdict.code
        assert verdict.reason
        assert CANARY not in verdict.reason, verdict.reason
        assert verdict.reason.isprintable(), verdict.reason
        _can_be_kept(record, verdict)
    else:
        assert isinstance(verdict, Decoded)
        _can_be_sent_on(record, verdict)
    return verdict


def _can_be_kept(record: Mutant, poison: Poison) -> None:
    raw = RawMessage(record.topic, record.key, record.headers, record.value)
    assert Rejection(poison.code, poison.reason, raw, Position(record.topic, 0, 0)).id
    assert decode_headers(encode_headers(record.headers)) == list(record.headers)


def _can_be_sent_on(record: Mutant, decoded: Decoded) -> None:
    key, value, headers = encode_record(decoded.envelope)
    again = decode_record(replace(record, key=key, value=value, headers=tuple(headers)))
    assert isinstance(again, Decoded)
    assert (again.envelope, again.key_matches) == (decoded.envelope, True)

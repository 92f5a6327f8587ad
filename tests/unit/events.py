"""A small valid event to start from."""

from shared.contracts import orders_inbound
from shared.contracts.envelope import Decoded, decode_binary
from shared.contracts.support_inbound import RefundRequested

CANARY = "canary-7d1f"
"""A text that must appear in no refusal."""
ATTRIBUTES = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "desk.example/cases",
    "type": RefundRequested.type,
    "subject": "c-17",
    "time": "2026-05-04T09:30:00Z",
}
SALESPERSON = ATTRIBUTES | {"type": orders_inbound.SalespersonChanged.type, "subject": "anna"}


def decode(body: bytes | str, **attributes: str) -> Decoded:
    content = body if isinstance(body, bytes) else body.encode()
    return decode_binary(ATTRIBUTES | attributes, content, topic=None)

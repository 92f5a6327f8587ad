"""The lines of an order as they are stored with a fact."""

import json
from collections.abc import Sequence

from shared.contracts.order_parts import Line


def stored_lines(lines: Sequence[Line]) -> str:
    """Each line's product and quantity, as JSON."""
    return json.dumps([(line.product, line.quantity) for line in lines], ensure_ascii=False)

"""The number of examples in the random tests of this folder: `HOSTILE_SCALE=25` for 25 times as many as in `make test`.

`HOSTILE_SEED` gives other records than the default ones.
"""

import os

SCALE = float(os.environ.get("HOSTILE_SCALE", "1"))
SEED = int(os.environ.get("HOSTILE_SEED", "1"))


def scaled(examples: int) -> int:
    return max(1, round(examples * SCALE))

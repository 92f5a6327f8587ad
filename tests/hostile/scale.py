"""How many examples the random tests of this folder try: `HOSTILE_SCALE=25` for 25 times as many as in `make test`.

`HOSTILE_SEED` makes other records than those of every day.
"""

import os

SCALE = float(os.environ.get("HOSTILE_SCALE", "1"))
SEED = int(os.environ.get("HOSTILE_SEED", "1"))


def scaled(examples: int) -> int:
    return max(1, round(examples * SCALE))

"""The codec under any number of mutated records: `python -m tests.hostile.fuzz --records 500000 --seed 7`.

Ends at the first record that breaks a rule, and prints how to reproduce it.
"""

import argparse
import sys
import time
from collections import Counter
from random import Random

from shared.messaging.codec import Poison
from tests.hostile.mutations import mutant
from tests.hostile.verdicts import judge

_STRIDE = 1_000_003
_TOLD_EVERY = 50_000


def fuzz(records: int, seed: int, *, first: int = 0) -> Counter[str]:
    """The number of records by outcome. An error of `judge` names the number of the record."""
    endings: Counter[str] = Counter()
    for number in range(first, first + records):
        record = mutant(Random(seed * _STRIDE + number))
        try:
            verdict = judge(record)
        except BaseException as error:
            error.add_note(f"again: python -m tests.hostile.fuzz --seed {seed} --first {number} --records 1")
            error.add_note(repr(record)[:2_000])
            raise
        endings[verdict.code if isinstance(verdict, Poison) else "accepted"] += 1
        if number % _TOLD_EVERY == _TOLD_EVERY - 1:
            print(f"{number + 1} records", file=sys.stderr)
    return endings


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.fuzz", description=__doc__)
    parser.add_argument("--records", type=int, default=500_000, help="how many")
    parser.add_argument("--seed", type=int, default=None, help="the same seed makes the same records")
    parser.add_argument("--first", type=int, default=0, help="the number of the first record")
    chosen = parser.parse_args()
    seed = Random().randrange(1_000_000) if chosen.seed is None else chosen.seed
    print(f"seed {seed}")
    began = time.monotonic()
    endings = fuzz(chosen.records, seed, first=chosen.first)
    seconds = time.monotonic() - began
    print(f"{chosen.records} records in {seconds:.1f} s, {chosen.records / seconds:.0f} a second")
    for ending, count in endings.most_common():
        print(f"{count:9} {ending}")


if __name__ == "__main__":
    main()

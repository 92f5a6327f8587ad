"""`make bench`: throughput, latency and memory, as ratios to comparators measured in the same run.

Start at `command.py`; `floor.py` is the comparator of the ratios, and `checker.py` makes them valid.
"""

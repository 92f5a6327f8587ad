"""`make bench`: how fast, how soon and in how much memory, as ratios to comparators measured in the same run.

Start at `command.py`; `floor.py` is what the ratios stand on, `checker.py` what makes them valid.
"""

"""The rows that histories leave, so that a code change shows whether it changes behaviour. Start
with `rows.py`.

`python -m tests.simulation.golden` plays the histories whose digests are in `blocks.txt`, and
reports the differences.
"""

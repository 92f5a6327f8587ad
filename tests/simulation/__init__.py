"""Escalation's real handlers, transaction and store on a database in memory, in random interleavings.

Start with `world.py` (one history), then `invariants.py` (the conditions after it). `python -m
tests.simulation` plays many of them.
"""

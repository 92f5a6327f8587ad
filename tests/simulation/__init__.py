"""Escalation's real handlers, transaction and store on a database in memory, in every order that chance thinks of.

Start with `world.py` (one history), then `invariants.py` (what must hold after it). `python -m tests.simulation` plays
many of them.
"""

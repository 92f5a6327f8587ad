"""Escalation's real handlers, transaction and store on a database in memory, in every order a seeded scheduler thinks of.

Start with `world.py` (one history), then `invariants.py` (what must hold after it); `python -m tests.simulation` plays many.
"""

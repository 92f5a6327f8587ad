"""Replays escalation's journal under any policy, through the same `decide`, without side effects.

Start at `accounts.py`. Accounts are independent of each other except for people and policies, so
each is replayed alone; `timeline.py` has what they share.
"""

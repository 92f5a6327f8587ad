"""Names that databases, the wire and commands of installations have, whatever Python calls what they stand for.

`python -m tests.contracts.pins` adds new names to pinned.json; start at `GROUPS` in `comparing`.
"""

"""Names in databases, on the wire and in commands of installations, independent of the names in Python.

`python -m tests.contracts.pins` adds new names to pinned.json; start at `GROUPS` in `comparing`.
"""

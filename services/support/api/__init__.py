"""The page of a case for support agents, behind a link of a few minutes. Start at `routes.py`."""

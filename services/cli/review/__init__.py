"""`handoff review`: a loss looked at again, and the change that would have caught it. Start at `command.py`."""

"""Every decision that escalation makes, each one value. Start at `decision`; the list is in `registry`."""

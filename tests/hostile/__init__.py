"""Bad input: each one ends in exactly one place, with a reason, and is repeated nowhere. Start at `cases`."""

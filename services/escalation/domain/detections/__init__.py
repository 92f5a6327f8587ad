"""Which signals an account's facts amount to, whatever order they arrived in. One rule a file."""

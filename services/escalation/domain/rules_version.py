"""The version of the rules in code."""

RULES_VERSION = 4
"""Incremented whenever the code changes which signals or episodes the same facts imply. Decisions carry it, and
`handoff rejudge` applies it to earlier decisions. Decisions stored without a version count as 1."""

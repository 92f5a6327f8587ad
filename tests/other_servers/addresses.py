"""Where servers of tests listen that are to look as if they were on another machine."""

ELSEWHERE = "127.0.0.2"
"""Also this machine, but not by its usual address: rules for loopback do not hold."""

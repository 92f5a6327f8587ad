"""Addresses of test servers that must look as if they were on another machine."""

ELSEWHERE = "127.0.0.2"
"""Also this machine, but not by its usual address: rules for loopback do not apply."""

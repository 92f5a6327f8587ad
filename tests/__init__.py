"""Tests. Real servers for them start in servers.py."""

"""What every test can ask for: the fixtures of servers.py."""

pytest_plugins = ["tests.servers"]

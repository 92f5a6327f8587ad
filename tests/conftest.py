"""What every test can ask for: the moment at which a run starts, and servers; and no property has to be fast."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.starting", "tests.servers"]

# How long an example takes depends on the load of the machine, not on the code.
settings.register_profile("handoff", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("handoff")

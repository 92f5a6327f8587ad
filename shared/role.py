"""The role of one process of a service."""

from enum import StrEnum


class Role(StrEnum):
    """What one process of a service does. `consume` includes timers and deliveries."""

    ALL = "all"
    CONSUME = "consume"
    RELAY = "relay"
    WEB = "web"

    def includes(self, role: "Role") -> bool:
        return self in (Role.ALL, role)

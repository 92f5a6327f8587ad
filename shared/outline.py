"""Outlines of services: the data that commands need without the services' code."""

from dataclasses import dataclass

from shared.dated import Dated
from shared.migrations import Migrations


@dataclass(frozen=True, slots=True)
class Outline:
    """The topics a service reads and writes, the migrations of its tables, and their columns with reported times."""

    listens_to: tuple[str, ...]
    publishes: tuple[str, ...]
    migrations: Migrations
    dated: tuple[Dated, ...]

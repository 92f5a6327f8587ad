"""Kafka in memory: partitions readable from any offset, a group's committed offsets, and the published rows."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from shared.inputs import Input, Partition

SALES = "orders.sales.v1"
PEOPLE = "salespeople.v1"
CASES = "support.cases.v1"
PARTITIONS = tuple(Partition(topic, number) for topic in (SALES, PEOPLE, CASES) for number in (0, 1))


@dataclass(slots=True)
class Kafka:
    """`appended` are the records of each partition with their times of arrival; `published` the
    relay's rows, in order."""

    appended: dict[Partition, list[tuple[datetime, Input]]] = field(default_factory=lambda: defaultdict(list))
    committed: dict[Partition, int] = field(default_factory=dict)
    published: list[tuple[str, int]] = field(default_factory=list)

    def end(self, partition: Partition) -> int:
        return len(self.appended[partition])

    def read(self, partition: Partition, offset: int, most: int) -> list[Input]:
        return [one for _, one in self.appended[partition][offset : offset + most]]

    def commit(self, partition: Partition, offset: int) -> None:
        """An offset may go back. Callers leave out partitions that they have lost, as Kafka would refuse them."""
        self.committed[partition] = offset

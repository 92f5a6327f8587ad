"""The meaning of each statement of the shared code and of escalation's store, for the database in memory.

Keys are the exact SQL texts; change a statement and its entry here together.
"""

from collections.abc import Mapping

from tests.simulation.database import Answer
from tests.simulation.statements import of_deliveries, of_the_processor, of_the_store, of_timers

ANSWERS: Mapping[str, Answer] = {
    **of_the_processor.ANSWERS,
    **of_timers.ANSWERS,
    **of_the_store.ANSWERS,
    **of_deliveries.ANSWERS,
}

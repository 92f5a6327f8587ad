"""What each statement of the input processor and of escalation's store means, for the database in memory.

The keys are the very texts that run on Postgres; whoever changes one of those, changes its meaning here.
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

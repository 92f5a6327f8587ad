"""The effects of a contact, a hand-over and a button on the acknowledger."""

from datetime import timedelta

from tests.builders import AT, contact_made, order_placed, salesperson_changed
from tests.escalation import Escalation, dead_end, reported


async def test_a_new_episode_follows_the_last_of_several_that_ended_in_one_transaction(escalation: Escalation) -> None:
    await escalation.receive(salesperson_changed(), order_placed())
    cases = [f"case-{number}" for number in range(5)]
    matters = [fact for case in cases for fact in (dead_end(case=case), contact_made("answered", case))]
    minutes = (AT + timedelta(minutes=number) for number in range(len(matters) + 1))
    await escalation.receive(*(reported(fact, at=next(minutes)) for fact in matters))
    await escalation.receive(reported(dead_end(), at=next(minutes)))
    follows = {row["episode_id"]: row["follows"] for row in await escalation.episodes()}
    (latest,) = [row["episode_id"] for row in await escalation.episodes() if row["closed_at"] is None]
    chain = [latest]
    while (before := follows[chain[-1]]) is not None:
        chain.append(before)
    assert len(chain) == len(follows) == 6

"""From one rung of the ladder to the next: who is still to be asked, and who is passed over whatever the hour."""

from collections.abc import Container, Sequence

from services.escalation.domain.entities import Directory, Episode
from services.escalation.domain.ladder import Rung, colleague, standing
from shared.contracts.escalation import LADDER, Step

_IN_SELLERS_PLACE = frozenset({Step.SELLER, Step.SUCCESSOR})


def rung_of(ladder: Sequence[Rung], episode: Episode, id: str | None, people: Directory) -> Rung | None:
    """The place on the ladder of a person who has or had an episode, a skipped one if need be; without a place, a
    colleague's. None without a person, and for one who has left."""
    own = [rung for rung in ladder if id is not None and rung.salesperson_id == id]
    if own:
        return min(own, key=lambda rung: rung.skipped is not None)
    return colleague(people.get(id or ""), "took_it", episode.why_you or f"You took order {episode.order_id}.")


def still_to_ask(ladder: Sequence[Rung], episode: Episode, asked: Container[str]) -> list[Rung]:
    """The steps further up; `asked` are those who are not asked again at the step where it rang last. Nobody after
    the desk.

    First of all whoever is at that step and not of those, as when the sale is corrected meanwhile.
    """
    here = _IN_SELLERS_PLACE if episode.step in _IN_SELLERS_PLACE else {episode.step}
    came = [rung for rung in standing(ladder) if rung.step in here and rung.salesperson_id not in asked]
    return list(dict.fromkeys([*came, *standing(ladder, after=episode.step)]))


def last_to_ask(ladder: Sequence[Rung]) -> Rung | None:
    """Who is asked again once nobody is further up; None where nobody is left on the ladder."""
    return next(iter(reversed(standing(ladder))), None)


def passed_over(ladder: Sequence[Rung], episode: Episode, asked: Rung, *, upward: bool) -> list[Rung]:
    """Who is skipped between the step where an episode rang last and whoever is asked now.

    Where it rings again for whoever was asked last, that is this person alone: they cannot be asked by now.
    """
    if not upward and (episode.step is not None or asked.step is Step.COLLEAGUE):
        theirs = [rung for rung in ladder if rung.skipped is not None and rung.salesperson_id == episode.responsible]
        return [] if asked.salesperson_id == episode.responsible else theirs[:1]
    start = 0 if episode.step is None else min(LADDER.index(episode.step) + 1, LADDER.index(asked.step))
    below = ladder[: ladder.index(asked)]
    return [rung for rung in below if rung.skipped is not None and LADDER.index(rung.step) >= start]

"""Who is above whom in the directory. Circles of managers end the walk."""

from services.escalation.domain.entities import Directory


def is_above(people: Directory, manager: str, person: str | None) -> bool:
    """Whether a manager is above a person, at any distance. Nobody is above themselves, not even in a circle."""
    seen = {manager}
    above = people.get(person or "") if person != manager else None
    while above is not None and above.salesperson_id not in seen:
        seen.add(above.salesperson_id)
        if above.manager == manager:
            return True
        above = people.get(above.manager or "")
    return False

"""The order of an episode's parts on its page and in its e-mail, with the most important part first.

Each template has a macro for each of these parts and takes their order from this list.
"""

from enum import StrEnum


class EpisodePart(StrEnum):
    """`WHO`: the customer, the sale and how severe it is. `PRESS`: what the reader can do. `OWED`: the promises of both
    sides that were not kept. `SAY`: the play. `PATH`: the people who were notified."""

    WHO = "who"
    UNTIL = "until"
    WHY = "why"
    PRESS = "press"
    OWED = "owed"
    HAPPENED = "happened"
    SAY = "say"
    PATH = "path"


HEAD = (EpisodePart.WHO, EpisodePart.UNTIL, EpisodePart.WHY)
"""The parts of a page's head."""
BODY = (EpisodePart.PRESS, EpisodePart.OWED, EpisodePart.HAPPENED, EpisodePart.SAY, EpisodePart.PATH)

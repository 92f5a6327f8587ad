"""The order in which an episode is told, by its page and by its e-mail: what its reader must know first comes first.

Each template has a macro for each of these parts and asks this list which is next.
"""

from enum import StrEnum


class Part(StrEnum):
    """`WHO`: the customer, the sale and how severe it is. `PRESS`: what the reader can do. `SAY`: the play."""

    WHO = "who"
    UNTIL = "until"
    WHY = "why"
    PRESS = "press"
    HAPPENED = "happened"
    SAY = "say"
    ASKED = "asked"


HEAD = (Part.WHO, Part.UNTIL, Part.WHY)
"""What the head of a page is made of."""
BODY = (Part.PRESS, Part.HAPPENED, Part.SAY, Part.ASKED)

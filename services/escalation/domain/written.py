"""Notes of salespeople about an attempt, a talk, a hand-over or a close, for the next person who has the episode."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import Field

from shared.contracts.fields import is_visible
from shared.visible_text import many_lines

LONGEST_NOTE = 1000
_GAPS = re.compile(r"\n{3,}")


class NoteAbout(StrEnum):
    """The occasion of a note."""

    ATTEMPT = "attempt"
    TALK = "talk"
    HAND_OVER = "hand_over"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class NoteRow:
    """One note, with the name of its writer."""

    at: datetime
    by: str
    name: str | None
    about: NoteAbout
    text: str


def as_written(text: str) -> str:
    """The text without control characters, marks that reverse the reading direction, and repeated empty lines. Empty if
    nothing of it is visible."""
    kept = many_lines(text)
    return _GAPS.sub("\n\n", kept).strip() if any(map(_stands_alone, kept)) else ""


def _stands_alone(character: str) -> bool:
    """Whether the character is visible without one before it; accents and variation selectors are not."""
    return is_visible(character) and unicodedata.category(character) != "Mn"


Written: TypeAlias = Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE)] | None
"""A note as `as_written` leaves it; None: nothing was written."""

"""What salespeople write down of an attempt, a talk, a hand-over or an end, for the next person who has the episode."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import Field

from shared.contracts.fields import is_visible

LONGEST_NOTE = 1000
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]+")
_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]+")
_GAPS = re.compile(r"\n{3,}")


class NoteAbout(StrEnum):
    """On which occasion a note was written."""

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
    words: str


def as_written(text: str) -> str:
    """Without control characters and without what turns the reading direction of whatever follows; empty lines at most
    one by one. Empty where nothing of it can be seen."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = "\n".join(_TURNS.sub("", _CONTROLS.sub(" ", line)).strip() for line in lines)
    return _GAPS.sub("\n\n", kept).strip() if any(map(_stands_alone, kept)) else ""


def _stands_alone(character: str) -> bool:
    """Whether it can be seen without a character before it: accents and variation selectors cannot."""
    return is_visible(character) and unicodedata.category(character) != "Mn"


Written: TypeAlias = Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE)] | None
"""A note as `as_written` leaves it; None: nothing was written."""

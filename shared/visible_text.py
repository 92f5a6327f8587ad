"""Foreign text where people read it: no control characters, and nothing that turns the reading direction of our words.

The one place of this rule. A control character can command a terminal or begin a line of its own; an explicit
formatting character (Unicode Annex 9) mirrors the words after it. Start at `one_line`.
"""

import re

_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NO_PLAIN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_SHOWN = "\N{REPLACEMENT CHARACTER}"


def one_line(text: str) -> str:
    """One line: each run of control characters and line breaks a space, the ends trimmed, direction characters left
    out."""
    return (text if text.isprintable() else without_bidi(_BREAKS.sub(" ", text))).strip()


def many_lines(text: str) -> str:
    """The same for each line of a text; line feeds alone separate them."""
    return "\n".join(map(one_line, text.replace("\r\n", "\n").replace("\r", "\n").split("\n")))


def controls_shown(text: str) -> str:
    """A message for a mail program: all of them but tabs and line feeds shown as U+FFFD, so that nothing is lost
    unseen."""
    return bidi_replaced(_NO_PLAIN_TEXT.sub(_SHOWN, text.replace("\r\n", "\n")))


def without_bidi(text: str) -> str:
    """The text without direction characters: for a person's words."""
    return _BIDI.sub("", text)


def bidi_replaced(text: str) -> str:
    """Each direction character shown as U+FFFD: for ids, of which nothing may be left out unseen."""
    return _BIDI.sub(_SHOWN, text)

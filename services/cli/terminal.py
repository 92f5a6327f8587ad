"""What others wrote, on a terminal: shown as it is, with nothing left in it that a terminal obeys."""

LINES = "\n\t"
"""What a text of several lines keeps."""


def printable(text: object, *, kept: str = "") -> str:
    """The text with what cannot be printed written as an escape, but for the characters kept."""
    return "".join(one if one.isprintable() or one in kept else ascii(one)[1:-1] for one in str(text))

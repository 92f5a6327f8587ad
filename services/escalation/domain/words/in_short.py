"""Texts of systems and customers, prepared for a sentence: not too long, and in their own reading direction."""

from collections.abc import Sequence

from shared.formatting import cut
from shared.visible_text import bidi_replaced, without_bidi

NAME_LENGTH = 60
BOUGHT_LENGTH = 120
_QUOTE_LENGTH = 120


def unturned(text: str) -> str:
    """An id or a name in a sentence: what would mirror the rest of the sentence is shown; left out, it would show
    another id."""
    return bidi_replaced(text)


def straight(text: str) -> str:
    """A person's words without those characters."""
    return without_bidi(text)


def quoted_lines(text: str) -> str:
    """A person's words for plain text, each line marked, so that none looks like a line of ours."""
    return "\n".join(f"> {line}" for line in text.splitlines())


def quoted(text: str) -> str:
    """A person's words, quoted for a sentence: “Calibration visit”."""
    return f"“{cut(' '.join(straight(text).split()), _QUOTE_LENGTH)}”"


def customer_words(name: str | None, account: str) -> str:
    """The customer's name, else the account's id."""
    return cut(name or f"Customer {unturned(account)}", NAME_LENGTH)


def bought_words(bought: str, products: Sequence[str]) -> str:
    """The lines sold, as many as there is room for, and the number of the rest. `bought` is all lines."""
    if len(bought) <= BOUGHT_LENGTH:
        return bought
    end = shown = 0
    for product in products:
        following = bought.find(product, end) + len(product)
        if not end < following <= BOUGHT_LENGTH:
            break
        end, shown = following, shown + 1
    more = len(products) - max(shown, 1)
    return (bought[:end] if shown else cut(bought, BOUGHT_LENGTH)) + (f" and {more} more" if more > 0 else "")

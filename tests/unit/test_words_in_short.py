"""Other people's texts are shortened, and kept from changing the direction of the words around them."""

import pytest

from services.escalation.domain.words.in_short import BOUGHT_LENGTH, bought_words, customer_words, unturned


def _joined(*products: str) -> str:
    return bought_words(", ".join(products), [one.removeprefix("2 × ") for one in products])


def test_a_short_order_is_shown_whole() -> None:
    assert _joined("Machine", "2 × Grinder, on back order") == "Machine, 2 × Grinder, on back order"


def test_the_first_of_many_lines_are_shown_and_the_rest_counted() -> None:
    shown = _joined(*(f"Heat pump, model {number:02}" for number in range(60)))
    assert shown == ", ".join(f"Heat pump, model {number:02}" for number in range(5)) + " and 55 more"
    assert _joined(*["2 × " + "x" * 50] * 3) == "2 × " + "x" * 50 + ", 2 × " + "x" * 50 + " and 1 more"


def test_one_long_line_is_cut() -> None:
    assert _joined("x" * 480) == "x" * (BOUGHT_LENGTH - 1) + "…"
    assert _joined("x" * 480, "y") == "x" * (BOUGHT_LENGTH - 1) + "… and 1 more"


def test_a_customer_without_a_name_is_an_account() -> None:
    assert customer_words(None, "c\u202e-17") == "Customer c\ufffd-17"
    assert customer_words("😀" * 250, "c-17") == "😀" * 59 + "…"


@pytest.mark.parametrize("turn", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_no_id_changes_the_direction_of_the_words_after_it(turn: str) -> None:
    assert unturned(f"47{turn}11") == "47\ufffd11"
    assert unturned("طلب 4711") == "طلب 4711"

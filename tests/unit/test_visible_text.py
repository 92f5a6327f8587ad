"""Foreign text is shown without control characters and without what turns the reading direction."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.visible_text import bidi_replaced, controls_shown, many_lines, one_line, without_bidi

_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_BREAKS = "\x00\x07\x1b\x7f\x85\x9b\x0b\x0c\r\u2028\u2029"


@pytest.mark.parametrize(
    ("read", "text", "shown"),
    [
        (one_line, " Calibration\n\tvisit ", "Calibration visit"),
        (one_line, "a\x1b[2Jb", "a [2Jb"),
        (one_line, "a\u2028b\x85c", "a b c"),
        (one_line, "47\u202e11", "4711"),
        (one_line, "طلب 4711", "طلب 4711"),
        (one_line, "👩\u200d🔧", "👩\u200d🔧"),
        (many_lines, "one\r\ntwo\rthree", "one\ntwo\nthree"),
        (many_lines, " a\x07b \n\u2066c\u2069", "a b\nc"),
        (controls_shown, "one\r\n\ttwo", "one\n\ttwo"),
        (controls_shown, "a\rb\x1b[2J\u2028c", "a\ufffdb\ufffd[2J\ufffdc"),
        (controls_shown, "47\u202e11", "47\ufffd11"),
        (without_bidi, "47\u202e11\n", "4711\n"),
        (bidi_replaced, "47\u202e11\n", "47\ufffd11\n"),
    ],
)
def test_foreign_text_is_shown_as(read: Callable[[str], str], text: str, shown: str) -> None:
    assert read(text) == shown
    assert read(shown) == shown


@pytest.mark.parametrize("read", [one_line, many_lines, controls_shown, without_bidi, bidi_replaced])
@given(text=st.text(st.sampled_from(_BIDI + _BREAKS + "\n\t ab") | st.characters()))
def test_nothing_shown_turns_the_reading_direction(read: Callable[[str], str], text: str) -> None:
    assert not set(read(text)) & set(_BIDI)


@pytest.mark.parametrize(("read", "kept"), [(one_line, ""), (many_lines, "\n"), (controls_shown, "\n\t")])
@given(text=st.text(st.sampled_from(_BREAKS + "\n\t ab") | st.characters()))
def test_nothing_shown_is_a_control_character(read: Callable[[str], str], kept: str, text: str) -> None:
    assert not {one for one in read(text) if one in _BREAKS + "\n\t" and one not in kept}

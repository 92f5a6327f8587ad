"""docs/signals.md agrees with the code."""

from services.cli.signals_page import PAGE, text


def test_the_page_is_that_of_the_code() -> None:
    assert PAGE.read_text("utf-8") == text(), "run: python -m services.cli.signals_page"

"""docs/privacy.md agrees with the tables."""

from services.cli.privacy_page import NOT_ABOUT_SELLERS, PAGE, STORED, tables, text


def test_the_page_is_that_of_the_tables() -> None:
    assert PAGE.read_text("utf-8") == text(), "run: python -m services.cli.privacy_page"


def test_every_table_is_classified_once_and_exists() -> None:
    assert STORED.keys() & NOT_ABOUT_SELLERS == set()
    assert STORED.keys() | NOT_ABOUT_SELLERS == tables().keys()


def test_columns_whose_names_stand_for_a_person_are_marked() -> None:
    named = "salesperson_id salesperson recipient responsible by who whose agent asked manager sold_by closed_by"
    named += " acknowledged_by answered_by ended_by assigned_to offered_to published_by"
    unmarked = [
        f"{name}.{column}"
        for name, model in tables().items()
        for column in set(named.split()) & set(model.model_fields)
        if name not in STORED or column not in STORED[name].names
    ]
    assert unmarked == []

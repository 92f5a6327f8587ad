"""Which of several facts about one subject counts."""

from shared.precedence import Opening, Version, content_of, judge_opening
from tests.builders import AT, case_opened, event_of, minutes, order_placed


def test_the_first_opening_wins_and_only_the_same_content_is_a_repeat() -> None:
    assert judge_opening(None, b"a") is Opening.FIRST
    assert judge_opening(b"a", b"a") is Opening.REPEATED
    assert judge_opening(b"a", b"b") is Opening.CONTRADICTING


def test_the_later_version_counts_and_the_higher_id_among_simultaneous_ones() -> None:
    versions = [Version(minutes(1), "a"), Version(AT, "b"), Version(AT, "a")]
    assert sorted(versions, reverse=True) == versions


def test_content_is_the_data_and_the_subject_without_time_and_id() -> None:
    said = content_of(event_of(case_opened(title="Cold")))
    assert said == content_of(event_of(case_opened(title="Cold"), at=minutes(3), source="other desk"))
    assert said != content_of(event_of(case_opened(title="Warm")))
    assert said != content_of(event_of(case_opened(title="Cold"), subject="c-18"))


def test_a_field_at_its_default_does_not_change_the_content() -> None:
    assert content_of(event_of(order_placed(promises=()))) == content_of(event_of(order_placed()))
    assert content_of(event_of(case_opened(status="new"))) == content_of(event_of(case_opened()))

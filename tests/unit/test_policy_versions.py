"""Which version of the policy applies when and to which order, and the differences between two."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.escalation.domain.policy.document import read, shipped, shipped_text
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.policy.versions import BEGINNING, Change, Policies, PolicyVersion, difference
from shared.contracts.escalation import Severity, SignalKind

AT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
TEXT = shipped_text()
OVERRIDES = """
[[overrides]]
segment = "enterprise"
set.ladder.high.seller = "30m"
set.rises.large_amount.CHF = 5
set.plays.by_signal.response_due.say = ["Soon."]
set.reasons.lost = [{ code = "gone", words = "Gone" }]

[[overrides]]
product = "Coffee machine"
set.signals.case_stuck.severity = "critical"
"""


def version(number: int, since: datetime, text: str = TEXT) -> PolicyVersion:
    return PolicyVersion(number, since, read(text), text, "anna", f"version {number}")


THREE = Policies.shipped().followed_by([version(3, AT + timedelta(hours=1)), version(2, AT)])


@pytest.mark.parametrize(
    ("instant", "counts"),
    [
        (BEGINNING, 1),
        (datetime(2000, 1, 1, tzinfo=UTC), 1),
        (AT - timedelta(microseconds=1), 1),
        (AT, 2),
        (AT + timedelta(minutes=59), 2),
        (AT + timedelta(hours=1), 3),
        (datetime(2099, 1, 1, tzinfo=UTC), 3),
    ],
)
def test_a_version_applies_from_its_publication_until_the_next(instant: datetime, counts: int) -> None:
    assert THREE.at(instant).version == counts


def test_the_later_of_two_versions_of_one_instant_applies() -> None:
    both = Policies.shipped().followed_by([version(2, AT), version(3, AT)])
    assert both.at(AT).version == 3


def test_the_latest_and_any_version_are_known_by_number() -> None:
    assert THREE.latest.version == 3
    assert [one and one.version for one in map(THREE.numbered, range(5))] == [None, 1, 2, 3, None]


def test_versions_follow_without_a_gap() -> None:
    assert THREE.followed_by([]) is THREE
    with pytest.raises(ValueError, match="gap"):
        THREE.followed_by([version(5, AT)])
    with pytest.raises(ValueError, match="gap"):
        THREE.followed_by([version(3, AT)])


def test_published_versions_stay_unchanged_when_more_follow() -> None:
    before = THREE.versions
    THREE.followed_by([version(4, AT + timedelta(hours=2))])
    assert THREE.versions == before


# Overrides.

SPECIAL = Policies.shipped().followed_by([version(2, AT, TEXT + OVERRIDES)])


def for_order(segment: str | None, *products: str) -> Policy:
    return SPECIAL.for_order(SPECIAL.latest, segment, products)


def test_an_order_of_no_segment_and_no_such_product_has_the_policy_itself() -> None:
    assert for_order(None) is SPECIAL.latest.policy
    assert for_order("Enterprise", "coffee machine") is SPECIAL.latest.policy


def test_a_segments_orders_have_the_overrides_values_and_all_others_unchanged() -> None:
    policy = for_order("enterprise")
    assert policy.ladder.high.seller == timedelta(minutes=30)
    assert policy.ladder.high.successor == timedelta(hours=1)
    assert policy.rises.large_amount == {**shipped().rises.large_amount, "CHF": 5}
    assert SignalKind.RESPONSE_DUE in policy.plays.by_signal
    assert SignalKind.GONE_QUIET in policy.plays.by_signal
    assert [reason.code for reason in policy.reasons[next(one for one in policy.reasons if one == "lost")]] == ["gone"]
    assert SPECIAL.latest.policy.ladder.high.seller == timedelta(hours=1)


def test_an_order_with_a_product_has_its_override() -> None:
    assert for_order(None, "Mug", "Coffee machine").signals.case_stuck.severity is Severity.CRITICAL


def test_the_first_matching_override_applies_alone() -> None:
    policy = for_order("enterprise", "Coffee machine")
    assert policy.ladder.high.seller == timedelta(minutes=30)
    assert policy.signals.case_stuck.severity is Severity.WATCH


def test_an_override_is_applied_once_for_any_number_of_reads() -> None:
    assert for_order("enterprise") is for_order("enterprise", "Mug")
    more = SPECIAL.followed_by([version(3, AT + timedelta(hours=1), TEXT + OVERRIDES.replace("30m", "45m"))])
    assert more.for_order(more.versions[1], "enterprise", ()) is for_order("enterprise")
    assert more.for_order(more.latest, "enterprise", ()).ladder.high.seller == timedelta(minutes=45)


def test_an_earlier_version_has_its_own_overrides() -> None:
    assert SPECIAL.for_order(SPECIAL.versions[0], "enterprise", ()) == shipped()


def test_an_uncommitted_version_leaves_nothing_to_the_next_of_its_number() -> None:
    rolled_back = SPECIAL.followed_by([version(3, AT, TEXT + OVERRIDES.replace('"30m"', '"20m"'))])
    assert rolled_back.for_order(rolled_back.latest, "enterprise", ()).ladder.high.seller == timedelta(minutes=20)
    published = SPECIAL.followed_by([version(3, AT, TEXT + OVERRIDES.replace('"30m"', '"40m"'))])
    assert published.for_order(published.latest, "enterprise", ()).ladder.high.seller == timedelta(minutes=40)


# Differences.


def changes(text: str, old: str = TEXT) -> list[Change]:
    return difference(read(old), read(text))


def test_a_changed_value_is_shown_in_the_units_of_the_document() -> None:
    assert changes(TEXT.replace('seller = "1h"', 'seller = "90m"').replace('"14d"', '"3w"')) == [
        Change("signals.case_stuck.customers_turn_for", "14d", "21d"),
        Change("signals.gone_quiet.silent_for", "14d", "21d"),
        Change("ladder.high.seller", "1h", "90m"),
        Change("acknowledgement.longest_appointment", "14d", "21d"),
        Change("duties.check_in_after", "14d", "21d"),
        Change("duties.show_after", "14d", "21d"),
        Change("save_window.legal_limit", "14d", "21d"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("at_most = 0.4", "at_most = 0.5", Change("signals.satisfaction_low.at_most", "0.4", "0.5")),
        (
            "answer_within",
            "enabled = false\nanswer_within",
            Change("signals.contact_dead_ended.enabled", "true", "false"),
        ),
        ("# country", "country", Change("company.country", None, "DE")),
        (
            ', "fri"]',
            "]",
            Change(
                "company.working_hours",
                "[{days = [mon, tue, wed, thu, fri], start = 09:00, end = 17:30}]",
                "[{days = [mon, tue, wed, thu], start = 09:00, end = 17:30}]",
            ),
        ),
        ("Too expensive", "Too dear", Change("reasons.lost[price].words", "Too expensive", "Too dear")),
        ('modes = { "manager-17" = "observe" }', "", Change("", None, None)),
    ],
)
def test_each_kind_of_value_is_shown(before: str, after: str, change: Change) -> None:
    expected = [change] if change.path else []
    assert changes(TEXT.replace(before, after)) == expected


def test_an_inserted_reason_is_one_added_reason() -> None:
    added = TEXT.replace(
        '    { code = "service",', '    { code = "quality", words = "Quality" },\n    { code = "service",'
    )
    codes = "price, product_fault, service, delivery, promise_broken, competitor, changed_mind, not_reached, other"
    assert changes(added) == [
        Change("reasons.lost", codes, codes.replace("service", "quality, service")),
        Change("reasons.lost[quality].code", None, "quality"),
        Change("reasons.lost[quality].words", None, "Quality"),
    ]


def test_the_order_of_overrides_is_a_difference() -> None:
    first, second = OVERRIDES.strip().split("\n\n")
    assert changes(f"{TEXT}\n{second}\n\n{first}", TEXT + OVERRIDES) == [
        Change("overrides", "enterprise, Coffee machine", "Coffee machine, enterprise")
    ]


def test_comments_are_no_difference() -> None:
    assert changes("\n".join(line for line in TEXT.splitlines() if not line.startswith("#"))) == []


CHANGEABLE: dict[str, st.SearchStrategy[Any]] = {
    "ladder.high.seller": st.integers(1, 3000).map(lambda count: f"{count}m"),
    "storms.alerts": st.integers(1, 1000),
    "rises.large_amount": st.dictionaries(st.sampled_from(["EUR", "CHF"]), st.integers(0, 9)),
    "company.country": st.none() | st.sampled_from(["DE", "AT"]),
    "teams.modes": st.dictionaries(st.sampled_from("ab"), st.sampled_from(["on", "observe"])),
    "company.days_off": st.lists(st.dates(), max_size=2),
}
POLICIES = st.fixed_dictionaries(CHANGEABLE)


def policy_with(values: dict[str, Any]) -> Policy:
    document = shipped().model_dump(mode="json")
    for path, value in values.items():
        *parts, last = path.split(".")
        place = document
        for part in parts:
            place = place[part]
        place[last] = value
    return Policy.model_validate(document)


@given(POLICIES, POLICIES)
def test_only_equal_policies_have_no_differences(one: dict[str, Any], other: dict[str, Any]) -> None:
    old, new = policy_with(one), policy_with(other)
    found = difference(old, new)
    assert (found == []) == (old == new)
    assert {path for path in CHANGEABLE if one[path] != other[path]} == {
        path for path in CHANGEABLE if any(change.path.startswith(path) for change in found)
    }


@given(POLICIES, POLICIES)
def test_the_reverse_comparison_is_the_same_difference_inverted(one: dict[str, Any], other: dict[str, Any]) -> None:
    there, back = difference(policy_with(one), policy_with(other)), difference(policy_with(other), policy_with(one))
    turned = [Change(change.path, change.after, change.before) for change in back]
    assert sorted(there, key=lambda change: change.path) == sorted(turned, key=lambda change: change.path)


def test_a_version_is_known_by_its_document() -> None:
    assert version(2, AT).digest == Policies.shipped().latest.digest
    assert replace(version(2, AT), text=TEXT + "#").digest != version(2, AT).digest

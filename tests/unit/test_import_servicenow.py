"""Rows of a help desk's audit log become facts about its cases. Expected events are written by hand."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from services.cli.importers.events import Import
from services.cli.importers.rows import UnreadableFile, read_rows
from services.cli.importers.servicenow import COLUMNS, account_of, events_of_changes, read_change

HEADER = (
    "number,incident_state,active,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,opened_by,"
    "opened_at,sys_created_by,sys_created_at,sys_updated_by,sys_updated_at,contact_type,location,category"
)
STARTS_AT = datetime(2018, 6, 1, tzinfo=UTC)
SELLERS = ("zebra", "ant", "bee")  # sorted: ant, bee, zebra


def row(
    case: str,
    *,
    state: str = "New",
    counts: str = "0,0",
    in_time: str = "TRUE",
    caller: str = "Caller 1",
    opened: str = "29-02-2016 01:00",
    updated: str = "29-02-2016 01:00",
) -> str:
    """One row; `counts` is reassignments,reopenings."""
    return (
        f"{case},{state},TRUE,{counts},0,{in_time},{caller},Opened by  8,"
        f"{opened},Created by 6,?,Updated by 21,{updated},Phone,Location 143,Category 55"
    )


def changes_of(*lines: str, starts_at: datetime = STARTS_AT, sellers: tuple[str, ...] = SELLERS) -> Import:
    rows = read_rows([f"{line}\n" for line in (HEADER, *lines)], file="log.csv", columns=COLUMNS)
    return events_of_changes([read_change(row) for row in rows], sellers=sellers, starts_at=starts_at)


def reported(found: Import) -> list[tuple[str, str, dict[str, object]]]:
    """Each event as "day hour:minute", short type and its data without missing members."""
    return [
        (
            f"{event.time:%d %H:%M}",
            event.type.removeprefix("support.inbound."),
            event.data.model_dump(mode="json", exclude_none=True),
        )
        for event in found.events
    ]


def test_every_difference_between_two_rows_is_an_event_in_the_order_of_the_columns() -> None:
    found = changes_of(
        row("INC1", updated="29-02-2016 01:10"),
        row("INC1", state="Active", counts="1,0", updated="29-02-2016 02:00"),
        row("INC1", state="Active", counts="1,0", updated="29-02-2016 02:30"),
        row("INC1", state="Resolved", counts="1,0", updated="29/2/2016 3:00"),
        row("INC1", state="Active", counts="2,1", in_time="FALSE", updated="29-02-2016 04:00"),
        row("INC1", state="Resolved", counts="2,1", in_time="FALSE", updated="29-02-2016 05:00"),
        row("INC1", state="Closed", counts="2,1", in_time="FALSE", updated="01-03-2016 00:00"),
    )
    assert reported(found) == [
        ("01 00:00", "case_opened", {"case": "INC1", "status": "New"}),
        ("01 01:00", "case_reassigned", {"case": "INC1", "reassignments": 1}),
        ("01 01:00", "case_status_changed", {"case": "INC1", "status": "Active"}),
        ("01 02:00", "case_resolved", {"case": "INC1"}),
        ("01 03:00", "case_reassigned", {"case": "INC1", "reassignments": 2}),
        ("01 03:00", "case_reopened", {"case": "INC1"}),
        ("01 03:00", "response_overdue", {"case": "INC1"}),
        ("01 03:00", "case_status_changed", {"case": "INC1", "status": "Active"}),
        ("01 04:00", "case_resolved", {"case": "INC1"}),
        ("01 23:00", "case_closed", {"case": "INC1"}),
    ]
    assert (found.rows, found.skipped, found.merged) == (7, 0, 0)


def test_a_first_row_is_compared_with_zero_and_in_time_and_reports_an_end_as_a_change() -> None:
    found = changes_of(
        row("INC1", state="Resolved", counts="2,1", in_time="false", updated="29-02-2016 01:30"),
        row("INC2", state="Active", caller="Caller 2", updated="29-02-2016 02:00"),
        row("INC3", state="Closed", caller="Caller 2", updated="29-02-2016 03:00"),
    )
    assert reported(found) == [
        ("01 00:00", "case_opened", {"case": "INC1", "status": "Resolved"}),
        ("01 00:00", "case_opened", {"case": "INC2", "status": "Active"}),
        ("01 00:00", "case_opened", {"case": "INC3", "status": "Closed"}),
        ("01 00:30", "case_reassigned", {"case": "INC1", "reassignments": 2}),
        ("01 00:30", "case_reopened", {"case": "INC1"}),
        ("01 00:30", "response_overdue", {"case": "INC1"}),
        ("01 00:30", "case_resolved", {"case": "INC1"}),
        ("01 02:00", "case_closed", {"case": "INC3"}),
    ]


def test_a_jump_of_a_count_is_one_event_and_a_fall_is_none() -> None:
    found = changes_of(
        row("INC1"),
        row("INC1", counts="2,2", updated="29-02-2016 02:00"),
        row("INC1", counts="1,0", updated="29-02-2016 03:00"),
        row("INC1", counts="2,1", updated="29-02-2016 04:00"),
    )
    assert reported(found)[1:] == [
        ("01 01:00", "case_reassigned", {"case": "INC1", "reassignments": 2}),
        ("01 01:00", "case_reopened", {"case": "INC1"}),
        ("01 03:00", "case_reassigned", {"case": "INC1", "reassignments": 2}),
        ("01 03:00", "case_reopened", {"case": "INC1"}),
    ]


def test_an_answer_overdue_again_after_being_in_time_is_reported_again() -> None:
    found = changes_of(
        row("INC1", in_time="true"),
        row("INC1", in_time="false", updated="29-02-2016 02:00"),
        row("INC1", in_time="FALSE", updated="29-02-2016 03:00"),
        row("INC1", in_time="TRUE", updated="29-02-2016 04:00"),
        row("INC1", in_time="FALSE", updated="29-02-2016 05:00"),
    )
    assert [when for when, type, _ in reported(found) if type == "response_overdue"] == ["01 01:00", "01 04:00"]


def test_a_change_before_its_opening_keeps_its_time_and_comes_first() -> None:
    found = changes_of(
        row("INC1", opened="29-02-2016 01:00", updated="29-02-2016 01:00"),
        row("INC2", counts="1,0", opened="29-02-2016 05:00", updated="29-02-2016 02:00"),
    )
    assert [(when, type, data["case"]) for when, type, data in reported(found)] == [
        ("01 00:00", "case_opened", "INC1"),
        ("01 01:00", "case_reassigned", "INC2"),
        ("01 04:00", "case_opened", "INC2"),
    ]


def test_events_are_ordered_by_time_then_by_row() -> None:
    found = changes_of(
        row("INC2", caller="Caller 2", updated="29-02-2016 03:00"),
        row("INC1", updated="29-02-2016 01:00"),
        row("INC1", state="Active", counts="1,0", updated="29-02-2016 03:00"),
        row("INC2", caller="Caller 2", state="Active", updated="29-02-2016 03:00"),
    )
    assert [(when, type, data["case"]) for when, type, data in reported(found)] == [
        ("01 00:00", "case_opened", "INC2"),
        ("01 00:00", "case_opened", "INC1"),
        ("01 02:00", "case_reassigned", "INC1"),
        ("01 02:00", "case_status_changed", "INC1"),
        ("01 02:00", "case_status_changed", "INC2"),
    ]


def test_a_row_without_a_caller_is_skipped_and_counted_but_still_dates_the_file() -> None:
    found = changes_of(
        row("INC1", caller="?", opened="29-02-2016 00:00"),
        row("INC2"),
        row("INC2", caller="?", state="Active", updated="29-02-2016 02:00"),
        row("INC2", state="Awaiting User Info", updated="29-02-2016 03:00"),
    )
    assert reported(found) == [
        ("01 01:00", "case_opened", {"case": "INC2", "status": "New"}),
        ("01 03:00", "case_status_changed", {"case": "INC2", "status": "Awaiting User Info"}),
    ]
    assert (found.rows, found.skipped) == (4, 2)


def test_the_account_comes_from_the_callers_hash_on_the_first_row() -> None:
    # 0x291a…feca % 3 = 2, 0x9c08…79bb % 3 = 0 (sha256sum and bc)
    assert account_of("Caller 1", ["ant", "bee", "zebra"]) == "zebra"
    assert account_of("Caller 8", ["ant", "bee", "zebra"]) == "ant"
    assert account_of("Caller é", ["ant", "bee", "zebra"]) == "ant"
    found = changes_of(
        row("INC1", caller="Caller 1"),
        row("INC1", caller="Caller 8", state="Active", updated="29-02-2016 02:00"),
    )
    assert [event.subject for event in found.events] == ["zebra", "zebra"]


def test_an_account_with_two_deals_counts_twice_among_the_accounts() -> None:
    twice = changes_of(row("INC1", caller="Caller 1"), sellers=("ant", "ant", "bee"))
    assert [event.subject for event in twice.events] == ["bee"]


def test_a_fact_repeated_in_one_minute_is_one_event() -> None:
    found = changes_of(
        row("INC1"),
        row("INC1", counts="0,1", updated="29-02-2016 02:00"),
        row("INC1", counts="0,2", updated="29-02-2016 02:00"),
        row("INC1", counts="0,3", updated="29-02-2016 02:01"),
    )
    assert Counter(type for _, type, _ in reported(found)) == {"case_opened": 1, "case_reopened": 2}
    assert found.merged == 1


def test_ids_follow_from_content_so_importing_twice_adds_nothing() -> None:
    lines = (row("INC1"), row("INC1", state="Active", updated="29-02-2016 02:00"))
    assert changes_of(*lines).events == changes_of(*lines).events
    assert {event.source for event in changes_of(*lines).events} == {"import/servicenow"}
    moved = changes_of(*lines, starts_at=datetime(2018, 6, 2, tzinfo=UTC))
    assert not {event.id for event in moved.events} & {event.id for event in changes_of(*lines).events}


@pytest.mark.parametrize(
    ("wrong", "column", "expected"),
    [
        (row("INC1", in_time="yes"), "made_sla", "TRUE or FALSE"),
        (row("INC1", counts="-1,0"), "reassignment_count", "a whole number"),
        (row("INC1", counts="0,?"), "reopen_count", "a whole number"),
        (row("INC1", opened="?"), "opened_at", "a date"),
        (row("INC1", updated="29-02-2015 01:00"), "sys_updated_at", "a date"),
        (row("?"), "number", "1 to 200 characters"),
        (row("INC1", state=""), "incident_state", "1 to 500 characters"),
    ],
)
def test_an_unreadable_cell_is_named(wrong: str, column: str, expected: str) -> None:
    with pytest.raises(UnreadableFile, match=rf"log\.csv, line 3, column {column}: expected {expected}"):
        changes_of(row("INC0"), wrong)


def test_moving_times_out_of_the_years_of_events_is_refused_with_the_option_to_change() -> None:
    with pytest.raises(UnreadableFile, match="choose another --starts-at"):
        changes_of(
            row("INC1"),
            row("INC1", updated="01-03-2017 01:00"),
            starts_at=datetime(2099, 6, 1, tzinfo=UTC),
        )


def test_without_deals_there_is_no_account_for_an_incident() -> None:
    with pytest.raises(UnreadableFile, match="no deals"):
        changes_of(row("INC1"), sellers=())

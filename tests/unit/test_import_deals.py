"""Closed deals become sales and salespeople."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.cli.importers.deals import COLUMNS, events_of_deals, read_deal
from services.cli.importers.events import Import
from services.cli.importers.rows import UnreadableFile, read_rows
from shared.contracts.order_parts import Line
from shared.contracts.orders_inbound import OrderPlaced, SalespersonChanged

HEADER = (
    "mql_id,seller_id,sdr_id,sr_id,won_date,business_segment,lead_type,lead_behaviour_profile,has_company,"
    "has_gtin,average_stock,business_type,declared_product_catalog_size,declared_monthly_revenue"
)
ANNA = "anna0123456789"
LATER = f"o-1,m-1,sdr-1,{ANNA},08-05-2018 20:17,pet,online_medium,cat,,,,reseller,,0"
EARLIER = f"o-2,m-2,sdr-1,{ANNA},5/6/2017 7:05,toys,industry,eagle,TRUE,true,1-5,reseller,3,50000.0"
UNSOLD = "o-3,m-3,sdr-2,?,01-01-2018 00:00,,offline,,FALSE,,,manufacturer,,"


def deals_of(*lines: str, header: str = HEADER) -> Import:
    rows = read_rows([f"{line}\n" for line in (header, *lines)], file="deals.csv", columns=COLUMNS)
    return events_of_deals([read_deal(row) for row in rows])


def test_each_deal_is_a_sale_and_each_seller_is_known_from_their_first_one() -> None:
    found = deals_of(LATER, EARLIER, UNSOLD)

    first, new_year, last = (
        datetime(2017, 6, 5, 7, 5, tzinfo=UTC),
        datetime(2018, 1, 1, tzinfo=UTC),
        datetime(2018, 5, 8, 20, 17, tzinfo=UTC),
    )
    assert [(event.time, event.subject, event.data) for event in found.events] == [
        (
            first,
            ANNA,
            SalespersonChanged(
                name="Salesperson anna0123", email="anna0123456789@sales.example", zone="UTC", active=True
            ),
        ),
        (
            first,
            "m-2",
            OrderPlaced(
                order="o-2",
                lines=(Line(product="toys", amount_minor=5_000_000),),
                amount_minor=5_000_000,
                currency="BRL",
                sold_by=ANNA,
                sold_at=first,
            ),
        ),
        (
            new_year,
            "m-3",
            OrderPlaced(
                order="o-3",
                lines=(Line(product="not stated", amount_minor=0),),
                amount_minor=0,
                currency="BRL",
                sold_by=None,
                sold_at=new_year,
            ),
        ),
        (
            last,
            "m-1",
            OrderPlaced(
                order="o-1",
                lines=(Line(product="pet", amount_minor=0),),
                amount_minor=0,
                currency="BRL",
                sold_by=ANNA,
                sold_at=last,
            ),
        ),
    ]
    assert (found.rows, found.skipped, found.merged) == (3, None, 0)


def test_the_same_file_gives_the_same_ids_in_any_order_of_its_rows() -> None:
    assert deals_of(LATER, EARLIER).events == deals_of(EARLIER, LATER).events
    assert all(UUID(event.id).version == 5 for event in deals_of(LATER).events)
    assert {event.source for event in deals_of(LATER).events} == {"import/olist"}


def test_a_changed_amount_is_another_event() -> None:
    [_, before] = deals_of(LATER).events
    [_, after] = deals_of(LATER.removesuffix("0") + "1").events
    assert before.id != after.id


def test_a_repeated_deal_is_one_event() -> None:
    found = deals_of(LATER, LATER)
    assert (len(found.events), found.rows, found.merged) == (2, 2, 1)


@pytest.mark.parametrize(
    ("changed_from", "changed_to", "column", "expected"),
    [
        ("08-05-2018 20:17", "2018-05-08 20:17", "won_date", "a date of 2000 to 2099, day first"),
        ("08-05-2018 20:17", "31-02-2018 20:17", "won_date", "a date of 2000 to 2099, day first"),
        ("08-05-2018 20:17", "08-05/2018 20:17", "won_date", "a date of 2000 to 2099, day first"),
        ("08-05-2018 20:17", "", "won_date", "a date of 2000 to 2099, day first"),
        ("08-05-2018 20:17", "08-05-1999 20:17", "won_date", "a date of 2000 to 2099, day first"),
        ("reseller,,0", "reseller,,1e5", "declared_monthly_revenue", "an amount like 50000 or 50000.25"),
        ("reseller,,0", "reseller,,-1", "declared_monthly_revenue", "an amount like 50000 or 50000.25"),
        ("reseller,,0", "reseller,,0.125", "declared_monthly_revenue", "an amount like 50000 or 50000.25"),
        ("o-1", "?", "mql_id", "1 to 200 characters"),
        ("m-1", "", "seller_id", "1 to 200 characters"),
        (ANNA, "anna b", "sr_id", "1 to 64 characters without spaces or @"),
    ],
)
def test_an_unreadable_cell_is_named_by_file_line_and_column_with_the_expected_form(
    changed_from: str, changed_to: str, column: str, expected: str
) -> None:
    with pytest.raises(UnreadableFile) as raised:
        deals_of(EARLIER, LATER.replace(changed_from, changed_to))
    assert f"deals.csv, line 3, column {column}: expected {expected}" in str(raised.value)


def test_a_file_without_the_columns_is_refused_by_their_names() -> None:
    with pytest.raises(UnreadableFile, match=r"line 1: .* found none named mql_id, won_date"):
        deals_of(header=HEADER.replace("mql_id", "id").replace("won_date", "date"))
    with pytest.raises(UnreadableFile, match=r"deals\.csv, line 1"):
        events_of_deals([read_deal(row) for row in read_rows([], file="deals.csv", columns=COLUMNS)])


def test_a_row_that_is_too_short_is_refused_by_its_line() -> None:
    with pytest.raises(UnreadableFile, match="line 3: expected 14 cells, as in the header, found 13"):
        deals_of(LATER, EARLIER.rpartition(",")[0])

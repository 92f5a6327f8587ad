"""Outlines name topics, types, tables and columns as literals, so that commands need no service's
code: each must exist.
"""

from types import ModuleType

import pytest
from sqlalchemy import MetaData

from services.cli.installation import ServiceName
from services.cli.run import outline_of
from services.escalation.tables import EscalationTable
from services.orders import app as orders
from services.orders.tables import OrdersTable
from services.support import app as support
from services.support.tables import SupportTable
from shared.contracts.catalog import CATALOG
from shared.tables import SharedTable

TABLES: dict[ServiceName, MetaData] = {
    ServiceName.ORDERS: OrdersTable.metadata,
    ServiceName.SUPPORT: SupportTable.metadata,
    ServiceName.ESCALATION: EscalationTable.metadata,
}


@pytest.mark.parametrize("service", ServiceName)
def test_an_outline_names_topics_with_published_facts(service: ServiceName) -> None:
    outline = outline_of(service)
    known = {fact.topic for fact in CATALOG.values()}
    assert {*outline.listens_to, *outline.publishes} <= known


@pytest.mark.parametrize("service", ServiceName)
def test_the_source_of_a_dated_column_is_a_fact_that_the_service_receives(service: ServiceName) -> None:
    outline = outline_of(service)
    for reported_by in filter(None, (dated.reported_by for dated in outline.dated)):
        assert CATALOG[reported_by].topic in outline.listens_to


@pytest.mark.parametrize("service", ServiceName)
def test_dated_columns_are_columns(service: ServiceName) -> None:
    tables = {**TABLES[service].tables, **SharedTable.metadata.tables}
    for dated in outline_of(service).dated:
        columns = set(tables[dated.table].columns.keys())
        assert {dated.column, dated.about, dated.received or dated.about} <= columns


@pytest.mark.parametrize(("service", "app"), [(ServiceName.ORDERS, orders), (ServiceName.SUPPORT, support)])
def test_events_over_http_go_to_the_topic_that_the_service_reads(service: ServiceName, app: ModuleType) -> None:
    inbound = [topic for topic in outline_of(service).listens_to if ".inbound." in topic]
    assert inbound == [app.INBOUND]

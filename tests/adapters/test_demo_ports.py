"""Where the demo listens, and where it keeps its data."""

import asyncio
from pathlib import Path

import pytest
import typer

from deploy.local.machine import Ports
from deploy.local.ports import LOOPBACK
from services.cli.demo.command import folder_of_demo, ports_of_demo


async def test_a_variable_sets_a_port_of_the_demo_as_it_does_for_up() -> None:
    given = {"ESCALATION_PORT": "18203", "POSTGRES_PORT": "18432", "PUSH_PORT": "18526"}
    ports = await ports_of_demo(given)
    assert (ports.services["escalation"], ports.postgres, ports.push) == (18203, 18432, 18526)


async def test_free_ports_replace_the_usual_ones_but_none_that_was_set() -> None:
    usual = Ports()
    try:
        server = await asyncio.start_server(lambda *_: None, LOOPBACK, usual.services["orders"])
    except OSError:
        server = None  # another program has it: the same situation
    try:
        ports = await ports_of_demo({"SMTP_PORT": "18525"})
    finally:
        if server is not None:
            server.close()
    assert ports.services["orders"] != usual.services["orders"]
    assert ports.smtp == 18525


async def test_a_port_that_is_no_number_is_named() -> None:
    with pytest.raises(typer.BadParameter, match="KAFKA_PORT must be a number, not 'kafka'"):
        await ports_of_demo({"KAFKA_PORT": "kafka"})


def test_the_data_of_the_demo_is_in_the_folder_of_up() -> None:
    assert folder_of_demo({}) == Path(".local/demo")
    assert folder_of_demo({"HANDOFF_DATA": "/data"}) == Path("/data/demo")

"""An episode's course in the timeline: its acknowledger, its severity, and its end."""

from datetime import timedelta

from services.escalation.domain.own_facts import (
    ClosePressed,
    CustomerReachedLogged,
    HandOverAcceptPressed,
    HandOverPressed,
    ReopenPressed,
)
from services.escalation.store.timeline import Action, actions_on
from tests.builders import ACCOUNT, refund_requested
from tests.escalation import Escalation, button, dead_end
from tests.team import HOUR, happens, person, presses

_MOMENT = timedelta(seconds=1)


async def actions(team: Escalation) -> list[Action]:
    """Without alerts, the save window and the win-back, which have tests of their own."""
    others = ("alert raised", "alert sent", "save window", "win-back")
    return [action for action in await actions_on(team.pool, ACCOUNT) if not action.what.startswith(others)]


async def test_a_timeline_includes_severity_acknowledger_and_end(team: Escalation) -> None:
    await team.receive(person("eva"))
    await happens(team, dead_end(case=None))
    await team.move_clock(_MOMENT)
    await happens(team, refund_requested())
    await team.move_clock(_MOMENT)
    await team.acknowledge("anna")
    await presses(team, HandOverPressed, "anna", to="eva", until=await team.now() + HOUR)
    await team.move_clock(_MOMENT)
    await presses(team, HandOverAcceptPressed, "eva")
    await presses(team, CustomerReachedLogged, "eva")
    await presses(team, ClosePressed, "eva", result="lost", reason="price")
    reported = await actions(team)
    assert [(action.what, action.who) for action in reported] == [
        ("episode raised", None),
        ("severity raised", None),
        ("acknowledged", "anna"),
        ("handed over", "eva"),
        ("customer reached", "eva"),
        ("episode closed", "eva"),
    ]
    assert {action.order for action in reported} == {"4711"}
    assert reported[1].why is not None
    assert reported[1].why.startswith("Severity critical: ")
    assert reported[5].why is not None
    assert reported[5].why.startswith("Closed as lost: ")


async def test_a_timeline_includes_an_undone_close(team: Escalation) -> None:
    await happens(team, refund_requested())
    await presses(team, ClosePressed, "anna", result="lost", reason="price")
    (episode,) = await team.episodes()
    await team.receive(button(ReopenPressed, episode["episode_id"], "anna"))
    reported = [(action.what, action.who, action.why) for action in await actions(team)][-2:]
    assert [one[:2] for one in reported] == [("episode closed", "anna"), ("close undone", "anna")]
    assert reported[1][2] == "anna undid the close; the episode is open again as it was."


async def test_a_timeline_includes_that_the_customer_was_not_reached_in_time(team: Escalation) -> None:
    await happens(team, refund_requested())
    await team.acknowledge("anna")
    await team.wait(5 * HOUR)
    assert [(action.what, action.who) for action in await actions(team)][:3] == [
        ("episode raised", None),
        ("acknowledged", "anna"),
        ("customer not reached in time", "anna"),
    ]

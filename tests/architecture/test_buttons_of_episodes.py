"""Every button of an episode is known in every place that lists buttons: effect, form, page, history, tests."""

import inspect
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData

from services.escalation.domain import own_facts
from services.escalation.domain.deciding import buttons as deciding
from services.escalation.inbox import forms
from services.escalation.store import stories
from shared.ids import SalespersonId
from tests.architecture.sources import ROOT
from tests.hostile.inbox_routes import BUTTONS as ROWS
from tests.simulation import buttons as simulated

IN_OTHER_LINES: set[type[own_facts.EpisodeButton]] = {
    *(own_facts.AcknowledgePressed, own_facts.NotMinePressed, own_facts.HandOverPressed),
    *(own_facts.ReassignPressed, own_facts.TakeOverPressed),
    *(own_facts.OfferLogged, own_facts.ApprovalAsked, own_facts.ApprovePressed, own_facts.DeclinePressed),
    *(own_facts.HandOverAcceptPressed, own_facts.SeenPressed, own_facts.ClosePressed, own_facts.ReopenPressed),
}
"""Buttons that the history on the page shows by the decisions they lead to."""
REOPENS: type[own_facts.EpisodeButton] = own_facts.ReopenPressed
"""The button of a closed episode: its effect stands in `reopening`, and a history presses it after each close."""
BUTTONS: tuple[type[own_facts.EpisodeButton], ...] = own_facts.BUTTONS
_PAGE = (ROOT / "services/escalation/inbox/templates/parts.html").read_text("utf-8")
_NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


def actions() -> Mapping[str, type[own_facts.EpisodeButton]]:
    """The class that each form of the hostile matrix becomes, by its action."""
    made = {}
    for row in ROWS:
        action = row.path.rpartition("/")[2]
        pressed = forms.Pressed(action, UUID(int=1), SalespersonId("anna"), ZoneInfo("UTC"), _NOW)
        form = {name: value.replace("{offer}", str(UUID(int=1))) for name, value in row.form.items()}
        made[action] = type(forms.button_of(pressed, FormData(form)))
    return made


def places() -> Mapping[str, set[type[own_facts.EpisodeButton]]]:
    """The buttons that each place knows."""
    made, drawn = actions(), inspect.getsource(simulated)
    return {
        "an effect (services/escalation/domain/deciding/buttons.py)": {*deciding._BUTTONS, REOPENS},
        "a row in tests/hostile/inbox_routes.py": set(made.values()),
        "a form (services/escalation/inbox/templates/parts.html)": {
            button for action, button in made.items() if f'"{action}"' in _PAGE or f"/{action}" in _PAGE
        },
        "a press in tests/simulation/buttons.py": {
            button for button in (*BUTTONS, REOPENS) if button is REOPENS or f"own_facts.{button.__name__}(" in drawn
        },
        "a line of the history (services/escalation/store/stories.py)": {*stories._BUTTONS.values(), *IN_OTHER_LINES},
    }


def gaps(known: Mapping[str, set[type[own_facts.EpisodeButton]]]) -> list[str]:
    names = {*BUTTONS, REOPENS}
    return sorted(f"{name.__name__} lacks {place}" for place, has in known.items() for name in names - has)


def test_every_button_is_known_in_every_place() -> None:
    assert gaps(places()) == []


def test_a_button_taken_out_of_a_place_is_named() -> None:
    button = own_facts.SnoozePressed
    for place, has in places().items():
        assert gaps({place: has - {button}}) == [f"SnoozePressed lacks {place}"]


def test_every_action_has_a_row() -> None:
    assert set(actions()) == set(forms.ACTIONS)

"""Decisions about save windows: opened, with another person, and closed."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.escalation.domain.decisions.decision import ChangesEpisode, Row, utc_minute
from services.escalation.domain.save_windows import SaveWindow
from shared.contracts import escalation
from shared.contracts.envelope import Fact
from shared.contracts.escalation import SaveWindowEnd

_ENDED = {
    SaveWindowEnd.EXECUTED: "the money was paid or the order cancelled",
    SaveWindowEnd.WITHDRAWN: "the customer withdrew the request",
    SaveWindowEnd.CUSTOMER_INSISTS: "the customer insists on the request",
    SaveWindowEnd.MUST_NOT_BE_CALLED: "the customer must not be called",
    SaveWindowEnd.SAVED: "the episode is closed as saved",
    SaveWindowEnd.LOST: "the episode is closed as lost",
    SaveWindowEnd.NOT_OURS: "the episode is closed as a false alarm",
    SaveWindowEnd.CAUSE_GONE: "the request no longer stands",
    SaveWindowEnd.TIME_UP: "its time is up",
}


@dataclass(frozen=True, slots=True)
class OfWindow(ChangesEpisode):
    """A decision about a save window; `window` is its new state."""

    window: SaveWindow

    @property
    def who(self) -> str | None:
        return self.window.who

    def rows(self) -> Iterable[Row]:
        return self.episode, self.window

    @property
    def discriminator(self) -> object:
        return self.window.episode_id


@dataclass(frozen=True, slots=True)
class AnnouncesWindow(OfWindow):
    """A decision that publishes an open window. `name` is the person's, if known, `zone` the customer's."""

    name: str | None
    zone: str

    def publishes(self) -> Fact:
        window = self.window
        return escalation.SaveWindowOpened(
            episode=window.episode_id,
            order=window.order_id,
            case=window.case_id,
            who=window.who,
            name=self.name,
            acknowledged=window.acknowledged,
            until=window.until,
            call_at=window.call_at,
            reached_at=window.reached_at,
            zone=self.zone,
        )


@dataclass(frozen=True, slots=True)
class WindowOpened(AnnouncesWindow):
    """A window opened, opened again, or ends at another time. `line` is the policy's, of `version`, for its end."""

    rule = "save_window_opened"
    policy_lines = ("save_window.within", "save_window.legal_limit")
    timeline = "save window opened"
    color = "yellow"
    line: str
    version: int

    @property
    def sentence(self) -> str:
        return f"The customer is to be called by {utc_minute(self.window.until)}: the save window is open until then."

    @property
    def policy_line(self) -> str | None:
        return self.line

    @property
    def policy_version(self) -> int | None:
        return self.version


@dataclass(frozen=True, slots=True)
class WindowPassedOn(AnnouncesWindow):
    """Another person has the episode of an open window, or it was acknowledged, or they promised a call or made it;
    another decision records that."""


@dataclass(frozen=True, slots=True)
class WindowClosed(OfWindow):
    """A window is over, or a late report shows that something else ended it earlier."""

    rule = "save_window_closed"
    timeline = "save window closed"

    @property
    def sentence(self) -> str:
        assert self.window.ended is not None
        return f"The save window is over: {_ENDED[self.window.ended]}."

    def publishes(self) -> Fact:
        window = self.window
        assert window.ended is not None
        assert window.ended_at is not None
        return escalation.SaveWindowClosed(
            episode=window.episode_id,
            order=window.order_id,
            case=window.case_id,
            because=window.ended,
            closed_at=window.ended_at,
        )

"""Losses at the end of a history, and the months after them, in which the lost customers are called. Start at
`LostCustomers.months_later`.

In most histories nobody is lost. What happens here comes from a generator of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from services.escalation.domain.duty_buttons import DutyButton, WinBackLogged
from services.escalation.domain.own_facts import ClosePressed, EpisodeButton, ReopenPressed
from services.escalation.handlers.checking_win_backs import check_due
from services.escalation.store import win_backs
from shared.contracts import support
from shared.contracts.escalation import EpisodeResult, WinBackAnswer
from shared.contracts.support_inbound import ContactPreference
from tests.simulation.database import Answer, Database, Session
from tests.simulation.happenings import ACCOUNTS, Report, sale
from tests.simulation.running import Running
from tests.simulation.tables import EPISODES, ORDERS, SIGNALS, WIN_BACKS, Row, Rows
from tests.simulation.workers import Page, Process

if TYPE_CHECKING:
    from tests.simulation.world import History

_MONTH = timedelta(days=30)
_REASONS = ("price", "service", "service", "competitor", "changed_mind")
_ELSEWHERE = ((0, 0), (9, 9), (2, 20), (2, 19), (5, 20), (9, 30))
"""Losses of the class and requests of the segment, of other customers. A tenth is the policy's rate."""
_LATER = (timedelta(), timedelta(), timedelta(milliseconds=1), timedelta(days=3), timedelta(days=100))
_REQUESTS = ("refund_requested", "cancellation_requested")


class WinBacks(Process):
    """Looks at the win-backs whose time has come."""

    def has_work(self) -> bool:
        return bool(_to_look_at(self.database.tables[WIN_BACKS].values(), self.database))

    async def round(self) -> None:
        await check_due(self.processor)


class LostCustomers:
    """The lost customers of a history. `elsewhere` has the losses and the requests of other customers."""

    def __init__(self, seed: int, database: Database) -> None:
        self.chance = Random(f"losses {seed}")
        self.database = database
        self.elsewhere = (0, 0)
        self.sales = 0

    def answers(self) -> Mapping[str, Answer]:
        """The meaning of the statement that counts over all customers."""
        return {win_backs._TO_CHECK: self._to_check}

    def months_later(self, history: "History") -> None:
        """Some customers are lost, and the months pass in which they are called, or not."""
        if self.chance.random() < 0.4:
            self._lose(history)
        if not self.database.tables[WIN_BACKS]:
            return
        for name in ("win-backs 1", "win-backs 2"):
            history._start(name)
        history.rest()
        for _ in range(self.chance.randint(3, 12)):
            self.elsewhere = self.chance.choice(_ELSEWHERE)
            self._happen(history)
            for _ in range(self.chance.choice((0, 3, 12))):
                history._go_on()
            history.rest()

    def _lose(self, history: "History") -> None:
        """Open episodes are closed as lost, and some of these closes are undone."""
        for row in [row for row in self.database.tables[EPISODES].values() if row["closed_at"] is None]:
            by = row["acknowledged_by"] or row["responsible"]
            if by is not None and self.chance.random() < 0.7:
                self._press(history, self._close(row, by), row["account_id"])
        history.rest()
        for row in list(self.database.tables[EPISODES].values()):
            if row["closed_by"] is not None and row["result"] == "lost" and self.chance.random() < 0.15:
                undo = ReopenPressed(episode=row["episode_id"], by=row["closed_by"])
                self._press(history, undo, row["account_id"])
        history.rest()

    def _close(self, row: Row, by: str) -> ClosePressed:
        return ClosePressed(
            episode=row["episode_id"],
            by=by,
            result=EpisodeResult.LOST,
            reason=self.chance.choice(_REASONS),
            may_call_again=self.chance.choice((None, True, True, False)),
        )

    def _happen(self, history: "History") -> None:
        rows = list(self.database.tables[WIN_BACKS].values())
        due = [row for row in rows if row["state"] == "due"]
        lot = self.chance.random()
        if lot < 0.1 or (lot < 0.6 and due):
            row = self.chance.choice(due or rows)
            self._press(history, self._answer(row), row["account_id"], row["due_at"].isoformat())
        elif lot < 0.85:
            self._pass_time(history)
        elif lot < 0.95:
            preference = self.chance.choice((ContactPreference.NONE, *ContactPreference))
            fact = support.ContactPreferenceChanged(preference=preference)
            history._append(Report(fact, self.chance.choice(ACCOUNTS), self.database.now))
        else:
            self._sell_again(history)

    def _pass_time(self, history: "History") -> None:
        """Until the next look at a win-back, or longer."""
        rows = self.database.tables[WIN_BACKS].values()
        next_look = min((row["check_at"] for row in rows if row["check_at"] is not None), default=self.database.now)
        history._pass_time(max(next_look - self.database.now, timedelta()) + self.chance.choice(_LATER))

    def _answer(self, row: Row) -> WinBackLogged:
        """The answer of a lost customer, most often reported by the person who looks after them."""
        sold_by = self.database.tables[ORDERS][row["order_id"],]["sold_by"] or "desk"
        by = self.chance.choice((sold_by, sold_by, "cleo", "ben"))
        answer = self.chance.choice((WinBackAnswer.LATER, *WinBackAnswer))
        return WinBackLogged(order=row["order_id"], by=by, episode=row["episode_id"], answer=answer)

    def _sell_again(self, history: "History") -> None:
        self.sales += 1
        account, now = self.chance.choice(ACCOUNTS), self.database.now
        fact = sale(self.chance, account, f"again-{self.sales}").fact
        new = {"sold_at": now, "promises": (), "delivery_due_at": None}
        history._append(Report(fact.model_copy(update=new), account, now))

    def _press(
        self, history: "History", button: EpisodeButton | DutyButton, account: str, round: str | None = None
    ) -> None:
        page = Page(history.ground, f"page of {button.by}")
        for _ in range(self.chance.choice((1, 1, 2))):
            history.running.append(Running(page.name, page.press(button, account, round, self.chance.randint(1, 2))))
        history._say(f"{button.by} presses {button.model_dump_json()}")

    def _to_check(self, session: Session, arguments: Sequence[Any]) -> Rows:
        """The first win-backs to look at, each with the counts of its class and segment, here and elsewhere."""
        limit, within = arguments
        since, (losses, requests) = session.now - within, self.elsewhere
        lost = [row for row in session.rows(WIN_BACKS) if row["lost_at"] > since and row["state"] != "undone"]
        orders = {row["episode_id"]: self.database.tables[ORDERS][row["order_id"],] for row in session.rows(EPISODES)}
        segments = [
            orders[row["episode_id"]]["segment"]
            for row in session.rows(SIGNALS)
            if row["kind"] in _REQUESTS and row["episode_id"] is not None and row["at"] > since
        ]
        return [
            {name: row[name] for name in ("episode_id", "account_id", "check_at")}
            | {
                "losses": losses + sum(_kind(one) == _kind(row) for one in lost),
                "requests": requests + segments.count(row["segment"]),
            }
            for row in _to_look_at(session.rows(WIN_BACKS), self.database)[:limit]
        ]


def _kind(row: Row) -> tuple[str, str | None]:
    return row["loss_class"], row["segment"]


def _to_look_at(rows: Iterable[Row], database: Database) -> Rows:
    due = [row for row in rows if row["check_at"] is not None and row["check_at"] <= database.now]
    return sorted(due, key=lambda row: (row["check_at"], row["episode_id"]))

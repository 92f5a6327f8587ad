"""One history: a seed decides what happens, which process goes on after every wait, what breaks, and who dies.

Start with `History.play`. It raises `Broken` for what it finds wrong; the trace is printed if requested.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any

from services.escalation.store.rounds import round_of
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.contracts.orders import OrderPlaced
from shared.database import DATABASE_ERRORS
from shared.inputs import Input, InputKind, Partition, Position
from tests.simulation import buttons, duties, happenings
from tests.simulation.commits import Broken, Commits
from tests.simulation.consuming import Consumer, Measuring
from tests.simulation.database import Answer, Database, Fate
from tests.simulation.devices import Devices, Pusher
from tests.simulation.happenings import ACCOUNTS, START, Report
from tests.simulation.invariants import check_in_the_end
from tests.simulation.kafka import CASES, PARTITIONS, SALES, Kafka
from tests.simulation.kafka import PEOPLE as DIRECTORY
from tests.simulation.losing import LostCustomers, WinBacks
from tests.simulation.replaying import check_replay
from tests.simulation.running import Running, stopped_in_the_end
from tests.simulation.slices import slices_of
from tests.simulation.statements import ANSWERS
from tests.simulation.tables import COLUMNS, EPISODES, OFFSETS, ORDERS, POLICIES, TIMERS
from tests.simulation.workers import Activity, Ground, Mail, Page, Relay, Sender, Timers


class History:
    """Everything that follows from one seed. `receive` is called with each line of the trace. Other kinds of
    histories derive from it."""

    kinds: Mapping[str, Callable[[Ground, str], Any]] = {
        "consumer": Consumer,
        "relay": Relay,
        "timers": Timers,
        "sender": Sender,
        "pusher": Pusher,
        "win-backs": WinBacks,
    }
    slices: int | None = None
    """A batch pauses after this many items of its work; most batches are too small for that."""
    to_rest = 20_000
    """A history that has not come to rest after this many steps is broken."""
    processes: Sequence[str] = ("consumer 1", "consumer 2", "relay", "timers 1", "timers 2", "sender 1", "sender 2")

    def __init__(self, seed: int, receive: Callable[[str], None] | None = None) -> None:
        self.chance = Random(seed)
        self.receive = receive
        self.mail = Mail(self.chance)
        self.kafka = Kafka()
        self.calm = False
        self.one_by_one = self.chance.random() < 0.4
        self.pausing = self.chance.choice((1.0, 0.4, 0.15))
        self.breaking = self.chance.choice((0.0, 0.0, 0.01))
        self.losing = self.chance.choice((0.0, 0.05, 0.2))
        self.dying = self.chance.choice((0.0, 0.01, 0.03))
        self.database = Database(START, fate=self._fate, breaks=self._breaks, pauses=self._pauses)
        self.policy = happenings.policy(happenings.team_mode(self.chance))
        self.database.tables[POLICIES][(2,)] = self.policy
        self.commits = Commits(self.database, self.kafka)
        self.database.on_commit = self.commits.note
        self.devices = Devices(seed, self.database)
        push = self.devices.service
        self.lost = LostCustomers(seed, self.database)
        answers = {**self.answers(), **self.lost.answers()}
        self.ground = Ground(self.database, self.kafka, self.mail, self.chance, answers, push)
        self.running: list[Running] = []
        self.reports: list[Report] = []
        self.made = 0
        self._start_everything()

    def answers(self) -> Mapping[str, Answer]:
        """The meaning of each statement."""
        return ANSWERS

    def play(self) -> None:
        """Let things happen, let everything come to rest, and check the invariants."""
        self.live()
        check_in_the_end(self.ground, self.commits)
        check_replay(self.commits, self.database, one_by_one=self.one_by_one)

    def live(self) -> None:
        """Let things happen, and let everything come to rest."""
        with slices_of(self.slices), stopped_in_the_end(self.running):
            self._live()

    def _live(self) -> None:
        for report in happenings.beginning(self.chance):
            self._append(report)
        for _ in range(self.chance.randint(8, 25)):
            self._happen()
            for _ in range(int(self.chance.choice((0, 3, 12, 60, 60)) * self.pausing)):
                self._go_on()
        self.rest()
        for _ in range(self.chance.choice((0, 0, 0, 0, 2, 6))):
            self._to_the_next_timer()
            self.rest()
        self.lost.months_later(self)

    def rest(self) -> None:
        """Nothing breaks any more, and every process does the work that is due."""
        self.calm = self.mail.calm = self.devices.service.calm = True
        for _ in range(self.to_rest):
            if not self._go_on():
                self.calm = self.mail.calm = self.devices.service.calm = False
                return
        raise Broken("it never comes to rest")

    def _start_everything(self) -> None:
        for partition in PARTITIONS:
            named = {"topic": partition.topic, "partition": partition.number, "next_offset": 0}
            self.database.tables[OFFSETS][tuple(partition)] = {**COLUMNS[OFFSETS], **named}
        self.activities: dict[str, Activity] = {}
        for name in (*self.processes, *self.devices.processes):
            self._start(name)
        self._assign({"consumer 1"})

    def _start(self, name: str) -> None:
        process = self.kinds[name.split()[0]](self.ground, name)
        self.activities[name] = process
        if isinstance(process, Consumer):
            self.activities[f"{name} measures"] = Measuring(process, f"{name} measures")

    def _consumer(self, name: str) -> Consumer:
        found = self.activities[name]
        assert isinstance(found, Consumer)
        return found

    def _assign(self, names: set[str]) -> None:
        """Assign the partitions: all of them to one consumer, or to each the same numbers of all topics."""
        for place, name in enumerate(("consumer 1", "consumer 2")):
            mine = {one for one in PARTITIONS if len(names) == 2 and one.number == place}
            self._consumer(name).assign(set(PARTITIONS) if names == {name} else mine)

    # What happens

    def _happen(self) -> None:
        self.database.now += timedelta(milliseconds=self.chance.randint(1, 900))
        lot = self.chance.random()
        if lot < 0.42:
            self._append(happenings.fact_of(self.chance, self.chance.choice(ACCOUNTS), self.database.now))
        elif lot < 0.51:
            self._pass_time(happenings.pause(self.chance))
        elif lot < 0.60:
            self._to_the_next_timer()
        elif lot < 0.82:
            self._press()
        elif lot < 0.87:
            self._append(happenings.directory_change(self.chance, self.database.now))
        elif lot < 0.90:
            self._sell()
        elif lot < 0.94 and self.reports:
            self._append_again()
        elif lot < 0.96:
            self._log_duty()
        else:
            self._assign(self.chance.choice(({"consumer 1"}, {"consumer 2"}, {"consumer 1", "consumer 2"})))
        changed = self.devices.happen()
        if changed is not None:
            self._say(f"-- {changed}")

    def _sell(self) -> None:
        """A sale that was not made at the beginning. Orders ignores repeated sales of an order."""
        account = self.chance.choice(ACCOUNTS)
        order = self.chance.choice(happenings.ORDERS[account])
        if not any(isinstance(one.fact, OrderPlaced) and one.fact.order == order for one in self.reports):
            self._append(happenings.sale(self.chance, account, order))

    def _pass_time(self, long: timedelta) -> None:
        self.database.now += long
        self._say(f"-- {long} pass")

    def _to_the_next_timer(self) -> None:
        due = min((row["due_at"] for row in self.database.tables[TIMERS].values()), default=None)
        if due is not None and due > self.database.now:
            self._pass_time(due - self.database.now - timedelta(milliseconds=self.chance.choice((0, 0, 1))))

    def _append(self, report: Report) -> None:
        self.made += 1
        self.reports.append(report)
        self._append_as(report, self.made)

    def _append_again(self) -> None:
        """A relay published a record twice."""
        place = self.chance.randrange(len(self.reports))
        self._append_as(self.reports[place], place + 1)

    def _append_as(self, report: Report, number: int) -> None:
        event = envelope(report.fact, id=f"e-{number}", source="handoff/orders", subject=report.subject, time=report.at)
        topic = DIRECTORY if report.fact.about == "salesperson" else SALES if "orders." in report.fact.type else CASES
        partition = Partition(topic, sum(map(ord, report.subject)) % 2)
        position = Position(*partition, self.kafka.end(partition))
        one = self.record(event, position)
        self.kafka.appended[partition].append((self.database.now, one))
        ago, body = self.database.now - report.at, one.body.decode()
        self._say(f"told {event.id} {event.type} of {report.subject}, {ago} ago: {body}")

    def record(self, event: Envelope[Fact], position: Position) -> Input:
        """An event as it is read from Kafka."""
        return Input(event, event.data.model_dump_json().encode(), b"", InputKind.RECORD, position=position)

    def _log_duty(self) -> None:
        orders = list(self.database.tables[ORDERS].values())
        if not orders:
            return
        row = self.chance.choice(orders)
        button = duties.button(self.chance, row, self.database)
        page = Page(self.ground, f"page of {button.by}")
        for _ in range(self.chance.choice((1, 2))):
            tries = self.chance.randint(1, 2)
            self.running.append(Running(page.name, page.press(button, row["account_id"], None, tries)))
        self._say(f"{button.by} logs {button.model_dump_json()}")

    def _press(self) -> None:
        episodes = list(self.database.tables[EPISODES].values())
        if not episodes:
            return
        row = self.chance.choice(episodes[-3:])
        button = buttons.press(self.chance, self.database, row)
        seen, stale = round_of(row["changed_at"]), round_of(row["raised_at"])
        shown = self.chance.choice((seen, seen, stale, None))
        page = Page(self.ground, f"page of {button.by}")
        for _ in range(self.chance.choice((1, 1, 2))):
            tries = 1 if shown is None else self.chance.randint(1, 3)
            steps = page.press(button, row["account_id"], shown, tries)
            self.running.append(Running(page.name, steps))
        self._say(f"{button.by} presses {type(button).__name__} on {row['order_id']}, shown {shown}")

    # Who goes on

    def _go_on(self) -> bool:
        """Advance one process or loop by a step. Returns False if none has anything to do."""
        ready = [one for one in self.running if one.ready]
        if ready and self.chance.random() < 0.8:
            self._step(self.chance.choice(ready))
            return True
        name = self._idle_with_work()
        if name is not None:
            started = Running(name, self.activities[name].round())
            self.running.append(started)
            self._step(started)
        elif ready:
            self._step(self.chance.choice(ready))
        elif self.running:
            raise Broken("every process waits for another one")
        return bool(name or ready)

    def _idle_with_work(self) -> str | None:
        busy = {one.name for one in self.running}
        names = [name for name in self.activities if name not in busy]
        start = self.chance.randrange(len(names)) if names else 0
        return next((name for name in names[start:] + names[:start] if self.activities[name].has_work()), None)

    def _step(self, one: Running) -> None:
        if not self.calm and self.chance.random() < self.dying and not one.name.startswith("page"):
            self._kill(one.name.removesuffix(" measures"))
            return
        if self.receive:
            self._say(f"   {one.name}: {one.place}")
        try:
            one.pause = one.steps.send(None)
        except StopIteration:
            self.running.remove(one)
        except DATABASE_ERRORS as error:
            self.running.remove(one)
            self._say(f"   {one.name} failed: {error}")

    def _kill(self, name: str) -> None:
        self._say(f"!! {name} dies")
        for one in [one for one in self.running if one.name in (name, f"{name} measures")]:
            one.steps.close()
            self.running.remove(one)
        before = self.activities[name]
        self._start(name)
        if isinstance(before, Consumer):
            self._consumer(name).assign(before.assigned)

    def _fate(self, name: str) -> Fate:
        if self.calm or self.chance.random() >= self.losing:
            return Fate.DONE
        fate = self.chance.choice((Fate.REFUSED, Fate.ANSWER_LOST, Fate.LOST))
        self._say(f"!! the commit of {name}: {fate.value}")
        return fate

    def _breaks(self) -> bool:
        return not self.calm and self.chance.random() < self.breaking

    def _pauses(self) -> bool:
        return self.chance.random() < self.pausing and not (self.calm and self.chance.random() < 0.7)

    def _say(self, line: str) -> None:
        if self.receive:
            self.receive(f"{self.database.now:%d %H:%M:%S} {line}")

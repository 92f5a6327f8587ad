"""A history published to real services without faults, with the files that the checker judges by."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from time import time
from typing import Any

import httpx2
from confluent_kafka import Producer

from deploy.local.machine import SERVICES
from deploy.local.push_keys import sender_key
from deploy.local.push_store import PushStore
from deploy.local.stored_mail import messages
from deploy.local.stored_push import messages as pushed_messages
from services.escalation.channels.web_push.vapid import VapidKey
from tests.databases import Databases
from tests.faults.checker.promises import at_rest, at_rest_but_for_lists
from tests.faults.checker.reading import read_run
from tests.faults.clocks import INBOUND_SERVICES, keep_ahead
from tests.faults.history import CLOSED, DESK, Event, arrival, first_of_all, post, wire
from tests.faults.policy import publish_policy, terms_in_seconds
from tests.faults.push_server import CONTACT, WITH_DEVICES, add_device
from tests.faults.rescues import TO_TAKE
from tests.inbox import form_token
from tests.stories import PUBLISHER_KEY, Company
from tests.waiting import eventually

_LISTENS = {
    "orders": ["orders.inbound.v1", "escalation.rescues.v1"],
    "support": ["support.inbound.v1", "escalation.rescues.v1", "orders.sales.v1"],
    "escalation": ["orders.sales.v1", "salespeople.v1", "support.cases.v1"],
}
_PUBLISHES = {
    "orders": ["orders.sales.v1", "salespeople.v1"],
    "support": ["support.cases.v1"],
    "escalation": ["escalation.episodes.v1", "escalation.rescues.v1"],
}
_OPEN_EPISODES = """
    select episode_id::text as episode, account_id as account, responsible as by from escalation.episodes
    join escalation.salespeople on salesperson_id = responsible
    where acknowledged_at is null and closed_at is null and active
    order by account_id = any($1::text[]) desc, account_id, order_id limit $2
"""
_JUMP = timedelta(minutes=16)
_WINDOW = timedelta(minutes=1)
_JUMPS = 3


class Undisturbed:
    """A company that receives a history; `folder` holds the run's files."""

    def __init__(self, company: Company, databases: Databases, folder: Path) -> None:
        self.company = company
        self.folder = folder
        (folder / "push").mkdir()
        self._accepted: list[dict[str, Any]] = []
        self._server_url = databases.server_url

    async def publish_all(self, history: Sequence[Event], seed: int) -> None:
        """Publish everything (`with_rescues`), acknowledge some episodes on the way and at the end,
        and return at rest.

        The clock jumps in between: silences last too long, no one responds, and acknowledgers do
        not reach their customers.
        """
        self._write("world.json", [self._world(seed)])
        await publish_policy(self.superuser_url(pool_database(self.company, "escalation")))
        for service in INBOUND_SERVICES:
            await keep_ahead(self.superuser_url(pool_database(self.company, service)))
        self._write("history.jsonl", [json.loads(event.line()) for event in history])
        directory = first_of_all(history)
        await self._publish(directory)
        people = partial(self.company.pools["escalation"].fetchval, "select count(*) from escalation.salespeople")
        await eventually(people, len({event.subject for event in directory}))
        await self._give_devices()
        events = arrival(history, seed)
        await self._publish(events[: len(events) // 2])
        await self._at_rest()
        closed = await self._close_episodes()
        assert closed, "no episode could be closed"
        taken = await self._take_episodes(10)
        assert taken >= set(TO_TAKE), taken
        await self.company.move_clock(_JUMP)
        await self._at_rest()
        await self._publish(events[len(events) // 2 :])
        for _ in range(_JUMPS):
            await self._at_rest()
            await self.company.move_clock(_JUMP)
        await self._at_rest()
        await self._take_episodes(3)
        await self._at_rest()

    async def _give_devices(self) -> None:
        folder = self.company.machine.push_folder
        store = PushStore(folder)
        key = VapidKey.read(sender_key(folder / "key").read_text("utf-8"), subject=CONTACT)
        for person in WITH_DEVICES:
            await add_device(self.company.pools["escalation"], store, str(store.origin), person, key)

    async def _publish(self, events: Sequence[Event]) -> None:
        producer = Producer({"bootstrap.servers": self.company.cluster.bootstrap_servers, "partitioner": "murmur2"})
        for event in events:
            if event.via == "kafka":
                record = wire(event)
                name = self.company.cluster.topic(event.topic)
                producer.produce(name, record.value, record.key, headers=record.headers)
        await asyncio.to_thread(producer.flush, 20)
        async with httpx2.AsyncClient() as client:
            for event in events:
                if event.via == "http":
                    await self._post(client, event)

    async def _post(self, client: httpx2.AsyncClient, event: Event) -> None:
        headers, body = post(event)
        url = f"{self.company.machine.service(event.service).url}/events"
        key = {"Authorization": f"Bearer {PUBLISHER_KEY}"}
        answer = await client.post(url, content=body, headers=headers | key)
        assert answer.status_code == 200, answer.text
        at = {"service": event.service, "source": event.source, "id": event.id, "at": time()}
        self._accepted.append({"what": "http", **at})

    async def _take_episodes(self, count: int) -> set[str]:
        """Responsible people acknowledge, first the episodes of `TO_TAKE`. Returns the accounts."""
        rows = await self.company.pools["escalation"].fetch(_OPEN_EPISODES, TO_TAKE, count)
        for row in rows:
            async with self.company.story().signed_in(row["by"]) as browser:
                form = {"csrf_token": form_token((await browser.get("/")).text)}
                answer = await browser.post(f"/episodes/{row['episode']}/acknowledge", data=form)
                assert answer.status_code == 303, answer.text
            self._accepted.append({"what": "button", **row, "at": time()})
        return {row["account"] for row in rows}

    async def _close_episodes(self) -> int:
        """Responsible people acknowledge the episodes of the accounts to be closed, and close them as saved."""
        rows = await self.company.pools["escalation"].fetch(_OPEN_EPISODES, CLOSED, len(CLOSED))
        mine = [row for row in rows if row["account"] in CLOSED]
        for row in mine:
            async with self.company.story().signed_in(row["by"]) as browser:
                form = {"csrf_token": form_token((await browser.get("/")).text)}
                for action, entered in (("acknowledge", {}), ("close", {"ending": "saved:problem_solved"})):
                    answer = await browser.post(f"/episodes/{row['episode']}/{action}", data=form | entered)
                    assert answer.status_code == 303, answer.text
            self._accepted += [{"what": what, **row, "at": time()} for what in ("button", "close")]
        return len(mine)

    async def _at_rest(self) -> None:
        """Wait for rest. The clock passes the windows of storms, so that held deliveries are sent in lists."""

        async def rests() -> bool:
            self._write("accepted.jsonl", self._accepted)
            stored = await asyncio.to_thread(messages, self.company.mail_folder)
            mails = [(mail.message_id, *mail.recipients, mail.received_at.timestamp()) for mail in stored]
            lines = [dict(zip(("message_id", "to", "at"), mail, strict=True)) for mail in mails]
            self._write("mail.jsonl", [line | {"answer": "accepted"} for line in lines])
            self._write("push/messages.jsonl", await asyncio.to_thread(self._pushed))
            if at_rest(run := await read_run(self.folder)):
                return True
            if at_rest_but_for_lists(run):
                await self.company.move_clock(_WINDOW)
            return False

        await eventually(rests, True)
        await rests()  # include changes made during the first check

    def _pushed(self) -> list[dict[str, object]]:
        """The messages of the push receiver, as a world that is broken has them."""
        stored = pushed_messages(self.company.machine.push_folder)
        return [vars(one) | {"received_at": one.received_at.isoformat()} for one in stored]

    def _world(self, seed: int) -> dict[str, Any]:
        names = {name: pool_database(self.company, name) for name in SERVICES}
        return {
            "kafka": self.company.cluster.bootstrap_servers,
            "prefix": self.company.cluster.prefix,
            "databases": {name: self.superuser_url(database) for name, database in names.items()},
            "listens": _LISTENS,
            "publishes": _PUBLISHES,
            "desk": DESK,
            "policy": terms_in_seconds(),
            "seed": seed,
            "closed": CLOSED,
            "judged_in_the_end": CLOSED,
        }

    def superuser_url(self, database: str) -> str:
        """The URL of a company's database for a superuser."""
        return self._server_url.rpartition("/")[0] + f"/{database}"

    def _write(self, name: str, lines: Sequence[object]) -> None:
        (self.folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))


def pool_database(company: Company, service: str) -> str:
    """The name of a service's database."""
    return company.machine.environment[f"{service.upper()}_DATABASE_URL"].rpartition("/")[2]

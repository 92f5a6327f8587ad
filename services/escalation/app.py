"""Escalation: detects that a sold account is at risk and alerts the seller. Puts the service together."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from secrets import token_bytes
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request

from services.escalation.api import timeline_router
from services.escalation.channels.channel import Channel
from services.escalation.channels.email import EmailChannel
from services.escalation.channels.letters import Letters
from services.escalation.channels.notices import send_notices
from services.escalation.channels.sender import Sender
from services.escalation.channels.smtp import MailServer
from services.escalation.channels.web_push.channel import WebPushChannel, note_without_key
from services.escalation.channels.web_push.devices import PushSender
from services.escalation.channels.web_push.messages import test_message
from services.escalation.channels.web_push.take_backs import take_back_notifications
from services.escalation.channels.web_push.upkeep import DeviceUpkeep
from services.escalation.domain.delivery_facts import Attempt
from services.escalation.domain.duty_buttons import DutyButton
from services.escalation.domain.installation import Installation
from services.escalation.domain.own_facts import OWN_FACTS, EpisodeButton, PolicySubmitted, RulesChanged
from services.escalation.domain.policy.document import digest
from services.escalation.domain.policy.versions import Policies, PolicyVersion
from services.escalation.domain.presses import PRESS_KEY_OCTETS
from services.escalation.domain.rules_version import RULES_VERSION
from services.escalation.handlers import handling
from services.escalation.handlers.apply import count_decisions
from services.escalation.handlers.checking_win_backs import check_win_backs
from services.escalation.inbox import InboxDependencies, create_inbox, show_errors
from services.escalation.inbox.dependencies import Notifications, Tested
from services.escalation.inbox.sessions import Sessions, SignedOut
from services.escalation.outline import OUTLINE
from services.escalation.settings import EscalationSettings
from services.escalation.store import devices
from services.escalation.store.deliveries import sample
from services.escalation.store.desk import desk_notes
from services.escalation.store.devices import NewDevice, Subscription
from services.escalation.store.inbox import now
from services.escalation.store.left_to_judge import SOURCE, event_id
from services.escalation.store.policies import KnownPolicies, load
from services.escalation.store.rounds import now_and_round
from services.escalation.store.sessions import Person
from services.escalation.store.upward_notices import notes_of_addresses
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.contracts.escalation import POLICY_SUBJECT
from shared.database import Connection, Pool
from shared.http.application import create_app
from shared.http.asyncapi import ServiceReference
from shared.http.operations import operations_router
from shared.http.reader_keys import ReaderKeys
from shared.ids import AccountId, SalespersonId, derived
from shared.inputs import Batch, Input, InputKind
from shared.logs import get_logger
from shared.service import Health, Loop, Resources, Service
from shared.transaction import InputProcessor

NAME = "escalation"
_BY_COMMAND = "The local push service"
_ACCEPTED = "the push service accepted it, so it should show in a moment"

log = get_logger(__name__)


def service(settings: EscalationSettings) -> Service:
    """The service with these settings. Raises ValueError for an unreadable SMTP_URL, MAIL_FROM, MAIL_REPLY_TO,
    READER_KEYS or setting of notifications."""
    sender, background = push_sender(settings), push_sender(settings)  # alerts wait for no other message
    device_key = None if sender is None else sender.key.fingerprint
    installation = Installation(
        desk=SalespersonId(settings.desk), max_alert_age=settings.max_alert_age, device_key=device_key
    )
    letters = Letters(sender=settings.mail_from, inbox_url=settings.inbox_url, reply_to=settings.mail_reply_to or None)
    email = EmailChannel(MailServer(settings.smtp_url.get_secret_value(), ca_file=settings.smtp_ca_file), letters)
    channels: Sequence[Channel[Any]] = (email,) if sender is None else (email, WebPushChannel(sender))
    readers = ReaderKeys.read(settings.reader_keys)

    async def noting(connection: Connection) -> list[str]:
        found = await desk_notes(connection, settings.desk)
        of_channels = [note for channel in channels for note in channel.notes]
        if sender is None:
            of_channels.append(await note_without_key(connection))
        return [*settings.notes, *of_channels, *found, *await notes_of_addresses(connection)]

    def web(resources: Resources, health: Health) -> FastAPI:
        inbox = InboxDependencies(
            pool=resources.pool,
            policies=reading_policies(resources.pool),
            press=partial(press, resources),
            send_sign_in_link=sending_sign_in_links(email, partial(now, resources.pool)),
            public_url=settings.inbox_url,
            metrics=resources.metrics,
            notifications=None if background is None else notifications(background, resources.pool),
        )
        summary = "Notices that a sold account is at risk, and alerts the salesperson who made the sale."
        reference = ServiceReference(NAME, summary, OUTLINE.listens_to, OUTLINE.publishes).on(resources.cluster)
        sessions = Sessions(resources.pool, settings.inbox_url)
        routers = [
            create_inbox(inbox),
            timeline_router(resources.pool, readers, partial(signed_in, sessions)),
            operations_router(health, resources.metrics),
        ]
        return show_errors(create_app(reference, routers))

    return Service(
        name=NAME,
        listens_to=OUTLINE.listens_to,
        publishes=OUTLINE.publishes,
        handle=handling(installation),
        migrations=OUTLINE.migrations,
        web=web,
        own_facts=OWN_FACTS,
        loops={channel.definition.label: sending(channel) for channel in channels}
        | {
            "notices": partial(send_notices, email),
            "win-backs": check_win_backs,
            "upkeep of devices": keeping_up(device_key),
        }
        | ({} if background is None else {"take-backs of notifications": partial(taking_back, background)}),
        sample=sample,
        observe=count_decisions,
        notes=noting,
    )


def push_sender(settings: EscalationSettings) -> PushSender | None:
    """What notifications are sent with; None without a key. Raises ValueError."""
    if settings.push_key is None or not settings.push_key.get_secret_value():
        return None
    return PushSender.read(
        settings.push_key.get_secret_value(),
        contact=settings.push_contact,
        services=settings.push_services,
        ca_file=settings.push_ca_file,
        proxy=settings.push_proxy.get_secret_value() if settings.push_proxy else None,
    )


def notifications(sender: PushSender, pool: Pool) -> Notifications:
    """What pages need for notifications on devices. Tests go through a sender that sends no alerts."""
    return Notifications(sender.key.public, sender.key.fingerprint, sender.check, partial(send_test, sender, pool))


async def add_device(pool: Pool, sender: PushSender, person: str, given: tuple[str, str, str]) -> bool:
    """Add a browser's subscription (address, p256dh, auth) as a device that is in no session. Raises ValueError.

    Return False if there is no such active salesperson.
    """
    subscription = Subscription(*given)
    sender.check(subscription)
    key, fingerprint = token_bytes(PRESS_KEY_OCTETS), sender.key.fingerprint
    device = NewDevice(uuid4(), SalespersonId(person), subscription, key, _BY_COMMAND, fingerprint, session_hash=None)
    return await devices.add(pool, device) is not None


def keeping_up(device_key: str | None) -> Loop:
    """The loop that keeps devices in order. It may fail and start again: it remembers since when the process runs."""
    upkeep = DeviceUpkeep(device_key)

    async def run(resources: Resources) -> None:
        await upkeep.run(resources.pool)

    return run


async def taking_back(sender: PushSender, resources: Resources) -> None:
    """The loop that takes notifications back, through a sender that sends no alerts."""
    await take_back_notifications(sender, resources.pool)


async def send_test(sender: PushSender, pool: Pool, person: SalespersonId, at: str) -> Sequence[Tested]:
    """Send a test to a person's devices."""
    live = await devices.live(pool, person, sender.key.fingerprint)
    results = await sender.to_devices(pool, live, test_message(person, at))
    return [Tested(one.device.label, one.ended.reason or _ACCEPTED) for one in results]


async def signed_in(sessions: Sessions, request: Request) -> str | None:
    """The salesperson who sends a request, if any."""
    try:
        return (await sessions.reader(request)).salesperson_id
    except SignedOut:
        return None


def sending(channel: Channel[Any]) -> Loop:
    """The loop that sends on a channel."""
    sender = Sender(channel)

    async def send(resources: Resources) -> None:
        await sender.run(resources.pool, resources.processor, resources.metrics)

    return send


def sending_sign_in_links(
    email: EmailChannel, clock: Callable[[], Awaitable[datetime]]
) -> Callable[[Person, str], Awaitable[None]]:
    """Sends sign-in links. Each is sent once; a person who does not receive it requests another."""

    async def send(person: Person, url: str) -> None:
        if person.email is None:
            return
        about = {"address": person.email, "name": person.name, "url": url}
        write = partial(email.letters.sign_in, **about, message=uuid4(), now=await clock())
        ended = await email.write_and_send(write)
        if ended.result is not Attempt.ACCEPTED:
            trouble = ended.trouble.value if ended.trouble else None
            reason = ended.reason
            log.warning(
                "no mail server accepted a sign-in link", result=ended.result.value, trouble=trouble, reason=reason
            )

    return send


async def press(
    resources: Resources, button: EpisodeButton | DutyButton, account: AccountId, round: str | None = None
) -> None:
    """Press a button of an episode or a duty, as an event that is applied before this returns. Raises Refused.

    A repeated press in the same round of the episode is the same event, even after a commit whose response was lost.
    `round` is the round that the page showed. The number of other calls ahead does not make it another press.
    """
    episode = button.episode if isinstance(button, EpisodeButton) else None
    now, current = await now_and_round(resources.pool, episode)
    body = button.model_dump_json()
    pressed = button.model_dump_json(exclude={"ahead", "as_of"})
    press_id = str(derived(button.type, round or current, pressed))
    event: Envelope[Fact] = envelope(button, id=press_id, source="handoff/escalation/inbox", subject=account, time=now)
    await resources.processor.apply(Batch([Input(event, body.encode(), b"", InputKind.BUTTON)]), whole=True)


async def publish_policy(processor: InputProcessor, fact: PolicySubmitted) -> PolicyVersion:
    """Publish a document, as an event that is applied before this returns. Raises shared.transaction.Refused.

    The same document on top of the same version is the same event, even after a commit whose response was lost.
    """
    latest = (await known_policies(processor.pool)).latest
    now = await processor.pool.fetchval("select shared.app_now()")
    press_id = str(derived("policy", latest.version, digest(fact.document), fact.by))
    event: Envelope[Fact] = envelope(fact, id=press_id, source="handoff/cli", subject=POLICY_SUBJECT, time=now)
    await processor.apply(Batch([Input(event, fact.model_dump_json().encode(), b"", InputKind.BUTTON)]), whole=True)
    published = await known_policies(processor.pool)
    return next(one for one in reversed(published.versions) if one.digest == digest(fact.document))


async def rejudge_account(processor: InputProcessor, account: str) -> None:
    """Judge an account by the rules of this release, as an event that is applied only once."""
    fact = RulesChanged(rules=RULES_VERSION)
    now = await processor.pool.fetchval("select shared.app_now()")
    event: Envelope[Fact] = envelope(
        fact, id=event_id(account, RULES_VERSION), source=SOURCE, subject=account, time=now
    )
    await processor.apply(Batch([Input(event, fact.model_dump_json().encode(), b"", InputKind.BUTTON)]), whole=True)


async def known_policies(pool: Pool) -> Policies:
    """Every version of the policy."""
    async with pool.acquire() as connection:
        return await load(connection)


def reading_policies(pool: Pool) -> Callable[[], Awaitable[Policies]]:
    """A function with which pages read the policy; each version is read once a process."""
    known = KnownPolicies()

    async def read() -> Policies:
        async with pool.acquire() as connection:
            return await known.current(connection)

    return read

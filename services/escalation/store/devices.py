"""Stores the browsers that receive notifications. An ended device keeps no address, key or session."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from services.escalation.domain.devices import ENDED_SHOWN_FOR, MOST_DEVICES, DeviceEnd
from shared.database import Connection, Pool
from shared.ids import SalespersonId

_ENDED = """
    ended_at = shared.app_now(), endpoint = null, endpoint_hash = null, p256dh = null, auth = null, press_key = null,
    session_hash = null
"""


def _end(condition: str) -> str:
    """Ends the live devices that meet this condition, for the reason of the first parameter."""
    return f"update escalation.push_devices set {_ENDED}, ended_because = $1 where ended_at is null and {condition}"


_END_OF_OTHERS = _end("endpoint_hash = $2 and salesperson_id <> $3")
_END_OF_THE_BROWSER = _end("session_hash = $2 and endpoint_hash <> $3")
# The same browser sends its subscription again and again: it stays the same device.
_ADD = """
    insert into escalation.push_devices
        (device_id, salesperson_id, endpoint, endpoint_hash, p256dh, auth, press_key, label, key_fingerprint,
         session_hash, added_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, shared.app_now())
    on conflict (endpoint_hash) where ended_at is null do update
    set salesperson_id = excluded.salesperson_id, p256dh = excluded.p256dh, auth = excluded.auth,
        label = excluded.label, key_fingerprint = excluded.key_fingerprint, session_hash = excluded.session_hash
    returning device_id
"""
_END_OLDEST = _end("""
    device_id in (
        select device_id from escalation.push_devices where salesperson_id = $2 and ended_at is null
        order by added_at desc, device_id offset $3
    )
""")
_FORGET = "delete from escalation.push_devices where ended_at < shared.app_now() - $1::interval"
_END_ONE = _end("device_id = $2 and salesperson_id = $3")
_IS_OF = "select exists (select from escalation.push_devices where device_id = $1 and salesperson_id = $2)"
_END_GONE = _end("device_id = any($2::uuid[])")
_END_OF_SESSION = _end("session_hash = $2")
_END_OF_PEOPLE = _end("salesperson_id = any($2::text[])")
_END_OF_OTHER_KEYS = f"""
    with ended as ({_end("key_fingerprint <> $2 and added_at < $3")} returning device_id) select count(*) from ended
"""
_OF_PERSON = """
    select device_id, label, added_at, accepted_at, ended_at, ended_because,
           coalesce(session_hash = $2, false) as is_this_one
    from escalation.push_devices
    where salesperson_id = $1 and (ended_at is null or ended_at > shared.app_now() - $3::interval)
    order by ended_at is not null, ended_at desc, added_at desc, device_id
"""
_WHOSE = "select salesperson_id, ended_because from escalation.push_devices where device_id = $1"
# Both rows stay as they are until the device is added. Each change that ends devices changes one of them before it
# ends the devices, so it either comes first, or waits and then ends this one too. People come before sessions, as in
# the transaction of a person who leaves.
_PERSON = "select active from escalation.salespeople where salesperson_id = $1 for share"
_SESSION = """
    select true from escalation.sessions
    where token_hash = $1 and salesperson_id = $2 and expires_at > shared.app_now() for key share
"""
_LIVE = """
    select salesperson_id, device_id, label, endpoint, p256dh, auth, press_key from escalation.push_devices
    where salesperson_id = any($1::text[]) and ended_at is null and key_fingerprint = $2 order by added_at, device_id
"""
_HAS_LIVE = "select exists (select from escalation.push_devices where salesperson_id = $1 and ended_at is null)"
_COUNT_LIVE = "select count(*) from escalation.push_devices where ended_at is null"
_ACCEPTED = """
    update escalation.push_devices set accepted_at = shared.app_now()
    where device_id = any($1::uuid[]) and ended_at is null
"""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a browser gives to receive messages: their address, and its keys in base64url. Nothing of it is printed."""

    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device to add: `press_key` signs the buttons of its notifications, and `fingerprint` is that of the
    installation's key that the browser subscribed with."""

    device_id: UUID
    salesperson_id: SalespersonId
    subscription: Subscription
    press_key: bytes = field(repr=False)
    label: str
    fingerprint: str
    session_hash: bytes | None


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device for its owner's page. `is_this_one`: it is the browser that the page is shown in."""

    device_id: UUID
    label: str
    added_at: datetime
    accepted_at: datetime | None
    ended_at: datetime | None
    ended_because: DeviceEnd | None
    is_this_one: bool


@dataclass(frozen=True, slots=True)
class LiveDevice:
    """A device that messages are sent to."""

    device_id: UUID
    label: str
    subscription: Subscription
    press_key: bytes = field(repr=False)


async def add(pool: Pool, device: NewDevice) -> UUID | None:
    """Add a device, or refresh the one with the same subscription. Return its ID.

    None: its session has ended, or its owner has left. A device without a session needs an owner in the directory. A
    subscription belongs to one person, and a browser has one subscription: other devices with either end.
    """
    subscription, me = device.subscription, device.salesperson_id
    hashed = sha256(subscription.endpoint.encode()).digest()
    keys = (subscription.endpoint, hashed, subscription.p256dh, subscription.auth, device.press_key)
    async with pool.acquire() as connection, connection.transaction():
        if not await _may_have(connection, device):
            return None
        await connection.execute(_END_OF_OTHERS, DeviceEnd.OTHER_PERSON, hashed, me)
        await connection.execute(_END_OF_THE_BROWSER, DeviceEnd.REPLACED, device.session_hash, hashed)
        about = (device.label, device.fingerprint, device.session_hash)
        id: UUID = await connection.fetchval(_ADD, device.device_id, me, *keys, *about)
        await connection.execute(_END_OLDEST, DeviceEnd.TOO_MANY, me, MOST_DEVICES)
    return id


async def remove(pool: Pool, person: SalespersonId, device: UUID) -> bool:
    """End a device by its owner's wish. Return False if it is no device of this person; it may have ended before."""
    await pool.execute(_END_ONE, DeviceEnd.REMOVED, device, person)
    theirs: bool = await pool.fetchval(_IS_OF, device, person)
    return theirs


async def end_gone(pool: Pool, devices: Collection[UUID]) -> None:
    """End devices whose push services do not know them any more."""
    await pool.execute(_END_GONE, DeviceEnd.GONE, list(devices))


async def end_of_session(connection: Connection, session_hash: bytes) -> None:
    """End the device of a browser whose user signs out. Its session ends before."""
    await connection.execute(_END_OF_SESSION, DeviceEnd.SIGNED_OUT, session_hash)


async def end_of_people(connection: Connection, people: Collection[str], because: DeviceEnd) -> None:
    """End all devices of these people."""
    await connection.execute(_END_OF_PEOPLE, because, sorted(people))


async def end_of_other_keys(pool: Pool, fingerprint: str, before: datetime) -> int:
    """End the devices that subscribed before this time with another key than this one: nothing reaches them. Return
    their number."""
    ended: int = await pool.fetchval(_END_OF_OTHER_KEYS, DeviceEnd.OTHER_KEY, fingerprint, before)
    return ended


async def forget_ended(pool: Pool) -> None:
    """Delete the devices whose end is no longer shown."""
    await pool.execute(_FORGET, ENDED_SHOWN_FOR)


async def whose(pool: Pool, device: UUID) -> tuple[SalespersonId, DeviceEnd | None] | None:
    """The owner of a device, and why it ended, if it did. None for one that is not known, or not any more."""
    row = await pool.fetchrow(_WHOSE, device)
    if row is None:
        return None
    return row["salesperson_id"], None if row["ended_because"] is None else DeviceEnd(row["ended_because"])


async def of_person(pool: Pool, person: SalespersonId, session_hash: bytes) -> Sequence[DeviceRow]:
    """A person's devices, those that ended recently last."""
    rows = await pool.fetch(_OF_PERSON, person, session_hash, ENDED_SHOWN_FOR)
    return [_row(dict(row)) for row in rows]


async def live(pool: Pool, person: str, fingerprint: str) -> Sequence[LiveDevice]:
    """The devices that receive this person's notifications and subscribed with the key of this fingerprint."""
    return (await live_of(pool, [person], fingerprint))[person]


async def live_of(pool: Pool, people: Collection[str], fingerprint: str) -> Mapping[str, Sequence[LiveDevice]]:
    """These devices of each of these people."""
    found: dict[str, list[LiveDevice]] = {person: [] for person in people}
    for row in await pool.fetch(_LIVE, list(found), fingerprint):
        keys = Subscription(row["endpoint"], row["p256dh"], row["auth"])
        found[row["salesperson_id"]].append(LiveDevice(row["device_id"], row["label"], keys, row["press_key"]))
    return found


async def has_live(pool: Pool, person: str) -> bool:
    """Whether a device of this person is live, with any key."""
    found: bool = await pool.fetchval(_HAS_LIVE, person)
    return found


async def count_live(connection: Connection) -> int:
    """The number of devices that receive notifications."""
    number: int = await connection.fetchval(_COUNT_LIVE)
    return number


async def note_accepted(pool: Pool, devices: Collection[UUID]) -> None:
    """Note that the push services of these devices have just accepted a message."""
    await pool.execute(_ACCEPTED, list(devices))


async def _may_have(connection: Connection, device: NewDevice) -> bool:
    """Whether the owner has not left and the session has not ended, which stays so until the end of the transaction."""
    active = await connection.fetchval(_PERSON, device.salesperson_id)
    if device.session_hash is None:
        return bool(active)
    is_open = await connection.fetchval(_SESSION, device.session_hash, device.salesperson_id)
    return active is not False and is_open is True


def _row(row: dict[str, object]) -> DeviceRow:
    because = row.pop("ended_because")
    return DeviceRow(**row, ended_because=None if because is None else DeviceEnd(str(because)))  # type: ignore[arg-type]

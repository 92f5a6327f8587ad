"""Sign-in links and sessions. Only hashes of their tokens are stored.

Use prolongs a session, up to an age at which the person has to sign in again. This is written at most once a day.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from services.escalation.store import devices
from shared.contracts.mailboxes import compared
from shared.database import Connection, Pool
from shared.ids import SalespersonId

LINK_LIFETIME = timedelta(hours=24)
SESSION_LIFETIME = timedelta(days=14)
"""The life of an unused session."""
OLDEST_SESSION = timedelta(days=90)
"""The longest life of a session, after which a stolen cookie is useless too."""
_PROLONGED_EVERY = timedelta(days=1)
LINK_KEPT = timedelta(days=1)
_WINDOW = timedelta(minutes=15)
_LINKS_PER_WINDOW = 3


@dataclass(frozen=True, slots=True)
class Person:
    """A salesperson, with the name for the page and the address for a sign-in link."""

    salesperson_id: SalespersonId
    name: str
    email: str | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The holder of a session. `csrf_token` is in each of its forms. `prolongs`: this use prolongs the session.
    `manages`: someone in the directory reports to them."""

    salesperson_id: SalespersonId
    name: str
    zone: str
    csrf_token: str
    prolongs: bool = False
    manages: bool = False


_MANAGER = """
    select manager.name from escalation.salespeople p
    join escalation.salespeople manager on manager.salesperson_id = p.manager and manager.active
    where p.salesperson_id = $1
"""
_ADD_LINK = """
    insert into escalation.sign_in_links (token_hash, salesperson_id, expires_at)
    values ($1, $2, shared.app_now() + $3::interval)
"""
# Simultaneous requests of one address are counted one at a time. Nothing else waits for this lock.
_ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended('sign-in ' || lower($1::text), 0))"
# The database recognises equal spellings of an address only in ASCII; the few other addresses are compared here.
_SPELLINGS = """
    select distinct email from escalation.salespeople
    where active and (lower(email collate "C") = $1 or octet_length(email) <> char_length(email))
"""
# An address of two people gets no link; a link's age is computed from its expiry. Because of the lock, a concurrent
# change of the address either comes first or ends this link.
_ADD_REQUESTED_LINK = """
    with locked as (
        select salesperson_id, name, email from escalation.salespeople
        where active and email = any($2::text[]) for share
    ), addressed as (
        select salesperson_id, name, email, count(*) over () as people from locked
    ), added as (
        insert into escalation.sign_in_links (token_hash, salesperson_id, expires_at)
        select $1, a.salesperson_id, shared.app_now() + $3::interval from addressed a
        where a.people = 1 and $5 > (
            select count(*) from escalation.sign_in_links l
            where l.salesperson_id = a.salesperson_id and l.expires_at > shared.app_now() + $3::interval - $4::interval
        )
        returning salesperson_id
    )
    select a.salesperson_id, a.name, a.email from addressed a join added using (salesperson_id)
"""
_USE_LINK = """
    with used as (
        update escalation.sign_in_links l set used_at = shared.app_now()
        where l.token_hash = $1 and l.used_at is null and l.expires_at > shared.app_now()
          and not exists (
              select from escalation.salespeople p where p.salesperson_id = l.salesperson_id and not p.active)
        returning l.salesperson_id
    ), tidied as (
        delete from escalation.sessions where expires_at < shared.app_now()
    ), forgotten as (
        delete from escalation.sign_in_links where expires_at < shared.app_now() - $5::interval
    )
    insert into escalation.sessions (token_hash, salesperson_id, csrf_token, expires_at, opened_at)
    select $2, salesperson_id, $3, shared.app_now() + $4::interval, shared.app_now() from used
    returning salesperson_id
"""
# Sessions from before migration 0015 have no `opened_at`; it is their expiry minus the lifetime of a session.
_PROLONGED = """
    least(shared.app_now() + $2::interval, coalesce(s.opened_at, s.expires_at - $2::interval) + $3::interval)
"""
_SESSION = f"""
    select s.salesperson_id, coalesce(p.name, s.salesperson_id) as name, coalesce(p.zone, 'UTC') as zone, s.csrf_token,
           {_PROLONGED} > s.expires_at + $4::interval as prolongs,
           exists (select from escalation.salespeople report where report.manager = s.salesperson_id
                   and report.salesperson_id <> s.salesperson_id) as manages
    from escalation.sessions s left join escalation.salespeople p on p.salesperson_id = s.salesperson_id
    where s.token_hash = $1 and s.expires_at > shared.app_now() and coalesce(p.active, true)
"""
_PROLONG = f"""
    update escalation.sessions s
    set expires_at = {_PROLONGED}, opened_at = coalesce(s.opened_at, s.expires_at - $2::interval)
    where s.token_hash = $1 and s.expires_at > shared.app_now()
"""
_ALIVE = """
    select s.token_hash from escalation.sessions s left join escalation.salespeople p using (salesperson_id)
    where s.token_hash = any($1::bytea[]) and s.expires_at > shared.app_now() and coalesce(p.active, true)
"""
_END_SESSION = "delete from escalation.sessions where token_hash = $1"


async def add_link(database: Pool, token_hash: bytes, salesperson_id: str) -> None:
    await database.execute(_ADD_LINK, token_hash, salesperson_id, LINK_LIFETIME)


async def add_requested_link(database: Pool, token_hash: bytes, address: str) -> Person | None:
    """Add a link for the owner of this address in any spelling. None if it has no owner or several, or if links were
    requested too often."""
    wanted = compared(address)
    limits = (LINK_LIFETIME, _WINDOW, _LINKS_PER_WINDOW)
    async with database.acquire() as connection, connection.transaction():
        await connection.execute(_ONE_AT_A_TIME, wanted)
        known = await connection.fetch(_SPELLINGS, wanted)
        spellings = [row["email"] for row in known if compared(row["email"]) == wanted]
        row = await connection.fetchrow(_ADD_REQUESTED_LINK, token_hash, spellings, *limits)
    return Person(**row) if row else None


async def use_link(database: Pool, token_hash: bytes, *, session_hash: bytes, csrf_token: str) -> bool:
    """Use up a link and open a session, once.

    Return False if it is unknown, used or expired, or its person has left.
    """
    used = await database.fetchval(_USE_LINK, token_hash, session_hash, csrf_token, SESSION_LIFETIME, LINK_KEPT)
    return used is not None


async def session(database: Pool, token_hash: bytes) -> SignedIn | None:
    row = await database.fetchrow(_SESSION, token_hash, SESSION_LIFETIME, OLDEST_SESSION, _PROLONGED_EVERY)
    return SignedIn(**row) if row else None


async def prolong(database: Pool, token_hash: bytes) -> None:
    """Prolong a session that has not ended, counting from now."""
    await database.execute(_PROLONG, token_hash, SESSION_LIFETIME, OLDEST_SESSION)


async def alive(connection: Connection, sessions: Collection[bytes]) -> set[bytes]:
    """Which of these sessions have not ended."""
    return {row["token_hash"] for row in await connection.fetch(_ALIVE, list(sessions))}


async def end_session(database: Pool, token_hash: bytes) -> None:
    """End a session, and the notifications in its browser."""
    async with database.acquire() as connection, connection.transaction():
        await connection.execute(_END_SESSION, token_hash)
        await devices.end_of_session(connection, token_hash)


async def manager_name(pool: Pool, salesperson: SalespersonId) -> str | None:
    """The name of a person's manager; None without an active manager."""
    name: str | None = await pool.fetchval(_MANAGER, salesperson)
    return name

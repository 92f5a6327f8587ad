"""docs/privacy.md, from the tables of the services; `python -m services.cli.privacy_page` writes it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Table
from sqlmodel import SQLModel

from deploy.local.processes import PROJECT
from services.escalation.domain.devices import ENDED_SHOWN_FOR
from services.escalation.domain.policy.document import shipped
from services.escalation.domain.policy.figures import Individual
from services.escalation.store.figures import LOOKS_KEPT
from services.escalation.store.sessions import LINK_KEPT, OLDEST_SESSION
from services.escalation.store.shown import SHOWN_FOR
from services.escalation.tables import EscalationTable
from services.orders.tables import OrdersTable
from services.support.tables import SupportTable
from shared.publishing_again import RETENTION_DAYS
from shared.tables import SharedTable

PAGE = PROJECT / "docs" / "privacy.md"


@dataclass(frozen=True, slots=True)
class Stored:
    """A table with data about salespeople: the columns that name one, and why it is stored, who reads it, how long."""

    names: tuple[str, ...]
    why: str
    readers: str
    until: str


_STAYS = "until the operator deletes it"
_LATEST = "replaced by the next report about the person; the last one stays after they have left"
_OPERATORS = "operators"
_READERS = "the people who may see the episode, operators"
_AGENTS = "agents who open the page of a case, operators"
_SELF = "the person, operators"
_BY_CODE = "only the service itself, operators"

STORED: Mapping[str, Stored] = {
    "escalation.salespeople": Stored(
        ("salesperson_id", "manager", "successor", "backup"),
        "To notify the right person, at their working time and on their channels.",
        "Name: everyone who may see one of their episodes. Absences: also the managers above them. All: operators.",
        _LATEST,
    ),
    "escalation.orders": Stored(
        ("sold_by",), "The seller is the first to be notified of trouble on the order.", _READERS, _STAYS
    ),
    "escalation.accounts": Stored(
        ("assigned_to",), "The customer may have been moved to another colleague.", _READERS, _STAYS
    ),
    "escalation.facts": Stored(
        ("agent", "asked_by"), "Whose conversation with the customer proves a rescue.", _READERS, _STAYS
    ),
    "escalation.episodes": Stored(
        ("salesperson", "responsible", "acknowledged_by", "offered_to", "closed_by"),
        "Who has to act now, and until when; the figures of groups are computed from it.",
        "the seller, everyone notified, the managers above them; operators",
        _STAYS,
    ),
    "escalation.alerts": Stored(("recipient",), "Who was notified, when and why.", _READERS, _STAYS),
    "escalation.deliveries": Stored(("recipient",), "Whether an alert has reached the person.", _READERS, _STAYS),
    "escalation.decisions": Stored(
        ("who",),
        "Why the system notified, skipped or released a person: `handoff explain`, `handoff review`.",
        _READERS,
        _STAYS,
    ),
    "escalation.notes": Stored(("by",), "What the next colleague has to know about the customer.", _READERS, _STAYS),
    "escalation.offers": Stored(
        ("by", "asked", "answered_by"), "What was promised to the customer, and who approved it.", _READERS, _STAYS
    ),
    "escalation.results": Stored(
        ("by",),
        "Whether later facts prove or disprove the result of an episode. That a false alarm was missed is for "
        "the closer's own figures alone.",
        _READERS,
        _STAYS,
    ),
    "escalation.losses": Stored(
        (),
        "What we could have done, and what the sale contributed, as the person says who closed it.",
        _READERS,
        _STAYS,
    ),
    "escalation.save_windows": Stored(
        ("who",), "Support sees who is calling a customer who asked for a refund, and until when.", _READERS, _STAYS
    ),
    "escalation.win_backs": Stored(("ended_by",), "Who called a lost customer again.", _READERS, _STAYS),
    "escalation.figure_looks": Stored(
        ("by", "whose"),
        "A person can see who looked at their figures.",
        "the person whose figures they are, operators",
        f"{LOOKS_KEPT.days} days",
    ),
    "escalation.notices": Stored(
        ("recipient", "about"),
        "A manager learns that e-mail to a report comes back.",
        "the recipient, operators",
        _STAYS,
    ),
    "escalation.address_notices": Stored(
        ("salesperson_id", "address"),
        "A person learns that their address for sign-in was changed.",
        _SELF,
        "the address until the message is sent; the rest stays",
    ),
    "escalation.policies": Stored(("published_by",), "Who changed the rules.", _OPERATORS, _STAYS),
    "escalation.sessions": Stored(
        ("salesperson_id",), "A signed-in browser.", _BY_CODE, f"at most {OLDEST_SESSION.days} days"
    ),
    "escalation.sign_in_links": Stored(
        ("salesperson_id",), "A link that signs in once.", _BY_CODE, f"{LINK_KEPT.days} day after it expires"
    ),
    "escalation.push_devices": Stored(
        ("salesperson_id",),
        "Browsers that receive notifications.",
        _SELF,
        f"keys and addresses until it is removed, the rest {ENDED_SHOWN_FOR.days} days longer",
    ),
    "escalation.shown_notifications": Stored(
        ("salesperson_id",),
        "Notifications that are taken back once they are not needed.",
        _BY_CODE,
        f"{SHOWN_FOR.days} days",
    ),
    "orders.salespeople": Stored(
        ("salesperson_id", "manager", "successor", "backup"),
        "The directory, as other systems report it.",
        _OPERATORS,
        _LATEST,
    ),
    "orders.orders": Stored(("sold_by",), "Who sold the order.", _OPERATORS, _STAYS),
    "orders.order_facts": Stored(("sold_by",), "Corrections of the seller.", _OPERATORS, _STAYS),
    "orders.accounts": Stored(("salesperson",), "The colleague to whom the customer was moved.", _OPERATORS, _STAYS),
    "support.cases": Stored(("assigned_to",), "The agent who has the case.", _AGENTS, _STAYS),
    "support.contacts": Stored(("agent",), "Who talked with the customer.", _OPERATORS, _STAYS),
    "shared.rescues": Stored(
        ("who", "name"),
        "Support says to the customer who calls, and until when: kept in orders and support.",
        "agents, by systems with a reader's key; operators",
        "until the save window is over",
    ),
    "shared.journal": Stored(
        ("body",),
        "Every event is applied once, and can be judged again: `body` may name salespeople. `handoff people` shows it.",
        "operators; of support's, what customers and agents reported: agents who open the page of a case",
        _STAYS,
    ),
    "shared.outbox": Stored(
        ("payload",), "Events on their way to Kafka, which may name salespeople.", _OPERATORS, f"{RETENTION_DAYS} days"
    ),
    "shared.dead_letters": Stored(("body", "dismissed_by"), "Events that could not be applied.", _OPERATORS, _STAYS),
    "shared.set_aside": Stored(("body",), "Events of an account that waits.", _OPERATORS, "until they are applied"),
    "shared.waiting_facts": Stored(
        ("body",), "Events that wait for their sale or case.", _OPERATORS, "until they are applied"
    ),
    "shared.timers": Stored(("body",), "What is due later.", _BY_CODE, "until it is due"),
}
NOT_ABOUT_SELLERS = frozenset(
    {
        *("escalation.account_versions", "escalation.cases", "escalation.signals"),
        *("shared.clock", "shared.deleted_unread", "shared.ledger", "shared.locks", "shared.offsets"),
        "shared.recreated_topics",
    }
)
"""Tables without data about salespeople: about customers alone, or bookkeeping."""

_HEAD = """\
# What is stored about salespeople

Handoff decides who is notified, so it stores data about the people who sell. This page lists all of it, table by table:
the columns, the reason, the readers, how long. `python -m services.cli.privacy_page` generates it from the tables, and
a test fails when a table or a column is missing.

## Principles

- An alert counts against nobody. There is no list of people by their results.
- Figures of a group are shown if at least {smallest} sellers are in it (`figures.smallest_group`); smaller groups are
  joined ([decision 41](decisions/0041-figures-are-of-groups-that-hide-each-person.md)).
- One person's figures are {individual} (`figures.individual`). A look at another person's figures
  is stored, and that person sees it. These are the values of the shipped policy.
- Logs, traces and metrics contain no words of customers or salespeople, and no addresses.
- "Operators" are the people with access to the databases and to the `handoff` command. "The people who may see the
  episode" are its seller, everyone who was notified of it, and the managers above them.
- Nothing is deleted by itself, unless a time is given. Backups and Kafka's topics (14 days, see
  [operators](operators.md)) hold copies.

## Tables

The schema before the dot is the database: `orders`, `support`, `escalation`; `shared` is in each of them. Columns in
bold name a person, or can contain a name.
"""


def text() -> str:
    """The page. Raises ValueError for a table that is neither stored about sellers nor known to be about others."""
    rule = shipped().figures
    individual = "for that person alone" if rule.individual is Individual.SELF else "also for the managers above them"
    head = _HEAD.format(smallest=rule.smallest_group, individual=individual)
    return head + "".join(_section(name, model) for name, model in tables().items() if name in STORED) + _others()


def tables() -> Mapping[str, type[SQLModel]]:
    """The models of all tables by name, sorted. Raises ValueError for one that is not classified."""
    bases: tuple[type[SQLModel], ...] = (EscalationTable, OrdersTable, SupportTable, SharedTable)
    found = {_table(model).fullname: model for base in bases for model in base.__subclasses__()}
    if unknown := found.keys() - STORED.keys() - NOT_ABOUT_SELLERS:
        raise ValueError(f"say in STORED or NOT_ABOUT_SELLERS whether these are about sellers: {sorted(unknown)}")
    return dict(sorted(found.items()))


def _table(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table


def _section(name: str, model: type[SQLModel]) -> str:
    stored, columns = STORED[name], [column.name for column in _table(model).columns]
    if missing := set(stored.names) - set(columns):
        raise ValueError(f"{name} has no column {sorted(missing)}")
    listed = ", ".join(f"**`{one}`**" if one in stored.names else f"`{one}`" for one in columns)
    return "".join(
        _lines(
            f"### `{name}`",
            _first_sentence(model),
            f"- Why: {stored.why}",
            f"- Who reads it: {stored.readers}",
            f"- How long: {stored.until}",
            f"- Columns: {listed}",
        )
    )


def _lines(heading: str, about: str, *points: str) -> Iterator[str]:
    yield f"\n{heading}\n\n{about}\n\n"
    yield from (f"{point}\n" for point in points)


def _first_sentence(model: type[SQLModel]) -> str:
    described = " ".join((model.__doc__ or "").split())
    return described.partition(". ")[0].rstrip(".") + "."


def _others() -> str:
    named = ", ".join(f"`{one}`" for one in sorted(NOT_ABOUT_SELLERS))
    return f"\n## Tables without data about salespeople\n\n{named}\n"


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")

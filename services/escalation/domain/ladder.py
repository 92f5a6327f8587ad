"""The ladder: the people to notify of an episode, in order, each with the reason in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.escalation.domain.calendar import away_on
from services.escalation.domain.channels import is_reachable
from services.escalation.domain.clocks import Moment, notifiable_at
from services.escalation.domain.entities import Account, Directory, Order, Salesperson
from services.escalation.domain.ladder_step import LadderStep
from services.escalation.domain.policy.model import TeamMode
from services.escalation.domain.words import STEPS
from shared.contracts.escalation import LADDER, Step
from shared.formatting import date_words, possessive

BELOW_MANAGERS = frozenset({Step.SELLER, Step.SUCCESSOR, Step.BACKUP})
_NOBODY_THERE = {
    Step.MANAGER: "no manager on record",
    Step.UPPER_MANAGER: "no second-level manager on record",
}
_YOU_ARE_THE_DESK = "You receive this as the sales desk, the last step of the escalation path."


def ladder_steps(
    order: Order, people: Directory, *, desk: str, moment: Moment, mode: TeamMode, assigned: str | None = None
) -> tuple[LadderStep, ...] | None:
    """All steps from the seller up to the desk, including skipped ones. None while the seller is not known.

    The seller's place goes to the active person the account is `assigned` to now, else to the active seller, else to
    the active successor valid today. The next step is this person's backup; if the place is empty, the backup of the
    person who left. Then come two active managers of the seller. `next_step` chooses among those at work in time. If
    the desk is invalid, every step may be skipped.
    """
    seller = people.get(order.sold_by or "")
    if order.sold_by is not None and seller is None:
        return None
    view = _View(order, seller, people, desk, moment.now)
    candidates = list(_candidates(view, assigned))
    below = _judged(candidates, view, mode)
    return (*below, _desk(view, below, candidates, moment))


def holder_of(order: Order, people: Directory, *, now: datetime, assigned: str | None) -> str | None:
    """The person whose customer it is now, even if away: the first active one in the seller's place, or None."""
    view = _View(order, people.get(order.sold_by or ""), people, desk="", now=now)  # no desk: it has no book
    return next(
        (ladder_step.salesperson_id for ladder_step in _in_sellers_place(view, assigned) if _is_available(ladder_step)),
        None,
    )


def available_steps(ladder: Sequence[LadderStep], after: Step | None = None) -> list[LadderStep]:
    """The steps after this one that are not skipped; with None, all steps that are not skipped."""
    start = 0 if after is None else LADDER.index(after) + 1
    return [ladder_step for ladder_step in ladder if ladder_step.skipped is None and ladder_step.step in LADDER[start:]]


def desk_instead(order: Order, people: Directory, *, desk: str, now: datetime) -> LadderStep:
    """The desk, if the seller did not become known in time."""
    view = _View(order, None, people, desk, now)
    ladder_step = _at_desk(view, "seller_unknown", f" by {order.sold_by}", f"; {order.sold_by} is not in the directory")
    return replace(ladder_step, skipped=nobody_at_desk(people, desk))


def nobody_at_desk(people: Directory, desk: str) -> str | None:
    """Why the desk cannot be notified, if so: a configuration error of the installation."""
    person = people.get(desk)
    if person is None:
        return f"the sales desk, {desk}, is not in the directory"
    return None if person.active else f"the sales desk, {person.name}, is no longer with the company"


def assigned_to(account: Account, people: Directory, now: datetime) -> str | None:
    """The person who has the account in their book, from the day the assignment starts in that person's zone."""
    owner = people.get(account.assigned_to or "")
    today = now.astimezone(ZoneInfo(owner.zone if owner else "UTC")).date()
    if account.assigned_since is not None and account.assigned_since > today:
        return None
    return account.assigned_to


@dataclass(frozen=True, slots=True)
class _View:
    """The inputs of every decision here; `seller` is None if nobody sold the order."""

    order: Order
    seller: Salesperson | None
    people: Directory
    desk: str
    now: datetime

    def sold(self, reader: Salesperson) -> str:
        """The sale in words, with its date in the reader's zone."""
        return self.sold_on(_day(self.order.sold_at, reader.zone, self.now))

    def sold_on(self, sold_on: str) -> str:
        if self.seller is None:
            return f"No salesperson is on record for order {self.order.order_id} ({sold_on})"
        return f"{self.seller.name} sold order {self.order.order_id} on {sold_on}"

    def name(self, id: str | None) -> str:
        person = self.people.get(id or "")
        return person.name if person else str(id)


def _candidates(view: _View, assigned: str | None) -> Iterator[LadderStep]:
    """All steps but the desk. Skipped steps are those that cannot be notified in any case."""
    in_place = list(_in_sellers_place(view, assigned))
    yield from in_place
    holder = next(
        (view.people.get(ladder_step.salesperson_id or "") for ladder_step in in_place if _is_available(ladder_step)),
        None,
    )
    stays = _backup(view, holder) if holder is not None else _leavers_backup(view, in_place)
    if stays is not None:
        yield stays
    below = view.seller or holder
    if below is not None:
        alone = " and has left without a successor" if holder is None else ""
        yield from _managers(view, below, f"{alone}; this sale belongs to your team.")


def _in_sellers_place(view: _View, assigned: str | None) -> Iterator[LadderStep]:
    """The person the account is assigned to, else the seller, else the successor; the others are skipped."""
    seller = view.seller
    if assigned is not None and (seller is None or assigned != seller.salesperson_id):
        ladder_step = _of(view, Step.SELLER, assigned, "; this customer is now yours.", because="assigned")
        yield ladder_step
        if _is_available(ladder_step):
            return
    if seller is None:
        return
    ladder_step = _of(view, Step.SELLER, seller.salesperson_id, "")
    if seller.active:
        sold_on = _day(view.order.sold_at, seller.zone, view.now)
        yield replace(ladder_step, why_you=f"You sold order {view.order.order_id} on {sold_on}.")
    else:
        yield ladder_step
        yield _successor(view, seller)


def _successor(view: _View, seller: Salesperson) -> LadderStep:
    """The successor, from the start day in the successor's zone, while active."""
    since = seller.successor_since
    if seller.successor is None or since is None:
        return _nobody(Step.SUCCESSOR, f"{seller.name} has no successor")
    left_on = date_words(since, view.now.date())
    why = f" and left on {left_on}; you have taken over {possessive(seller.name)} accounts."
    ladder_step = _of(view, Step.SUCCESSOR, seller.successor, why)
    if _is_available(ladder_step) and since > _today(view.people[seller.successor], view.now):
        return replace(ladder_step, skipped=f"{view.name(seller.successor)} takes over on {left_on}")
    return ladder_step


def _backup(view: _View, holder: Salesperson, gone: str = "") -> LadderStep:
    if holder.backup is None:
        return _nobody(Step.BACKUP, f"{holder.name} has no backup")
    return _of(view, Step.BACKUP, holder.backup, f"{gone}; you are {possessive(holder.name)} backup.")


def _leavers_backup(view: _View, in_place: Sequence[LadderStep]) -> LadderStep | None:
    """If the seller's place is empty: the backup named by the first person who left it."""
    known = (view.people.get(ladder_step.salesperson_id or "") for ladder_step in in_place)
    left = [person for person in known if person is not None and not person.active]
    if not left:
        return None
    leaver = next((person for person in left if person.backup is not None), left[0])
    gone = " and has left without a successor" if leaver is view.seller else f"; {leaver.name} has left"
    return _backup(view, leaver, gone)


def _managers(view: _View, below: Salesperson, why: str) -> Iterator[LadderStep]:
    """The first two active managers up the line. A vacant place ends it; inactive people and circles are skipped."""
    seen = {below.salesperson_id}
    steps = [Step.MANAGER, Step.UPPER_MANAGER]
    above = below.manager
    while steps and above is not None and above in view.people and above not in seen:
        seen.add(above)
        ladder_step = _of(view, steps[0], above, why)
        if _is_available(ladder_step):
            steps.pop(0)
        yield ladder_step
        above = view.people[above].manager
    if not steps:
        return
    step = steps[0]
    if above is None:
        yield _nobody(step, _NOBODY_THERE[step])
    elif above == below.salesperson_id:
        yield _named(step, above, f"{below.name} is also the seller")
    elif above in seen:
        yield _named(step, above, f"{view.name(above)} is already on the escalation path")
    else:
        yield _named(step, above, f"{above} is not in the directory")


def _of(view: _View, step: Step, id: str, why: str, *, because: str | None = None) -> LadderStep:
    """This person at this step, skipped if unknown or inactive."""
    person = view.people.get(id)
    if person is None:
        return _named(step, id, f"{id} is not in the directory", because=because)
    if not person.active:
        return _named(step, id, f"{person.name} is no longer with the company", because=because)
    return LadderStep(step, id, because or step.value, f"{view.sold(person)}{why}")


def _named(step: Step, id: str, reason: str, *, because: str | None = None) -> LadderStep:
    return LadderStep(step, id, because or step.value, "", reason)


def _nobody(step: Step, reason: str) -> LadderStep:
    return LadderStep(step, None, step.value, "", reason)


def _is_available(ladder_step: LadderStep) -> bool:
    return ladder_step.skipped is None


def _judged(candidates: Sequence[LadderStep], view: _View, mode: TeamMode) -> list[LadderStep]:
    """Also skip people who are not notified today: because of the team's mode, an earlier step, or no reachable
    address."""
    judged: list[LadderStep] = []
    for ladder_step in candidates:
        judged.append(replace(ladder_step, skipped=ladder_step.skipped or _not_today(ladder_step, judged, view, mode)))
    return [_unless_out_of_reach(ladder_step, judged[index + 1 :], view) for index, ladder_step in enumerate(judged)]


def _unless_out_of_reach(ladder_step: LadderStep, above: Sequence[LadderStep], view: _View) -> LadderStep:
    """Skip a person who has only the inbox, if a message reaches an active person further up who is not away."""
    if not _is_available(ladder_step) or _reachable(ladder_step, view):
        return ladder_step
    if not any(_is_available(other) and _reachable(other, view) and not _away(other, view) for other in above):
        return ladder_step
    return replace(
        ladder_step, skipped=f"{view.name(ladder_step.salesperson_id)} can be reached only through the inbox"
    )


def _not_today(ladder_step: LadderStep, below: Sequence[LadderStep], view: _View, mode: TeamMode) -> str | None:
    assert ladder_step.salesperson_id is not None
    if mode is TeamMode.MANAGER_ONLY and ladder_step.step in BELOW_MANAGERS:
        return "the team is in manager-only mode"
    return _same_person(ladder_step.salesperson_id, below, view)


def _same_person(id: str, below: Sequence[LadderStep], view: _View) -> str | None:
    listed = next(
        (ladder_step for ladder_step in below if ladder_step.salesperson_id == id and _is_available(ladder_step)), None
    )
    if listed is None:
        return None
    return f"{view.name(id)} is also the {STEPS[listed.step]}"


def _reachable(ladder_step: LadderStep, view: _View) -> bool:
    return ladder_step.salesperson_id is not None and is_reachable(view.people[ladder_step.salesperson_id])


def _away(ladder_step: LadderStep, view: _View) -> bool:
    person = view.people.get(ladder_step.salesperson_id or "")
    return person is not None and away_on(person, view.now) is not None


def _desk(view: _View, below: Sequence[LadderStep], candidates: Sequence[LadderStep], moment: Moment) -> LadderStep:
    """The desk's step; skipped if that person is on an earlier step, or if the desk is invalid."""
    by = f" by {view.seller.name}" if view.seller else ""
    if any(_is_available(ladder_step) and _soon_at_work(ladder_step, view, moment) for ladder_step in below):
        ladder_step = _at_desk(view, "nobody_answered", by)
    elif view.seller is None and not any(_is_available(ladder_step) for ladder_step in below):
        ladder_step = _at_desk(view, "no_seller", by)
    elif any(_is_available(ladder_step) for ladder_step in candidates):
        ladder_step = _at_desk(view, "nobody_there", by, "; no one else can be notified now")
    else:
        ladder_step = _at_desk(view, "nobody_left", by, "; the seller has left without a successor or a manager")
    return replace(ladder_step, skipped=_same_person(view.desk, below, view) or nobody_at_desk(view.people, view.desk))


def _soon_at_work(ladder_step: LadderStep, view: _View, moment: Moment) -> bool:
    person = view.people.get(ladder_step.salesperson_id or "")
    return (
        notifiable_at(person, view.order, moment.severity, moment.policy, moment.now) <= moment.now + moment.skip_limit
    )


def _at_desk(view: _View, because: str, by: str, rest: str = "") -> LadderStep:
    """The desk's step in words, without what others did: that differs between notifications, see `cause_words`."""
    zone = view.people[view.desk].zone if view.desk in view.people else "UTC"
    sold_on = _day(view.order.sold_at, zone, view.now)
    sold = f"Order {view.order.order_id} was sold{by} on {sold_on}" if by else view.sold_on(sold_on)
    return LadderStep(Step.DESK, view.desk, because, f"{sold}{rest}. {_YOU_ARE_THE_DESK}")


def _today(person: Salesperson, now: datetime) -> date:
    return now.astimezone(ZoneInfo(person.zone)).date()


def _day(at: datetime, zone: str, now: datetime) -> str:
    return date_words(at.astimezone(ZoneInfo(zone)).date(), now.date())

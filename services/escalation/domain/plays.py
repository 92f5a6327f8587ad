"""What to say and to offer in the call, by the main signal, the policy and the customer. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.escalation.domain.main_signal import counting_signals, is_for_information, main_signal
from services.escalation.domain.policy.model import LATE_WITHOUT_DAY, Play, Plays, Policy
from services.escalation.domain.policy.values import DAY, PROMISE, introduced
from services.escalation.domain.stakes import Amount, refund_total
from services.escalation.domain.words import MUST_NOT_BE_CALLED, Risk, money
from shared.contracts.escalation import SignalKind, Step
from shared.contracts.support_inbound import ContactPreference
from shared.formatting import date_words
from shared.refund_words import refund_words


@dataclass(frozen=True, slots=True)
class Advice:
    """Advice for the call.

    `offer` follows "You may offer:". `limit` is a sentence: the largest credit, or that there is none without approval.
    `instead` tells why there is nothing to say or to offer.
    """

    say: tuple[str, ...] = ()
    offer: str | None = None
    limit: str | None = None
    instead: str | None = None

    def naming(self, promise: str | None) -> "Advice":
        """The same with the missed promise, quoted or None, in the lines that name it. Its full stop is left out: the
        line has its own."""
        words = f"‘{promise.strip('“”').removesuffix('.')}’" if promise else THE_PROMISE
        return replace(self, say=tuple(line.replace(PROMISE, words) for line in self.say))

    def after(self, given: Amount) -> "Advice":
        """The same with the money that was given away so far beside the limit."""
        if self.limit is None or not given.minor:
            return self
        return replace(self, limit=f"{self.limit} Given away so far: {money(given.minor, given.currency)}.")


THE_PROMISE = "[what was promised]"
"""The gap for a promise whose words are no longer kept. As with all square brackets, the caller fills it in."""

_LET_IT_BE = "Do not try to change the customer's mind about it. Nothing is due from you; mark it as seen."
"""The advice on a refund for information: it is the customer's right, or others decide on it."""

_THEY_INSIST = "The customer insists. Do what they ask for, and do not try to change their mind."
"""The advice on a request that the customer insists on, until it is carried out."""

YOUR_NAME = "[your name]"
"""The placeholder for the desk's name, which is often a team's: the caller says their own name."""


@dataclass(frozen=True, slots=True)
class Voice:
    """The person who makes the call, and the seller of the order by id and name, where there is one.

    `step` is the caller's place on the ladder, None if they have not been notified.
    `seller_left`: the seller has left the company; `handed_on`: the account is assigned to someone else now.
    """

    me: str
    name: str
    step: Step | None
    seller: str | None
    seller_name: str | None
    seller_left: bool = False
    handed_on: bool = False

    def says(self, play: Play, policy: Policy) -> tuple[str, ...]:
        """An introduction and the play's lines: the seller's own, or those that are true of everyone else."""
        lines = play.say if self._is_seller else play.say_for_others or play.say
        me = YOUR_NAME if self.step is Step.DESK and not self._is_seller else self.name
        introduction, company = self._introduction(policy.plays), policy.company.name
        return introduced(introduction, me=me, seller=self.seller_name or "", company=company), *lines

    @property
    def _is_seller(self) -> bool:
        return self.me == self.seller

    def _introduction(self, plays: Plays) -> str:
        """The introduction that is true: a seller who left, or whose account went to another, no longer looks after
        it."""
        if self._is_seller:
            return plays.introductions.seller
        if self.seller_name is None:
            return plays.introductions.no_seller
        if self.seller_left:
            return plays.introductions.seller_left
        if self.step in (Step.MANAGER, Step.UPPER_MANAGER):
            return plays.introductions.manager
        if self.step is Step.DESK or self.handed_on:
            return plays.introductions.desk
        return plays.introductions.colleague


def check_in_lines(caller: str, policy: Policy, *, ask_outcome: bool = False) -> tuple[str, ...]:
    """What to say when checking in: the introduction of the order's salesperson and the policy's lines.

    `ask_outcome`: the sale names no expected outcome, so the customer is asked for it.
    """
    asked = policy.duties.ask_outcome if ask_outcome else ()
    return _introduction(caller, policy), *policy.duties.say, *asked


def reminder_lines(caller: str, policy: Policy) -> tuple[str, ...]:
    """What to say when a promise of the customer's own is due."""
    return _introduction(caller, policy), *policy.duties.remind


def win_back_lines(caller: str, policy: Policy) -> tuple[str, ...]:
    """What to say to a customer months after a loss."""
    return _introduction(caller, policy), *policy.win_back.say


def _introduction(caller: str, policy: Policy) -> str:
    introduction, company = policy.plays.introductions.seller, policy.company.name
    return introduced(introduction, me=caller, seller=caller, company=company)


def advice(
    risks: Sequence[Risk], voice: Voice, *, preference: ContactPreference, order: Amount, policy: Policy
) -> Advice | None:
    """The play of the main signal for this caller; None if the policy has none.

    Once a requested refund has been paid, the play of a paid refund. Nobody tries to change the mind of a customer who
    insists.
    """
    if preference in MUST_NOT_BE_CALLED:
        return Advice(instead=must_not_be_called(preference))
    main = main_signal(risks, policy)
    if main is None:
        return None
    if is_for_information(main, policy):
        return Advice(instead=f"{refund_words(main.refund_kind, None)}. {_LET_IT_BE}")
    if any(risk.insisted and not risk.executed for risk in risks):
        return Advice(instead=_THEY_INSIST)
    play = _play_of(main, policy)
    if play is None:
        return None
    refund_minor = _refund_requested(main, risks, order, policy)
    said = (_with_day(line, main) for line in voice.says(play, policy))
    return Advice(tuple(said), play.offer, _limit_words(play, order, refund_minor))


def free_limit(risks: Sequence[Risk], *, preference: ContactPreference, order: Amount, policy: Policy) -> int:
    """What may be given away without approval, in minor units of the order's currency; zero if the play allows no
    money. `advice` names the same amount, unless the customer insists: then nothing is to be offered, and what is made
    all the same is measured by the play."""
    main = main_signal(risks, policy)
    if preference in MUST_NOT_BE_CALLED or main is None or is_for_information(main, policy):
        return 0
    play = _play_of(main, policy)
    return (offer_limit(play, order, _refund_requested(main, risks, order, policy)) if play else None) or 0


def _refund_requested(main: Risk, risks: Sequence[Risk], order: Amount, policy: Policy) -> int | None:
    """The sum of the refund requests that the call is about; None if it is about another trouble."""
    if main.kind is not SignalKind.REFUND_REQUESTED:
        return None
    return refund_total([risk for risk in counting_signals(risks, policy) if risk.kind is main.kind], order)


def _play_of(main: Risk, policy: Policy) -> Play | None:
    if main.unmoved:
        return policy.plays.unmoved_order
    play = policy.plays.by_signal.get(SignalKind.REFUND_PAID if main.executed else main.kind)
    if main.kind is SignalKind.DELIVERY_LATE and main.expected_on is None:
        return policy.plays.late_without_day or (LATE_WITHOUT_DAY if play is None or _names_day(play) else play)
    return play


def _names_day(play: Play) -> bool:
    return any(DAY in line for line in (*play.say, *play.say_for_others))


def _with_day(line: str, risk: Risk) -> str:
    """The line with the day on which a late delivery is expected."""
    return line.replace(DAY, date_words(risk.expected_on, risk.at.date())) if risk.expected_on else line


def must_not_be_called(preference: ContactPreference, *, address: bool = True, contact: str | None = None) -> str:
    """For a customer whose preference forbids a call: the reason, and what to do instead.

    `address`: an address is known; `contact`: the person to contact for a customer who has died.
    """
    return f"{MUST_NOT_BE_CALLED[preference]} {_instead(preference, address=address, contact=contact)}"


def _instead(preference: ContactPreference, *, address: bool, contact: str | None) -> str:
    if preference is ContactPreference.DECEASED:
        if contact is not None:
            return f"Contact {contact}, who got in touch about this order."
        return "Do not call or write to them. Ask support whom to contact, and close this when it has been dealt with."
    if not may_write(preference):
        return "Do not call or write to them. Close this when it has been dealt with."
    return "E-mail them instead; when they reply, press “I reached them by e-mail”." if address else NO_ADDRESS


NO_ADDRESS = "We have no e-mail address for them; ask support how to contact them in writing."
NO_WAY = "We have no phone number or e-mail address for this customer; ask support how to reach them."


def no_call_words(number: str | None, *, address: bool) -> str:
    """For a customer who may be called but has no number that can be dialled: `number` is the number on record, and
    `address` tells whether an address is known."""
    if number:
        ask = "" if address else " Ask support how to reach this customer."
        return f"The number on record cannot be dialled: {number}.{ask}"
    return "We have no phone number for this customer." if address else NO_WAY


def may_write(preference: ContactPreference) -> bool:
    """Whether this customer may be contacted at all, if not by phone."""
    return preference in (ContactPreference.NONE, ContactPreference.DO_NOT_CALL)


def offer_limit(play: Play, order: Amount, refund_minor: int | None = None) -> int | None:
    """The highest amount that a play allows, in minor units: its percentage of the order, up to its limit in this
    currency and up to `refund_minor`, the refund requested. None if it allows no money, or has limits but none in this
    currency."""
    if not play.offer_percent or _has_other_limits(play, order.currency):
        return None
    share = order.minor * play.offer_percent // 100
    most = min(share, play.offer_at_most.get(order.currency, share))
    return most if refund_minor is None else min(most, refund_minor)


def _has_other_limits(play: Play, currency: str) -> bool:
    """Whether it has a limit, but not in this currency."""
    return bool(play.offer_at_most) and currency not in play.offer_at_most


def _limit_words(play: Play, order: Amount, refund_minor: int | None) -> str | None:
    most = offer_limit(play, order, refund_minor)
    if most:
        return f"Credit without approval: up to {money(most, order.currency)}."
    if _has_other_limits(play, order.currency):
        return f"Credit: only with approval (no limit is set for {order.currency})."
    return "Credit: only with approval." if most == 0 else None

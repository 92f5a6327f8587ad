"""How the floor has signals join episodes, raises alerts, and publishes and records what it did."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import orjson

from services.escalation.domain.words import SIGNAL_LABELS

NAMESPACE = UUID("6f1d3c5a-7f0e-5b1c-9d52-0f6c1b1f4a10")
SEVERITIES = ("watch", "high", "critical")
WATCH = ("case_bounced", "case_reopened")
REQUESTS = ("refund_requested", "cancellation_requested")
BAD_CONTACTS = ("contact_dead_ended", "contact_repeated")
MANY, LARGE, POLICY = 3, 1_000_000, 2
ANSWER_WITHIN = {
    "watch": dict.fromkeys(("seller", "successor", "manager", "desk"), timedelta(hours=8)),
    "high": {**dict.fromkeys(("seller", "successor", "desk"), timedelta(hours=1)), "manager": timedelta(hours=2)},
    "critical": {
        **dict.fromkeys(("seller", "successor", "desk"), timedelta(minutes=15)),
        "manager": timedelta(minutes=30),
    },
}
SILENCE = "escalation.timer.silence_ended"
STEPS = {
    "seller": "seller",
    "successor": "successor",
    "backup": "backup",
    "manager": "manager",
    "desk": "sales desk",
}
CAUSES = {
    "signal": "of a signal",
    "severity": "because severity went up",
    "contact": "because the customer contacted us again",
}


def derived(*parts: object) -> UUID:
    return uuid5(NAMESPACE, "".join(f"{len(text)}:{text}" for text in map(str, parts)))


@dataclass(slots=True)
class Episode:
    id: UUID
    account: str
    order: str
    seller: str | None
    severity: str = "watch"
    follows: UUID | None = None
    responsible: str | None = None
    why_you: str | None = None
    rang: bool = False
    rings: int = 0
    step: str | None = None
    deadline: datetime | None = None
    over: bool = False
    because: str | None = None


@dataclass(slots=True)
class Rings:
    """The part of a batch's state that is about episodes.

    `signals` are the standing ones by account, `leaving` those of them that the event ends.
    """

    now: datetime
    people: dict[str, Any]
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    episodes: dict[str, Episode] = field(default_factory=dict)
    closed: dict[str, UUID] = field(default_factory=dict)
    signals: dict[str, dict[UUID, Any]] = field(default_factory=dict)
    leaving: set[UUID] = field(default_factory=set)
    changed: dict[UUID, Episode] = field(default_factory=dict)
    alerts: list[tuple[Any, ...]] = field(default_factory=list)
    deliveries: list[tuple[Any, ...]] = field(default_factory=list)
    decisions: list[tuple[Any, ...]] = field(default_factory=list)
    outbox: list[tuple[Any, ...]] = field(default_factory=list)
    waits: dict[UUID, tuple[Any, ...]] = field(default_factory=dict)
    cancelled: set[UUID] = field(default_factory=set)

    def join(self, event: Any, signal: Any, order: Any) -> None:
        fact = {"order": order[0], "signal": str(signal.id), "kind": signal.kind}
        episode = self.episodes.get(order[0])
        is_new = episode is None
        if episode is None:
            before = self.closed.get(order[0])
            id = derived("episode", order[0], signal.id, *([before] if before else []))
            episode = self.episodes[order[0]] = Episode(id, signal.account, order[0], order[1], follows=before)
        signal.episode = episode.id
        self.changed[episode.id] = episode
        severity, why, path = self._grave(episode, order)
        rose = is_new or SEVERITIES.index(severity) > SEVERITIES.index(episode.severity)
        before_severity = episode.severity
        if rose:
            episode.severity = severity
        reported = {"episode": str(episode.id), **fact, "at": _text(signal.at)}
        if is_new:
            reported |= {"salesperson": order[1], "severity": severity, "policy_version": POLICY}
            reported["follows"] = str(episode.follows) if episode.follows else None
            self.publish(event, "escalation.episode_raised", reported, signal.at, episode.id)
        else:
            self.publish(event, "escalation.episode_signalled", reported | {"case": signal.case}, signal.at, signal.id)
        words = f"{SIGNAL_LABELS[signal.kind]} on order {order[0]}."
        self.explain(event, "signal", words, episode.id, signal.id, None, f"signals.{signal.kind}")
        if rose:
            self.explain(event, "severity", f"Severity {severity}: {why}.", episode.id, signal.id, None, path)
        if rose and not is_new:
            reported = {"episode": str(episode.id), **fact, "severity": severity, "before": before_severity}
            self.publish(
                event, "escalation.severity_raised", reported | {"policy_version": POLICY}, self.now, signal.id
            )
        if not episode.rang or signal.kind in REQUESTS:
            self._ring(event, signal, episode, order, "signal")
        elif rose:
            self._ring(event, signal, episode, order, "severity")
        else:
            words = f"No alert: {episode.responsible} has already been notified, and severity did not go up."
            self.explain(event, "not_rung", words, episode.id, signal.id, None, None)

    def ask_again(self, event: Any, signal: Any, *, new: bool) -> None:
        episode = next(one for one in self.episodes.values() if one.id == signal.episode)
        rule, words = "told_again", "The same request was reported again; no one is notified."
        if new:
            rule, words = "asked_again", "The customer asked again, in other words or for another amount."
        path = f"signals.{signal.kind}.same_request_within"
        self.explain(event, rule, words, episode.id, signal.id, None, path)
        if new:
            self.changed[episode.id] = episode
            self._ring(event, signal, episode, self.orders[episode.account][episode.order], "contact")

    def end(self, event: Any, signal: Any, label: str) -> None:
        episode = next((one for one in self.episodes.values() if one.id == signal.episode), None)
        if episode is None:
            return
        at, because = signal.ended
        reported = {"episode": str(episode.id), "order": episode.order, "signal": str(signal.id), "kind": signal.kind}
        self.publish(
            event, "escalation.signal_cleared", reported | {"at": _text(at), "because": because}, self.now, signal.id
        )
        words = f"{label}: settled by “{because.replace('_', ' ')}”."
        self.explain(event, "cleared", words, episode.id, signal.id, None, None)
        self.changed[episode.id] = episode
        if any(one.episode == episode.id and one.ended is None for one in self.signals[episode.account].values()):
            return
        episode.over, episode.deadline = True, None
        self.closed[episode.order] = self.episodes.pop(episode.order).id
        self.cancelled.add(_timer_id(episode))
        self.waits.pop(_timer_id(episode), None)
        words = "Closed as cause gone: All problems have been resolved."
        self.explain(event, "closed", words, episode.id, None, None, "reasons.cause_gone")
        reported = {"episode": str(episode.id), "order": episode.order, "result": "cause_gone"}
        reported |= {"reason": "signals_cleared", "closed_at": _text(self.now)}
        self.publish(event, "escalation.episode_closed", reported, self.now, episode.id)

    def wait_for(self, kind: str, account: str, case: str | None, order: str | None) -> None:
        id, body = _silence(kind, account, case, order)
        self.waits[id] = (id, account, SILENCE, body, self.now + timedelta(days=1), True, None)
        self.cancelled.discard(id)

    def wait_no_more(self, kind: str, account: str, case: str | None, order: str | None) -> None:
        id, _ = _silence(kind, account, case, order)
        self.waits.pop(id, None)
        self.cancelled.add(id)

    def publish(self, event: Any, type: str, fact: dict[str, Any], at: datetime, discriminator: UUID) -> None:
        headers = [
            ("ce_specversion", "1.0"),
            ("ce_id", str(derived("event", event.source, event.id, type, discriminator))),
            ("ce_source", "handoff/escalation"),
            ("ce_type", type),
            ("ce_subject", event.subject),
            ("ce_time", _text(at)),
            ("content-type", "application/json"),
            ("ce_dataschema", f"urn:handoff:{type}:1"),
        ]
        if event.traceparent is not None:
            headers += [("ce_traceparent", event.traceparent), ("traceparent", event.traceparent)]
        body = orjson.dumps({name: value for name, value in fact.items() if value is not None})
        self.outbox.append(("escalation.episodes.v1", event.subject, orjson.dumps(headers).decode(), body))

    def explain(
        self,
        event: Any,
        rule: str,
        words: str,
        episode: UUID,
        signal: UUID | None,
        who: str | None,
        path: str | None,
    ) -> None:
        event.reported += 1
        id = derived("decision", event.source, f"{event.id} at {self.now.isoformat()}", event.reported)
        self.decisions.append(
            (
                *(id, event.subject, self.now, rule, words, POLICY, episode, signal, who, path),
                *(event.type, event.source, event.id),
            )
        )

    def _grave(self, episode: Episode, order: Any) -> tuple[str, str, str]:
        known = [s for s in self.signals[episode.account].values() if s.episode == episode.id and s.ended is None]
        signals = [s for s in known if s.id not in self.leaving]
        gravest = max(signals, key=lambda one: (one.kind not in WATCH, one.at, one.id))
        level, whys = int(gravest.kind not in WATCH), [SIGNAL_LABELS[gravest.kind].lower()]
        paths = [f"signals.{gravest.kind}.severity"]
        kinds = {one.kind for one in signals}
        stakes = ((s.data.get("amount_minor") if s.kind == REQUESTS[0] else None) or order[3] for s in signals)
        if order[4] in ("EUR", "USD", "GBP") and min(sum(stakes), order[3]) >= LARGE:
            level, whys, paths = level + 1, [*whys, "large amount"], [*paths, f"rises.large_amount.{order[4]}"]
        if len(kinds) >= MANY:
            level, whys, paths = level + 1, [*whys, f"{len(kinds)} different problems"], [*paths, "rises.many_signals"]
        if kinds & set(REQUESTS) and kinds & set(BAD_CONTACTS):
            level += 1
            whys.append("request after a bad contact")
            paths.append("rises.request_after_bad_contact")
        return SEVERITIES[min(level, 2)], ", ".join(whys), ", ".join(paths)

    def _ring(self, event: Any, signal: Any, episode: Episode, order: Any, cause: str) -> None:
        to, step, because, why, skipped = self._asked(order)
        if not episode.rings:
            for at, person, words in skipped:
                words = f"Skipped the {STEPS[at]}: {words}."
                self.explain(event, "skipped", words, episode.id, None, person, None)
        episode.rang, episode.rings = True, episode.rings + 1
        episode.responsible, episode.why_you, episode.step = to, why, step
        episode.deadline = self.now + ANSWER_WITHIN[episode.severity][step]
        alert = derived("alert", episode.id, episode.rings)
        self.alerts.append(
            (
                *(alert, signal.account, episode.id, signal.id, to, because, why, episode.rings, step, cause),
                *(episode.severity, event.traceparent),
            )
        )
        no_mail = "no e-mail address is known"
        self.deliveries.append((derived("delivery", alert, "inbox"), alert, to, "inbox", "sent", None))
        self.deliveries.append((derived("delivery", alert, "email"), alert, to, "email", "skipped", no_mail))
        due = f"acknowledgement due by {episode.deadline:%d %B %Y, %H:%M} UTC."
        words = f"Notified {to} ({STEPS[step]}) {CAUSES[cause]}; {due}"
        self.explain(event, "rang", words, episode.id, signal.id, to, f"ladder.{episode.severity}.{step}")
        reported = {"alert": str(alert), "episode": str(episode.id), "order": order[0], "recipient": to, "cause": cause}
        reported |= {"signal": str(signal.id), "kind": signal.kind, "because": because, "step": step}
        reported |= {"severity": episode.severity, "policy_version": POLICY}
        self.publish(event, "escalation.alert_raised", reported, self.now, alert)
        timer = _timer_id(episode)
        body = orjson.dumps({"episode": str(episode.id)})
        type = "escalation.timer.episode_due"
        self.waits[timer] = (timer, episode.account, type, body, episode.deadline, False, event.traceparent)
        self.cancelled.discard(timer)

    def _asked(self, order: Any) -> tuple[str, str, str, str, list[tuple[str, str | None, str]]]:
        seller = self.people.get(order[1])
        if seller is None:
            day = self._day(order, self.people["desk"])
            why = f"No salesperson is on record for order {order[0]} ({day}). "
            why += "You receive this as the sales desk, the last step of the escalation path."
            return "desk", "desk", "no_seller", why, []
        id, name = seller["salesperson_id"], seller["name"]
        if seller["active"]:
            return id, "seller", "seller", f"You sold order {order[0]} on {self._day(order, seller)}.", []
        skipped: list[tuple[str, str | None, str]] = [("seller", id, f"{name} is no longer with the company")]
        heir = self.people.get(seller["successor"])
        if heir is not None:
            left = _words(seller["successor_since"], self.now.date())
            why = f"{name} sold order {order[0]} on {self._day(order, heir)} and left on {left}; "
            why += f"you have taken over {name}'s accounts."
            return heir["salesperson_id"], "successor", "successor", why, skipped
        skipped.append(("successor", None, f"{name} has no successor"))
        skipped.append(("backup", None, f"{name} has no backup"))
        above = self.people[seller["manager"]]
        why = f"{name} sold order {order[0]} on {self._day(order, above)} and has left without a successor; "
        return above["salesperson_id"], "manager", "manager", why + "this sale belongs to your team.", skipped

    def _day(self, order: Any, person: Any) -> str:
        return _words(order[2].astimezone(ZoneInfo(person["zone"])).date(), self.now.date())


def _silence(kind: str, account: str, case: str | None, order: str | None) -> tuple[UUID, bytes]:
    body = orjson.dumps({"kind": kind, "case": case, "order": order})
    return derived("timer", SILENCE, account, body.decode()), body


def _timer_id(episode: Episode) -> UUID:
    body = f'{{"episode":"{episode.id}"}}'
    return derived("timer", "escalation.timer.episode_due", episode.account, body)


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _words(day: Any, today: Any) -> str:
    return f"{day.day} {day:%B}" + ("" if day.year == today.year else f" {day.year}")

"""The causes of `handoff recall`, each with a story of a customer of Anna's. The stored alerts are those that the rules
want, unless a story says otherwise."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.escalation.domain.installation import Installation
from services.escalation.domain.own_facts import AcknowledgePressed, EpisodeDue
from services.escalation.domain.policy.document import read, shipped_text
from services.escalation.domain.policy.versions import BEGINNING, Policies, PolicyVersion
from services.escalation.replaying.causes import WORDS, Cause, first_of
from services.escalation.replaying.journaled import Journaled, Place
from services.escalation.replaying.recall import Difference, Recall, RecallTerms, Replayed, StoredAlert
from shared.contracts import support
from shared.contracts.catalog import CATALOG
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.people_parts import Away, Day, WorkingHours
from shared.inputs import InputKind
from tests.builders import (
    ACCOUNT,
    AT,
    contact_made,
    contact_preference_changed,
    event_of,
    order_placed,
    refund_requested,
    refund_withdrawn,
    salesperson_changed,
    satisfaction_rated,
)

Stored = dict[UUID, StoredAlert]
_NIGHTS = WorkingHours(days=tuple(Day), start="22:00", end="23:00")


@dataclass(frozen=True, slots=True)
class Story:
    """What happened, in order: each fact with the hours from the report of it to 9:30, and how long it is ago then."""

    facts: Sequence[tuple[Fact, float, float]]
    anna: dict[str, Any] = field(default_factory=dict)
    policies: Sequence[str] = ("",)
    stored: Callable[[Stored], Stored] = dict
    responds: bool = False
    deadlines_pass: bool = False
    trusted_since: datetime = BEGINNING


def happened(*facts: Fact, after: float = 0, ago: float = 0, **of_story: Any) -> Story:
    sale = (order_placed(sold_by="anna", sold_at=AT - timedelta(days=9)), -100.0, 0.0)
    return Story([sale, *((fact, after, ago) for fact in facts)], **of_story)


def sent(*states: str, list_id: UUID | None = None) -> Callable[[Stored], Stored]:
    messages = tuple((state, list_id) for state in states)
    return lambda stored: {id: StoredAlert(alert.recipient, messages) for id, alert in stored.items()}


def policies_of(texts: Sequence[str]) -> Policies:
    """Versions of the shipped policy with one line replaced ("old -> new"), the latest an hour after the trouble."""
    versions = []
    for number, change in enumerate(texts, start=1):
        old, _, new = change.partition(" -> ")
        text = shipped_text().replace(old, new, 1) if change else shipped_text()
        since = BEGINNING if number == 1 else AT + timedelta(hours=1)
        versions.append(PolicyVersion(number, since, read(text), text, "mona", ""))
    return Policies(tuple(versions))


def differences(story: Story) -> list[Difference]:
    """What recall finds; nothing if the recipient responded."""
    end = AT + timedelta(hours=2)
    people = {"anna": {"manager": "mona"} | story.anna, "mona": {}, "desk": {}}
    directory = [
        _reported(_person(id, **says), AT - timedelta(days=9), place, subject=id)
        for place, (id, says) in enumerate(people.items())
    ]
    facts = [
        _reported(fact, AT + timedelta(hours=after), place, ago=timedelta(hours=ago))
        for place, (fact, after, ago) in enumerate(story.facts, start=10)
    ]
    terms = RecallTerms(policies_of(story.policies), Installation(desk="desk"), BEGINNING, end, story.trusted_since)  # type: ignore[arg-type]
    recall = Recall(terms)
    recall.replay_directory(directory)
    one = recall.replay(facts)
    if story.responds:
        (alert,) = one.replay.alerts.values()
        press = AcknowledgePressed(episode=alert.episode_id, by=alert.recipient)
        soon = AT + timedelta(minutes=5)
        one = recall.replay([*facts, _journaled(event_of(press, subject=ACCOUNT, at=soon), soon, 99)])
    while story.deadlines_pass and (due := _due(one)).event.time <= end:
        facts.append(due)
        one = recall.replay(facts)
    stored = {id: StoredAlert(alert.recipient, (("sent", None),)) for id, alert in one.replay.alerts.items()}
    return recall.compare(one, story.stored(stored))


def _due(one: Replayed) -> Journaled:
    """The clock of the only episode, as it will run out."""
    (episode,) = one.replay.state.episodes.values()
    assert episode.deadline_at is not None
    event = event_of(EpisodeDue(episode=episode.episode_id), subject=ACCOUNT, at=episode.deadline_at)
    return Journaled(Place(episode.deadline_at + timedelta(seconds=1), 99), InputKind.TIMER, event, b"")


def _person(id: str, **says: Any) -> Fact:
    return salesperson_changed(id.title(), **{"zone": "UTC", "email": f"{id}@sales.example"} | says)


def _reported(
    fact: Fact, now: datetime, place: int, *, ago: timedelta = timedelta(), subject: str = ACCOUNT
) -> Journaled:
    """A fact as orders or support publishes it."""
    name = fact.type.replace(".inbound.", ".")
    if fact in (DEAD_END, OTHER_DEAD_END):
        name = support.ContactDeadEnded.type
    published = CATALOG[name].model_validate_json(fact.model_dump_json())
    return _journaled(event_of(published, subject=subject, at=now - ago), now, place)


def _journaled(event: Envelope[Any], now: datetime, place: int) -> Journaled:
    return Journaled(Place(now, place), InputKind.RECORD, event, b"")


DEAD_END = contact_made("dead_end")
OTHER_DEAD_END = contact_made("dead_end", case="case-2")
STORIES = {
    "responded": (happened(DEAD_END, responds=True), []),
    "decided by older rules": (
        happened(DEAD_END, stored=lambda _: {}, trusted_since=AT + timedelta(hours=1)),
        [Cause.OLDER_RULES],
    ),
    "reported only after it had ended": (
        Story([(order_placed(sold_by="anna"), -100, 0), (contact_made("answered"), 1, 0), (DEAD_END, 1, 1)]),
        [Cause.REPORTED_LATE],
    ),
    "too old": (happened(DEAD_END, ago=90), [Cause.TOO_OLD]),
    "no sale": (Story([(DEAD_END, 0, 0)]), [Cause.NO_SALE]),
    "no seller": (
        Story([(order_placed(sold_by=None), -100, 0), (DEAD_END, 0, 0)], responds=True),
        [Cause.SELLER_UNKNOWN],
    ),
    "its order is not known yet": (happened(refund_requested(order="9999")), [Cause.WAITING]),
    "switched off": (
        happened(DEAD_END, policies=["[signals.contact_dead_ended] -> [signals.contact_dead_ended]\nenabled = false"]),
        [Cause.SWITCHED_OFF],
    ),
    "below the threshold of that time": (
        happened(satisfaction_rated(2), policies=["at_most = 0.4 -> at_most = 0.1", ""]),
        [Cause.BELOW_THRESHOLD],
    ),
    "for information": (
        happened(DEAD_END, refund_requested(kind="chargeback"), responds=True),
        [Cause.FOR_INFORMATION],
    ),
    "must not be contacted": (
        happened(contact_preference_changed("dispute"), DEAD_END),
        [Cause.MUST_NOT_BE_CONTACTED],
    ),
    "the team observes": (
        happened(DEAD_END, policies=['\ndefault = "on" -> \ndefault = "observe"']),
        [Cause.OBSERVING],
    ),
    "manager only": (
        happened(DEAD_END, policies=['\ndefault = "on" -> \ndefault = "manager_only"'], responds=True),
        [Cause.MANAGER_ONLY],
    ),
    "had it already": (
        happened(DEAD_END, OTHER_DEAD_END, responds=True),
        [Cause.HAD_IT_ALREADY],
    ),
    "ended first": (happened(refund_requested(), refund_withdrawn()), [Cause.ENDED_FIRST]),
    "away": (
        happened(DEAD_END, anna={"away": (Away(since=AT.date(), until=AT.date() + timedelta(days=9)),)}, responds=True),
        [Cause.AWAY],
    ),
    "not at work": (happened(DEAD_END, anna={"working_hours": (_NIGHTS,)}, responds=True), [Cause.NOT_AT_WORK]),
    "no channel": (happened(DEAD_END, stored=sent("skipped")), [Cause.NO_CHANNEL]),
    "held in a storm": (happened(DEAD_END, stored=sent("held", list_id=UUID(int=1))), [Cause.STORM]),
    "not acknowledged": (happened(DEAD_END), [Cause.NOT_ACKNOWLEDGED]),
    "lost by the service": (happened(DEAD_END, stored=lambda _: {}), [Cause.UNEXPLAINED]),
    "alerted another person than the rules want": (
        happened(DEAD_END, stored=lambda stored: {id: StoredAlert("ben", (("sent", None),)) for id in stored}),
        [Cause.UNEXPLAINED],
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_each_difference_has_the_first_cause_that_holds(name: str) -> None:
    story, found = STORIES[name]
    assert [difference.cause for difference in differences(story)] == found


@pytest.mark.parametrize(
    ("story", "words"),
    [
        (happened(refund_requested(order="9999")), "still waits for its order"),
        (happened(DEAD_END, after=1.9), "waits for a response that is not due yet"),
        (happened(DEAD_END), WORDS[Cause.NOT_ACKNOWLEDGED]),
    ],
)
def test_a_difference_says_what_is_awaited(story: Story, words: str) -> None:
    (difference,) = differences(story)
    assert difference.words == words


def test_everyone_whose_time_has_passed_did_not_respond_though_the_next_person_still_has_time() -> None:
    found = differences(happened(DEAD_END, deadlines_pass=True))
    assert [(one.person, one.cause) for one in found] == [("anna", Cause.NOT_ACKNOWLEDGED)]


def test_each_cause_has_a_story_or_counts_inputs_and_has_words() -> None:
    found_causes = {cause for _, found in STORIES.values() for cause in found}
    assert found_causes | {Cause.DEAD_LETTERED, Cause.ERASED} == set(Cause) == WORDS.keys()


def test_the_page_lists_every_cause_in_the_order_in_which_they_count() -> None:
    page = (Path(__file__).parents[2] / "docs" / "recall.md").read_text("utf-8")
    assert re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.MULTILINE) == [(one.value, WORDS[one]) for one in Cause]


def test_of_several_causes_the_first_of_the_list_counts() -> None:
    assert first_of({Cause.NOT_ACKNOWLEDGED, Cause.STORM, Cause.ENDED_FIRST}) is Cause.ENDED_FIRST
    assert first_of(set()) is Cause.UNEXPLAINED


def test_what_the_rest_of_an_erased_journal_leaves_unexplained_was_erased() -> None:
    recall = Recall(RecallTerms(Policies.shipped(), Installation(desk="desk"), BEGINNING, AT, BEGINNING))  # type: ignore[arg-type]
    one = recall.replay([_reported(fact, AT, place) for place, fact in enumerate((order_placed(), DEAD_END))])
    found = recall.compare(one, {}, is_whole=False)
    recall.add_unread(dead_letters=2, erased=3)
    assert Cause.UNEXPLAINED not in {difference.cause for difference in found}
    assert (recall.causes[Cause.DEAD_LETTERED], recall.causes[Cause.ERASED] >= 3) == (2, True)

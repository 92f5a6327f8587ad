"""The policy's document: that the one which ships is explained and whole, and that each mistake is named."""

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from services.escalation.domain.policy import document
from services.escalation.domain.policy.document import (
    LONGEST,
    digest,
    past_text,
    read,
    read_published,
    schema,
    shipped,
    shipped_text,
)
from services.escalation.domain.policy.errors import PolicyErrors
from services.escalation.domain.policy.model import CHOSEN_RESULTS, CLEARED, Play, Policy
from services.escalation.domain.policy.sense import MOST_OVERRIDES
from services.escalation.domain.policy.values import Part
from shared.contracts.escalation import EpisodeResult, Severity, SignalKind, Step

FOLDER = Path(__file__).parent / "policies"
PAST = [*FOLDER.rglob("*.toml"), *Path(document.__file__).parent.glob("past/*.toml")]
TEXT = shipped_text()

_AN_EXAMPLE = re.compile(r"^# (?=country|region|days_off|modes|\[\[overrides|segment|set\.)", re.MULTILINE)


def errors_of(text: str) -> list[str]:
    with pytest.raises(PolicyErrors) as raised:
        read(text)
    assert str(raised.value).splitlines() == [str(error) for error in raised.value.errors]
    return str(raised.value).splitlines()


def changed(before: str, after: str, *, nth: int = 0) -> tuple[str, int]:
    """The shipped document with the n-th such line replaced, and the line's number."""
    text = TEXT.splitlines()
    line = [number for number, one in enumerate(text) if one == before][nth]
    text[line] = after
    return "\n".join(text), line + 1


def with_override(text: str) -> tuple[str, int]:
    """The shipped document with this at its end, and the number of its first line."""
    return f"{TEXT}\n{text}", TEXT.count("\n") + 2


# What ships.


def test_every_member_of_the_document_that_ships_is_explained_by_a_comment_above_it() -> None:
    text = TEXT.splitlines()
    members = [number for number, line in enumerate(text) if re.match(r"[a-z\[]", line) and line != "]"]
    assert [text[number] for number in members if not text[number - 1].startswith("# ")] == []
    assert len(members) > 100


def test_the_document_that_ships_names_every_member_there_is_or_shows_it_as_an_example() -> None:
    read(_AN_EXAMPLE.sub("", TEXT))
    undocumented = [name for name in members_of(schema()) if not re.search(rf"\b{name}\b", TEXT)]
    assert undocumented == []


def members_of(described: dict[str, Any]) -> Iterator[str]:
    for part in (described, *described["$defs"].values()):
        yield from part.get("properties", {})


def test_the_document_that_ships_fits_its_own_schema() -> None:
    validator = jsonschema_rs.validator_for(schema())
    document = tomllib.loads(TEXT)
    validator.validate(document)
    document["ladder"]["high"]["seller"] = "1x"
    assert not validator.is_valid(document)


def test_what_ships_suits_forty_sellers() -> None:
    policy = shipped()
    assert policy.age.ring_within == timedelta(days=3)
    assert policy.company.country is None
    assert [policy.ladder.of(severity).of(Step.SELLER) for severity in Severity] == [
        timedelta(hours=8),
        timedelta(hours=1),
        timedelta(minutes=15),
    ]
    assert {CLEARED} < {reason.code for reason in policy.reasons[EpisodeResult.CAUSE_GONE]}


@pytest.mark.parametrize("kind", [kind for kind in SignalKind if kind is not SignalKind.RESPONSE_DUE])
def test_every_kind_of_signal_but_a_warning_says_what_to_say_in_the_call(kind: SignalKind) -> None:
    """Before an answer is due the customer waits for it, and for no call."""
    missing = f"default.toml needs [plays.by_signal.{kind.value}]: what does somebody say who calls because of it?"
    assert kind in shipped().plays.by_signal, missing


def test_a_warning_has_no_play() -> None:
    assert SignalKind.RESPONSE_DUE not in shipped().plays.by_signal


@pytest.mark.parametrize("file", PAST, ids=lambda file: "/".join(file.parts[-2:]))
def test_every_document_that_ever_shipped_still_reads(file: Path) -> None:
    text = file.read_text("utf-8")
    assert read(text) == read_published(text)


def test_the_text_that_databases_were_made_with_is_kept() -> None:
    """By its digest: what was judged by version 1 must stay so, whatever the next release ships."""
    assert digest(past_text("1.toml")).startswith("77829688018e")


@pytest.mark.parametrize("kind", SignalKind)
def test_a_document_of_before_a_signal_existed_has_it_as_it_ships(kind: SignalKind) -> None:
    values = tomllib.loads(TEXT)
    del values["signals"][kind.value]
    assert read_published(tomlified(values)) == shipped()


@pytest.mark.parametrize("kind", SignalKind)
def test_a_document_of_before_a_setting_of_a_signal_existed_has_it_as_it_ships(kind: SignalKind) -> None:
    for name in shipped().signals.of(kind).model_dump():
        values = tomllib.loads(TEXT)
        values["signals"][kind.value].pop(name, None)
        assert read_published(tomlified(values)) == shipped()


def test_a_document_of_before_there_were_duties_has_them_as_they_ship() -> None:
    values = tomllib.loads(TEXT)
    del values["duties"]
    assert read_published(tomlified(values)) == shipped()


def tomlified(values: dict[str, Any]) -> str:
    """A document of these values."""
    return "\n".join(f"{name} = {_inline(value)}" for name, value in values.items())


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(name)} = {_inline(member)}' for name, member in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return json.dumps(value, ensure_ascii=False)


# What is wrong with a document.


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        ('seller = "1h"', "seller = 60", 'ladder.high.seller: must be a time like "30m" or "4h"'),
        ('seller = "1h"', 'seller = "1d"', "ladder.high.seller: must be a time like"),
        ('seller = "1h"', 'seller = "0m"', "ladder.high.seller: must be longer than nothing"),
        ('seller = "1h"', 'seller = "9h"', "ladder.high.seller: must be at most ladder.watch.seller, 8h"),
        ('seller = "1h"', 'sellers = "1h"', "ladder.high.sellers: is not known; there is backup, desk, manager, sel"),
        ('seller = "1h"', 'seller = "2001h"', "ladder.high.seller: must be at most 2000h"),
        ('silent_for = "14d"', 'silent_for = "521w"', "signals.gone_quiet.silent_for: must be at most 520w"),
        ("contacts = 3", "contacts = 1", "signals.contact_repeated.contacts: must be at least 2"),
        ("contacts = 3", "contacts = 3.5", "signals.contact_repeated.contacts: must be a whole number"),
        ("contacts = 3", 'contacts = "3"', "signals.contact_repeated.contacts: must be a whole number"),
        ("at_most = 0.4", "at_most = nan", "signals.satisfaction_low.at_most: must be at"),
        ("at_most = 0.4", "at_most = 2", "signals.satisfaction_low.at_most: must be at most 1"),
        ('zone = "UTC"', 'zone = "Berlin"', "company.zone: must be a time zone of the IANA database"),
        ('callable_until = "20:00"', 'callable_until = "8:00"', "customers.callable_until: must be a time of day"),
        ('callable_until = "20:00"', 'callable_until = "08:00"', "customers.callable_until: must be later than"),
        ('# region = "BY"', 'region = "BY"', "company.region: must have a country"),
        ('# region = "BY"', 'region = "Bavaria"', "company.region: must be a region of one to three capital letters"),
        ('silent_for = "14d"', 'silent_for = "0d"', "signals.gone_quiet.silent_for: must be longer than nothing"),
        ('longest = "8h"', 'longest = "5m"', "ladder.repeats.longest: must be at least ladder.repeats.first, 30m"),
        ("request_after_bad_contact = true", "request_after_bad_contact = 1", "rises.request_after_bad_contact: must"),
        ('default = "on"', 'default = "off"', "teams.default: must be one of 'observe', 'manager_only' or 'on'"),
        ("[plays.by_signal.gone_quiet]", "[plays.by_signal.gone]", "plays.by_signal.gone: must be one of"),
        ('window = "1m"', 'window = "60d"', "storms.window: must be at most 1h"),
        ('window = "1m"', 'window = "61m"', "storms.window: must be at most 1h"),
        ("contacts = 3", f"contacts = {2**63}", "signals.contact_repeated.contacts: must be a smaller number"),
        ("contacts = 3", f"contacts = 0x{'f' * 9000}", "signals.contact_repeated.contacts: must be a smaller number"),
        ("contacts = 3", f"contacts = {'[' * 300}{']' * 300}", "signals.contact_repeated.contacts: must not be nested"),
        ("[storms]", "[storm]", "storm: is not known; there is acknowledgement, age, company"),
        (
            '    { code = "test", words = "It was a test" },',
            '    { code = "T", words = "" },',
            "reasons.false_alarm[3].code",
        ),
        (
            '    { code = "test", words = "It was a test" },',
            "    3,",
            "reasons.false_alarm[3]: must be a table of names",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_is_allowed(before: str, after: str, wrong: str) -> None:
    text, line = changed(before, after)
    assert any(error.startswith(f"line {line}, {wrong}") for error in errors_of(text))


def test_all_mistakes_are_named_at_once_in_the_order_of_lines() -> None:
    text = TEXT.replace("contacts = 3", "contacts = 1").replace("times = 6", "times = 101")
    assert [error.split(", ")[1].split(":")[0] for error in errors_of(text)] == [
        "signals.contact_repeated.contacts",
        "ladder.repeats.times",
    ]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a = 1\nb = \n", "line 2: this is no TOML: Invalid value"),
        ("a = 1\na = 2\n", "line 2: this is no TOML: Cannot overwrite a value"),
        ('a = """x\n\n', "line 3: this is no TOML: "),
        ("a = " + "[" * 5000, "line 1: the document must not be nested so deep"),
        (f"a = 1\nb = {'1_' * 5000}0\nc = 3", "line 2: a number must not be so long"),
        ("#" * (LONGEST + 1), f"line 1: the document must have at most {LONGEST} characters"),
        ("", "line 1, age: is missing"),
    ],
)
def test_what_is_no_document_at_all_is_told_so(text: str, wrong: str) -> None:
    assert errors_of(text)[0].startswith(wrong)


def test_a_missing_member_is_named_at_the_table_it_is_missing_in() -> None:
    text, _ = changed('longest_snooze = "3d"', "")
    line = TEXT.splitlines().index("[acknowledgement]") + 1
    assert errors_of(text) == [f"line {line}, acknowledgement.longest_snooze: is missing"]


@pytest.mark.parametrize("result", CHOSEN_RESULTS)
def test_every_result_needs_reasons(result: EpisodeResult) -> None:
    text = re.sub(rf"^{result} = \[.*?^\]", f"{result} = []", TEXT, flags=re.MULTILINE | re.DOTALL)
    assert f"reasons.{result}: must have at least one reason" in errors_of(text)[0]


def test_the_system_keeps_the_reason_it_closes_with() -> None:
    text = TEXT.replace(f'code = "{CLEARED}"', 'code = "cleared"')
    assert "reasons.cause_gone: must have a reason with the code signals_cleared" in errors_of(text)[0]


def test_a_reason_is_given_once() -> None:
    text = TEXT.replace('code = "competitor"', 'code = "price"')
    assert "reasons.lost[5].code: must be another than those before" in errors_of(text)[0]


def test_an_offer_with_limits_says_what_is_offered() -> None:
    text = re.sub(r"^offer = .A repair or.*$", "", TEXT, flags=re.MULTILINE)
    assert "plays.by_signal.refund_requested: must have an offer in words" in errors_of(text)[0]


# Overrides.


@pytest.mark.parametrize(
    ("override", "at", "wrong"),
    [
        ('segment = "x"\nset.ladder.high.seller = "9h"', 2, "[0].set.ladder.high.seller: must be at most ladder.watch"),
        ('segment = "x"\nset.ladder.high.sell = "9h"', 2, "[0].set.ladder.high.sell: is not known; there is backup"),
        ('segment = "x"\n[overrides.set.rises]\nmany_signals = 1', 3, "[0].set.rises.many_signals: must be at least 2"),
        ("set.rises.many_signals = 4", 0, "[0]: must name a segment or a product, not both"),
        ('segment = "x"\nproduct = "y"\nset = {}', 0, "[0]: must name a segment or a product, not both"),
        ('segment = "x"', 0, "[0].set: is missing"),
        ('segment = "x"\nset = 3', 2, "[0].set: must be a table of names and values"),
        ('segment = "x"\nset.storms.alerts = 3', 2, "[0].set.storms: has no effect here: an override sets"),
        (
            'segment = "x"\nset.signals.case_stuck.no_progress_for = "1h"',
            2,
            "[0].set.signals.case_stuck.no_progress_for: has",
        ),
        (f'segment = "x"\nset.reasons.lost = {"[" * 300}{"]" * 300}', 2, "[0].set: must not be nested so deep"),
        (f'segment = "x"\nset.plays.{".a" * 300} = 1'.replace("..", "."), 2, "[0].set: must not be nested so deep"),
        (f'segment = "x"\nset.rises.many_signals = {2**63}', 2, "[0].set.rises.many_signals: must be a smaller number"),
        ('segment = "x"\nset.reasons.lost = []', 2, "[0].set.reasons.lost: must have at least one reason"),
        (
            'segment = "x"\nset = {}\n[[overrides]]\nsegment = "x"\nset = {}',
            3,
            "[1]: never counts: one before it is for",
        ),
    ],
)
def test_a_mistake_in_an_override_is_named_where_it_is_made(override: str, at: int, wrong: str) -> None:
    text, line = with_override(f"[[overrides]]\n{override}\n")
    assert [error.startswith(f"line {line + at}, overrides{wrong}") for error in errors_of(text)] == [True]


def test_so_many_overrides_and_no_more() -> None:
    overrides = [f'[[overrides]]\nsegment = "s-{number}"\nset.rises.many_signals = 4\n' for number in range(202)]
    assert len(read("".join([TEXT, *overrides[:MOST_OVERRIDES]])).overrides) == MOST_OVERRIDES == 200
    line = TEXT.count("\n") + 1 + 3 * MOST_OVERRIDES
    assert errors_of("".join([TEXT, *overrides])) == [
        f"line {line}, overrides[200]: there must be at most 200 overrides"
    ]


def test_a_mistake_of_the_document_is_not_told_again_for_its_overrides() -> None:
    text, _ = with_override('[[overrides]]\nsegment = "x"\nset.rises.many_signals = 4\n')
    assert len(errors_of(text.replace("contacts = 3", "contacts = 1"))) == 1


# What was published once.


def test_a_published_document_reads_without_members_that_this_release_does_not_know() -> None:
    newer = TEXT.replace("contacts = 3", "contacts = 3\nmood = 5").replace("[storms]", "[weather]\nrain = 1\n[storms]")
    assert read_published(newer) == shipped()


def test_a_published_document_reads_even_if_a_later_release_sees_no_sense_in_it() -> None:
    text, _ = changed('seller = "1h"', 'seller = "9h"')
    assert read_published(text).ladder.high.seller == timedelta(hours=9)
    text, _ = changed('window = "1m"', 'window = "60d"')
    assert read_published(text).storms.window == timedelta(days=60)


def test_a_policy_is_what_its_document_says_however_it_passes_through_json() -> None:
    assert Policy.model_validate_json(shipped().model_dump_json(), strict=True) == shipped()


# What counts where a document of before says nothing.


def test_every_default_in_code_is_the_value_that_ships() -> None:
    """But for the hours of a company: one that names none answers day and night."""
    differing = {path for path, default, value in _with_defaults(shipped(), "") if default != value}
    assert differing == {"company.working_hours"}


def _with_defaults(part: Part, path: str) -> Iterator[tuple[str, Any, Any]]:
    for name, field in type(part).model_fields.items():
        value, here = getattr(part, name), f"{path}{name}"
        if not field.is_required():
            yield here, field.get_default(call_default_factory=True), value
        if isinstance(value, Part) and not isinstance(value, Play):  # each play has words of its own
            yield from _with_defaults(value, f"{here}.")

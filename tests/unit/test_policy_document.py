"""Each mistake in a policy's document, or in an override, is named with its line."""

import re

import pytest

from services.escalation.domain.policy.checks import MOST_OVERRIDES
from services.escalation.domain.policy.document import LONGEST, read
from services.escalation.domain.policy.model import CHOSEN_RESULTS, CLEARED
from shared.contracts.escalation import EpisodeResult
from tests.unit.policy_texts import TEXT, changed, errors_of, with_override


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        ('seller = "1h"', "seller = 60", 'ladder.high.seller: must be a time like "30m" or "4h"'),
        ('seller = "1h"', 'seller = "1d"', "ladder.high.seller: must be a time like"),
        ('seller = "1h"', 'seller = "0m"', "ladder.high.seller: must be longer than zero"),
        ('seller = "1h"', 'seller = "9h"', "ladder.high.seller: must be at most ladder.watch.seller, 8h"),
        (
            'seller = "1h"',
            'sellers = "1h"',
            "ladder.high.sellers: is not known; use one of: backup, desk, manager, sel",
        ),
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
        ('silent_for = "14d"', 'silent_for = "0d"', "signals.gone_quiet.silent_for: must be longer than zero"),
        ('longest = "8h"', 'longest = "5m"', "ladder.repeats.longest: must be at least ladder.repeats.first, 30m"),
        ("request_after_bad_contact = true", "request_after_bad_contact = 1", "rises.request_after_bad_contact: must"),
        ('default = "on"', 'default = "off"', "teams.default: must be one of 'observe', 'manager_only' or 'on'"),
        ("[plays.by_signal.gone_quiet]", "[plays.by_signal.gone]", "plays.by_signal.gone: must be one of"),
        ('window = "1m"', 'window = "60d"', "storms.window: must be at most 1h"),
        (
            'high = "5m"',
            'high = "11m"',
            "channels.email_after_push.high: must be at most channels.email_after_push.watch, 10m",
        ),
        ('watch = "10m"', 'watch = "61m"', "channels.email_after_push.watch: must be at most 1h"),
        ('window = "1m"', 'window = "61m"', "storms.window: must be at most 1h"),
        ("contacts = 3", f"contacts = {2**63}", f"signals.contact_repeated.contacts: must be at most {2**63 - 1}"),
        (
            "contacts = 3",
            f"contacts = 0x{'f' * 9000}",
            f"signals.contact_repeated.contacts: must be at most {2**63 - 1}",
        ),
        ("contacts = 3", f"contacts = {'[' * 300}{']' * 300}", "signals.contact_repeated.contacts: must not be nested"),
        ("[storms]", "[storm]", "storm: is not known; use one of: acknowledgement, age, approvals, channels"),
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
        ('look_back = "90d"', 'look_back = "0d"', "losses.look_back: must be longer than zero"),
        ("smallest_group = 8", "smallest_group = 2", "figures.smallest_group: must be at least 3"),
        ('individual = "self"', 'individual = "all"', "figures.individual: must be one of 'self' or 'manager'"),
        ('within = "8h"', 'within = "1d"', "save_window.within: must be a time like"),
        ('within = "8h"', 'within = "0h"', "save_window.within: must be longer than zero"),
        ('legal_limit = "14d"', 'legal_limit = "0d"', "save_window.legal_limit: must be longer than zero"),
        ('legal_limit = "14d"', "legal_limit = 14", "save_window.legal_limit: must be a time like"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_the_allowed_values(before: str, after: str, wrong: str) -> None:
    text, line = changed(before, after)
    assert any(error.startswith(f"line {line}, {wrong}") for error in errors_of(text))


_PRICE = '    { code = "price", words = "Too expensive", class = "price" },'
_TEST = '    { code = "test", words = "It was a test" },'
_CODES = 'price = ["too_expensive", "found_cheaper"]'


@pytest.mark.parametrize(
    ("line", "before", "after", "wrong"),
    [
        (_PRICE, 'class = "price"', 'class = "costly"', "reasons.lost[0].class: must be one of 'nobody_reached', 'pa"),
        (_TEST, " }", ', class = "other" }', "reasons.false_alarm[3].class: has no effect here: only reasons of lost"),
        (_CODES, "found_cheaper", "defective", "customer_reasons.price[1]: is listed before: a code has one class"),
        (_CODES, "price =", "costly =", "customer_reasons.costly: must be one of 'nobody_reached', 'passed_around'"),
        (_CODES, "too_expensive", "Too expensive", "customer_reasons.price[0]: must be a word in snake_case"),
    ],
)
def test_a_mistake_in_the_classes_of_losses_is_named_with_its_line(
    line: str, before: str, after: str, wrong: str
) -> None:
    text, number = changed(line, line.replace(before, after))
    assert [error[: len(f"line {number}, {wrong}")] for error in errors_of(text)] == [f"line {number}, {wrong}"]


def test_all_mistakes_are_named_at_once_in_the_order_of_lines() -> None:
    text = TEXT.replace("contacts = 3", "contacts = 1").replace("times = 6", "times = 101")
    assert [error.split(", ")[1].split(":")[0] for error in errors_of(text)] == [
        "signals.contact_repeated.contacts",
        "ladder.repeats.times",
    ]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a = 1\nb = \n", "line 2: this is not valid TOML: Invalid value"),
        ("a = 1\na = 2\n", "line 2: this is not valid TOML: Cannot overwrite a value"),
        ('a = """x\n\n', "line 3: this is not valid TOML: "),
        ("a = " + "[" * 5000, "line 1: the document must not be nested deeper than 32 levels"),
        (f"a = 1\nb = {'1_' * 5000}0\nc = 3", f"line 2: a number must be at most {2**63 - 1}"),
        ("#" * (LONGEST + 1), f"line 1: the document must have at most {LONGEST} characters"),
        ("", "line 1, age: is missing"),
    ],
)
def test_a_text_that_is_no_document_is_refused_as_such(text: str, wrong: str) -> None:
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
    assert "reasons.lost[5].code: must differ from those before" in errors_of(text)[0]


def test_a_status_that_is_listed_twice_is_named() -> None:
    (error,) = errors_of(TEXT.replace('"new" = "us"', '"new" = "us"\n"New" = "nobody"'))
    assert 'statuses: lists the status "new" with two different values' in error


def test_an_offer_with_limits_says_what_is_offered() -> None:
    text = re.sub(r"^offer = .to arrange a repair.*$", "", TEXT, flags=re.MULTILINE)
    assert "plays.by_signal.refund_requested: must have an offer in words" in errors_of(text)[0]


@pytest.mark.parametrize(
    ("override", "at", "wrong"),
    [
        ('segment = "x"\nset.ladder.high.seller = "9h"', 2, "[0].set.ladder.high.seller: must be at most ladder.watch"),
        ('segment = "x"\nset.ladder.high.sell = "9h"', 2, "[0].set.ladder.high.sell: is not known; use one of: backup"),
        ('segment = "x"\n[overrides.set.rises]\nmany_signals = 1', 3, "[0].set.rises.many_signals: must be at least 2"),
        ("set.rises.many_signals = 4", 0, "[0]: must name a segment or a product, not both"),
        ('segment = "x"\nproduct = "y"\nset = {}', 0, "[0]: must name a segment or a product, not both"),
        ('segment = "x"', 0, "[0].set: is missing"),
        ('segment = "x"\nset = 3', 2, "[0].set: must be a table of names and values"),
        (
            'segment = "x"\nset.channels.email_after_push.high = "20m"',
            2,
            "[0].set.channels.email_after_push.high: must be",
        ),
        ('segment = "x"\nset.storms.alerts = 3', 2, "[0].set.storms: has no effect here: an override can set only"),
        (
            'segment = "x"\nset.signals.case_stuck.no_progress_for = "1h"',
            2,
            "[0].set.signals.case_stuck.no_progress_for: has",
        ),
        (
            f'segment = "x"\nset.reasons.lost = {"[" * 300}{"]" * 300}',
            2,
            "[0].set: must not be nested deeper than 32 levels",
        ),
        (
            f'segment = "x"\nset.plays.{".a" * 300} = 1'.replace("..", "."),
            2,
            "[0].set: must not be nested deeper than 32 levels",
        ),
        (
            f'segment = "x"\nset.rises.many_signals = {2**63}',
            2,
            f"[0].set.rises.many_signals: must be at most {2**63 - 1}",
        ),
        ('segment = "x"\nset.reasons.lost = []', 2, "[0].set.reasons.lost: must have at least one reason"),
        (
            'segment = "x"\nset = {}\n[[overrides]]\nsegment = "x"\nset = {}',
            3,
            "[1]: never applies, because overrides[0] has the same segment or product",
        ),
    ],
)
def test_a_mistake_in_an_override_is_named_with_its_own_line(override: str, at: int, wrong: str) -> None:
    text, line = with_override(f"[[overrides]]\n{override}\n")
    assert [error.startswith(f"line {line + at}, overrides{wrong}") for error in errors_of(text)] == [True]


def test_the_number_of_overrides_is_limited() -> None:
    overrides = [f'[[overrides]]\nsegment = "s-{number}"\nset.rises.many_signals = 4\n' for number in range(202)]
    assert len(read("".join([TEXT, *overrides[:MOST_OVERRIDES]])).overrides) == MOST_OVERRIDES == 200
    line = TEXT.count("\n") + 1 + 3 * MOST_OVERRIDES
    assert errors_of("".join([TEXT, *overrides])) == [
        f"line {line}, overrides[200]: there must be at most 200 overrides"
    ]


def test_a_mistake_of_the_document_is_not_repeated_for_its_overrides() -> None:
    text, _ = with_override('[[overrides]]\nsegment = "x"\nset.rises.many_signals = 4\n')
    assert len(errors_of(text.replace("contacts = 3", "contacts = 1"))) == 1

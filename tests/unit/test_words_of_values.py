"""Amounts, instants and spans of time in words."""

from datetime import UTC, datetime, timedelta

import pytest

from services.escalation.domain.words import absolute, ago, cut_at_word, known_money, money
from services.escalation.domain.words.lists import amount
from tests.builders import AT


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=44), "just now"),
        (timedelta(seconds=45), "1 min ago"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(minutes=60), "1 h ago"),
        (timedelta(hours=23), "23 h ago"),
        (timedelta(hours=24), "1 day ago"),
        (timedelta(days=13), "13 days ago"),
        (timedelta(days=14), "4 May 2026"),
    ],
)
def test_how_long_ago_is_one_unit(age: timedelta, words: str) -> None:
    assert ago(AT, AT + age) == words


@pytest.mark.parametrize(
    ("amount_minor", "currency", "words"),
    [
        (120_000, "EUR", "€1,200.00"),
        (500, "JPY", "¥500"),
        (1_234, "KWD", "KWD1.234"),
        (2**53 - 1, "USD", "$90,071,992,547,409.91"),
    ],
)
def test_money_has_the_digits_of_its_currency(amount_minor: int, currency: str, words: str) -> None:
    assert money(amount_minor, currency) == words


@pytest.mark.parametrize(
    ("digits", "currencies"),
    [
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW"),
        (
            2,
            "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF "
            "CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL "
            "HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MOP MRU MUR "
            "MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG "
            "SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES "
            "WST XCD XCG YER ZAR ZMW ZWG",
        ),
    ],
)
def test_a_minor_unit_is_that_of_iso_4217(digits: int, currencies: str) -> None:
    reported = {currency: (money(1, currency), amount(1, currency)) for currency in currencies.split()}
    one = f"0.{'1':0>{digits}}" if digits else "1"
    assert {
        currency: words for currency, words in reported.items() if not all(each.endswith(one) for each in words)
    } == {}


def test_an_amount_in_dinars_is_what_the_company_allowed() -> None:
    assert (money(129_900, "RSD"), money(-50_000, "RSD"), money(129_900, "IQD")) == (
        "RSD1,299.00",
        "-RSD500.00",
        "IQD129.900",
    )
    assert (amount(129_900, "RSD"), amount(129_950, "RSD"), amount(129_000, "IQD")) == (
        "RSD1,299",
        "RSD1,299.50",
        "IQD129",
    )


def test_an_instant_names_its_zone() -> None:
    assert absolute(datetime(2026, 5, 4, 9, 5, tzinfo=UTC)) == "4 May 2026, 09:05 UTC"


@pytest.mark.parametrize(
    ("minor", "currency", "reported"),
    [(0, "EUR", "€0.00"), (129_900, "EUR", "€1,299.00"), (None, "EUR", None), (1, None, None)],
)
def test_an_amount_is_shown_if_it_and_its_currency_are_known(
    minor: int | None, currency: str | None, reported: str | None
) -> None:
    assert known_money(minor, currency) == reported


def test_a_cut_at_a_word_leaves_no_partial_word() -> None:
    assert cut_at_word("did not bring what", 18) == "did not bring what"
    assert cut_at_word("did not bring, what", 18) == "did not bring…"
    assert cut_at_word("immeasurable", 5) == "imme…"

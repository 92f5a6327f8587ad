"""Telephone numbers as people write them: what a link dials, and that it never dials another number."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.escalation.domain.phones import country_of, phone_links


def dialled(text: str | None, country: str | None = None) -> list[str]:
    return [one.href.removeprefix("tel:") for one in phone_links(text, country)]


@pytest.mark.parametrize(
    ("text", "country", "numbers"),
    [
        pytest.param("+49 30 901820", None, ["+4930901820"], id="with a country's code"),
        pytest.param("030 901820", "DE", ["+4930901820"], id="a local one of a country"),
        pytest.param("030 901820", None, ["030901820"], id="a local one of nowhere: as its digits"),
        pytest.param("+39 06 1234 5678 ext. 12", None, ["+390612345678;ext=12"], id="an extension"),
        pytest.param("030 901820 x12", None, ["030901820;ext=12"], id="an extension of a local one"),
        pytest.param("030 901820 Durchwahl 12", "DE", ["+4930901820;ext=12"], id="an extension in German"),
        pytest.param("030 901820 #12", "DE", ["+4930901820;ext=12"], id="an extension with a number sign"),
        pytest.param("tel:+49-30-901820;ext=5", None, ["+4930901820;ext=5"], id="a link"),
        pytest.param("030 901820 / 0171 5551234", None, ["030901820", "01715551234"], id="two"),
        pytest.param("030 901820 / 0171 5551234", "DE", ["+4930901820", "+491715551234"], id="two of a country"),
        pytest.param("030 901820 oder 0171/5551234", None, ["030901820", "01715551234"], id="two, with a word"),
        pytest.param("030 901820; 030 901820", None, ["030901820"], id="the same twice"),
        pytest.param("030/901820", None, ["030901820"], id="a slash after the area code"),
        pytest.param("+49 (0)30 901820", None, ["+4930901820"], id="a trunk zero"),
        pytest.param("+39 (0)6 1234 5678", None, ["+390612345678"], id="a zero that is no trunk zero"),
        pytest.param("1-800-FLOWERS", "US", ["+18003569377"], id="vanity letters"),
        pytest.param("1-800-FLOWERS", None, ["18003569377"], id="vanity letters of nowhere"),
        pytest.param("٠٣٠ ٩٠١٨٢٠", "DE", ["+4930901820"], id="Arabic digits"),
        pytest.param("＋４９ ３０ ９０１８２０", None, ["+4930901820"], id="wide digits"),
        pytest.param("*31#030 901820", None, ["030901820"], id="a code for the exchange"),
        pytest.param("+49 30 901820 *12#", None, ["+4930901820"], id="what is to be typed afterwards"),
        pytest.param("Tel: 030 901820 (ask for Ms, 2nd floor)", None, ["030901820"], id="a remark"),
        pytest.param("Tel: 030 901820 (ask for Ms, 2nd floor)", "DE", ["+4930901820"], id="a remark, of a country"),
        pytest.param("12345 office", None, ["12345"], id="a word is no number"),
        pytest.param("1-800-FLOWERS", "CA", ["+18003569377"], id="vanity letters of a neighbour"),
        pytest.param("+1-800-FLOWERS", "DE", ["+18003569377"], id="vanity letters with a country's code"),
        pytest.param("1-800-FLOWERS", "DE", [], id="vanity letters of another country"),
        pytest.param("1-800-FLOWERS", "IT", [], id="vanity letters of a country without a prefix"),
        pytest.param("0800 REISEN", "DE", ["+49800734736"], id="vanity letters with the country's prefix"),
        pytest.param("1-800-356-9377", "DE", [], id="an American number of nobody in America"),
        pytest.param("1-800-356-9377", "US", ["+18003569377"], id="an American number"),
        pytest.param("901820", "DE", [], id="one of a town that nobody names"),
        pytest.param("06 1234 5678", "IT", ["+390612345678"], id="a country without a prefix"),
        pytest.param("11 4444 5555", "AR", ["+541144445555"], id="in use, without its prefix"),
        pytest.param("110", "DE", [], id="the police"),
        pytest.param("112", "DE", [], id="an ambulance"),
        pytest.param("+49 112", None, [], id="an ambulance abroad"),
        pytest.param("Tel. 112", None, [], id="an ambulance of nowhere"),
        pytest.param("911", "US", [], id="of America"),
        pytest.param("999", "GB", [], id="of Britain"),
        pytest.param("000", None, [], id="of Australia"),
        pytest.param("110, 030 901820", "DE", ["+4930901820"], id="the police beside a number"),
        pytest.param("110 / 030 901820", None, [], id="the police and a number in one"),
        pytest.param("11833", "DE", [], id="a service's, which is none of a town"),
        pytest.param("11833", None, ["11833"], id="a service's of nowhere"),
        pytest.param("555-1234", "US", ["5551234"], id="one of its town"),
        pytest.param("+4917155512345678901234", None, [], id="too many digits"),
        pytest.param("ask for Ms", "DE", [], id="no number"),
        pytest.param("", "DE", [], id="nothing"),
        pytest.param(None, None, [], id="not told"),
    ],
)
def test_a_link_dials(text: str | None, country: str | None, numbers: list[str]) -> None:
    assert dialled(text, country) == numbers


def test_one_number_is_shown_as_written_and_two_are_shown_separately() -> None:
    assert [one.label for one in phone_links("030 901820 (mornings)")] == ["030 901820 (mornings)"]
    assert [one.label for one in phone_links("030 901820 / 0171 5551234")] == ["030 901820", "0171 5551234"]


WRITTEN = st.text(st.sampled_from("0123456789+*#()-/ .,;xXeEtTABCZ٣＋＊\n") | st.characters(), max_size=40)
COUNTRIES = st.sampled_from([None, "DE", "IT", "US", "GB", "AR", "ZZ"])
LONGEST_COUNTRY_CODE = 3


@given(WRITTEN, COUNTRIES)
def test_nothing_but_digits_is_dialled_and_an_extension(text: str, country: str | None) -> None:
    for number in dialled(text, country):
        assert re.fullmatch(r"\+?[0-9]{3,15}(;ext=[0-9]+)?", number), number


@given(WRITTEN, COUNTRIES)
def test_never_more_is_dialled_than_was_written(text: str, country: str | None) -> None:
    """Apart from the country code; a letter of a vanity number counts as a digit."""
    keys = sum(one.isdecimal() or (one.isascii() and one.isupper()) for one in text)
    digits = [sum(one.isdecimal() for one in number) for number in dialled(text, country)]
    assert sum(digits) <= keys + (LONGEST_COUNTRY_CODE * len(digits) if country else 0)


@given(st.lists(st.sampled_from(["030 901820", "0171 5551234", "089 123456"]), min_size=1, max_size=3, unique=True))
def test_each_number_is_a_link_of_its_own(numbers: list[str]) -> None:
    assert dialled(" / ".join(numbers)) == [one.replace(" ", "") for one in numbers]


@pytest.mark.parametrize(
    ("texts", "country"),
    [
        (["+1 212 555 0100", "2125550177"], "US"),
        (["030 901820 or +49 171 2345678"], "DE"),
        (["+49 30 901820", "+44 20 7946 0000"], None),
        (["030 901820", None, "ask Ms Weiss"], None),
        (["+999 123456"], None),
    ],
)
def test_the_country_of_numbers_follows_from_their_code(texts: list[str | None], country: str | None) -> None:
    assert country_of(texts) == country


def test_a_number_without_a_country_code_is_marked_as_such() -> None:
    assert [one.marked_label for one in phone_links("2125550177")] == ["2125550177 (country code missing)"]
    assert [one.marked_label for one in phone_links("2125550177", "US")] == ["2125550177"]

"""Telephone numbers as people write them, as links that dial them: for pages and mails alike. Start at `phone_links`.

A link that dials the wrong person is worse than none: a number that cannot be read with certainty stays text, and an
emergency number is never dialled.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import phonenumbers
from phonenumbers import (
    Leniency,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberMatcher,
    ValidationResult,
    connects_to_emergency_number,
    is_emergency_number,
)

_FEWEST, _MOST = 3, 15
"""The number of digits that can be dialled; ITU-T E.164 allows at most 15."""
_A_NUMBER = 6
"""Text with at least this many digits is a number of its own, not a part of one."""

_BETWEEN = re.compile(r"\s+[/|]\s+|[,;\n](?!\s*ext)|\s+(?:or|and|oder|und|ou|et|o|e|y)\s+|\s+(?=\+)", re.IGNORECASE)
_SLASH = re.compile(r"/")
_FEATURE = re.compile(r"^[^\d+*#]*(?:[*#]+\d+[*#]+)+")
_EXTENSION_WORD = re.compile(
    r"(?<![^\W\d])(?:durchwahl|nebenstelle|dw|poste|interno|extension|extn?|x)(?![^\W\d]|\s*=)\.?:?", re.IGNORECASE
)
_EXTENSION = re.compile(r"(?:;?\s*\bext\.?\s*=?|#)\s*(\d{1,7})\W*$", re.IGNORECASE)
_VANITY = re.compile(r"^\W*?(\+?\d[\d\s().-]*[A-Z]+(?:-[A-Z0-9]+)*)\W*$")
_RUN = re.compile(r"\+?\s*\(?\d[\d\s().\-/]*")
_AMERICAN = re.compile(r"1[2-9]\d\d[2-9]\d{6}")
_NORTH_AMERICA = 1
_KNOWN_EVERYWHERE = ("DE", "US", "GB", "AU")
"""Countries whose emergency numbers are never dialled if no country is known."""
_TRUNK = re.compile(r"^(\+(?!39)[\d\s]*?)\(0\)")
_LOOKALIKES = str.maketrans({"＋": "+", "﹢": "+", "＊": "*", "⁎": "*", "∗": "*", "＃": "#", "﹟": "#"})


@dataclass(frozen=True, slots=True)
class PhoneLink:
    """One number: `href` dials it, `label` is the text as written; `marked_label` also tells that its country code is
    missing, so it cannot be dialled from abroad."""

    href: str
    label: str

    @property
    def marked_label(self) -> str:
        return self.label if self.href.startswith("tel:+") else f"{self.label} (country code missing)"


def phone_links(text: str | None, country: str | None = None) -> tuple[PhoneLink, ...]:
    """The numbers in a text, each once.

    Without a `country` (ISO 3166-1, the customer's or the company's) a local number is dialled as its digits. An
    extension becomes a parameter of the link (RFC 3966); `*` and `#` are never dialled.
    """
    found: dict[str, PhoneLink] = {}
    for part in _parts(_in_ascii_digits(text or "")):
        for uri, label in _numbers(part, country):
            found.setdefault(uri, PhoneLink(f"tel:{uri}", label.strip()))
    links = tuple(found.values())
    return (PhoneLink(links[0].href, (text or "").strip()),) if len(links) == 1 else links


def country_of(texts: Iterable[str | None]) -> str | None:
    """The country of the numbers with a country code; None if there is none, or several.

    For a code shared by countries it is the first one in the numbering plan: numbers are dialled alike in all of them.
    """
    found = {
        match.number.country_code or 0
        for text in texts
        for match in PhoneNumberMatcher(_in_ascii_digits(text or ""), None, leniency=Leniency.POSSIBLE)
    }
    region = phonenumbers.region_code_for_country_code(found.pop()) if len(found) == 1 else None
    return region if region in phonenumbers.SUPPORTED_REGIONS else None


def _in_ascii_digits(text: str) -> str:
    digits = ((one, unicodedata.decimal(one, None)) for one in text.translate(_LOOKALIKES))
    return "".join(one if digit is None else str(digit) for one, digit in digits)


def _parts(text: str) -> Iterator[str]:
    """The text, cut where another number begins. A slash may also end an area code."""
    for part in _cut(text, _BETWEEN):
        yield from _cut(part, _SLASH)


def _cut(text: str, separator: re.Pattern[str]) -> Iterator[str]:
    start = 0
    for found in separator.finditer(text):
        following = separator.search(text, found.end())
        after = text[found.end() : following.start() if following else len(text)]
        if _digits_in(text[start : found.start()]) >= _A_NUMBER and _digits_in(after) >= _A_NUMBER:
            yield text[start : found.start()]
            start = found.end()
    yield text[start:]


def _digits_in(text: str) -> int:
    return sum(one.isdecimal() for one in text)


def _numbers(part: str, country: str | None) -> Iterator[tuple[str, str]]:
    """Each number of a part, as dialled and as written."""
    plain = _EXTENSION_WORD.sub("ext. ", _without_codes(part))
    vanity = _vanity(plain)
    if vanity is not None:
        yield from ((uri, part) for uri in _of_vanity(vanity, country))
        return
    matches = [
        (uri, match)
        for match in PhoneNumberMatcher(plain, country, leniency=Leniency.POSSIBLE)
        if (uri := _uri(match.number)) is not None
    ]
    read = [(uri, match.raw_string) for uri, match in matches if _is_certain(match.number, match.raw_string, country)]
    local = None if matches else _as_written(plain, country)
    if len(read) > 1:
        yield from read
    elif read or local:
        yield (read[0][0] if read else str(local)), part


def _without_codes(part: str) -> str:
    """The text without exchange codes before the number and digits to be typed after it."""
    return _FEATURE.sub("", part).partition("*")[0]


def _uri(number: PhoneNumber) -> str | None:
    """A number with its country code; None for a service number, or one that can be dialled only within its town."""
    if phonenumbers.is_possible_number_with_reason(number) is not ValidationResult.IS_POSSIBLE:
        return None
    dialled = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{dialled};ext={number.extension}" if number.extension else dialled


def _is_certain(number: PhoneNumber, written: str, country: str | None) -> bool:
    """Whether a number certainly belongs to this country: it has the country's prefix, or is in use.

    A number in American form is certain only in America.
    """
    digits, home = re.sub(r"[^\d+]", "", written), PhoneMetadata.metadata_for_region(country or "")
    if digits.startswith("+") or home is None or home.country_code == _NORTH_AMERICA:
        return True
    if home.national_prefix and digits.startswith(home.national_prefix):
        return True
    return not _AMERICAN.fullmatch(digits) and phonenumbers.is_valid_number(number)


def _is_emergency(dialled: str, country: str | None) -> bool:
    """Whether it calls an emergency service, in that country or as the end of an international number."""
    digits = dialled.partition(";")[0]
    if digits.startswith("+"):
        return any(
            is_emergency_number(digits[len(str(code)) + 1 :], one)
            for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE
            if digits[1:].startswith(str(code))
            for one in phonenumbers.region_codes_for_country_code(code)
        )
    at_once = _KNOWN_EVERYWHERE if country is None else (country,)  # with any further digits
    if any(connects_to_emergency_number(digits, one) for one in at_once):
        return True
    return any(is_emergency_number(digits, one) for one in _KNOWN_EVERYWHERE)


def _vanity(text: str) -> str | None:
    """A number whose end is written in capital letters: 1-800-FLOWERS."""
    found = _VANITY.match(text)
    if found is None or _digits_in(text) >= _A_NUMBER:
        return None
    keys = phonenumbers.convert_alpha_characters_in_number(found[1])
    return keys if _A_NUMBER < _digits_in(keys) <= _MOST else None


def _of_vanity(keys: str, country: str | None) -> Iterator[str]:
    """The number that it dials; nothing if that is uncertain. Without a country it is dialled as its digits."""
    try:
        number = phonenumbers.parse(keys, country)
    except phonenumbers.NumberParseException:
        if country is None:
            yield re.sub(r"[^\d+]", "", keys)
        return
    uri = _uri(number)
    if uri is not None and _is_certain(number, keys, country):
        yield uri


def _as_written(text: str, country: str | None) -> str | None:
    """The digits of a number that belongs to no known country, with its extension; None if there are none."""
    extension = _EXTENSION.search(text)
    runs = _RUN.findall((text[: extension.start()] if extension else text).partition("#")[0])
    longest = _TRUNK.sub(r"\1", max(runs, key=_digits_in, default="").strip())
    digits = "".join(one for one in longest if one.isdecimal())
    if not _FEWEST <= len(digits) <= _MOST:
        return None
    dialled = f"+{digits}" if longest.startswith("+") else digits
    if _is_emergency(dialled, country):
        return None
    return f"{dialled};ext={extension[1]}" if extension else dialled

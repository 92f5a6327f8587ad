"""Cells of a CSV file; an unreadable one is named by file, line and column. Start at `read_rows`."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from pydantic_core import PydanticCustomError

from shared.contracts.fields import MAX_SAFE_INTEGER, read_instant

_MISSING = frozenset({"", "?"})
_DATE = re.compile(r"(\d{1,2})([-/])(\d{1,2})\2(\d{4}) (\d{1,2}):(\d{2})", re.ASCII)
_AMOUNT = re.compile(r"\d{1,18}(\.\d{1,9})?", re.ASCII)
_COUNT = re.compile(r"\d{1,6}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_MAX_SHOWN = 60


class UnreadableFile(ValueError):
    """A file is not of the shape it should have. Its text names file, line, column and what is expected."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file; `line` is where it begins, counted from 1 with the header."""

    file: str
    line: int
    cells: Mapping[str, str]

    def is_missing(self, column: str) -> bool:
        return self.cells[column].strip() in _MISSING

    def identifier(self, column: str, *, max_length: int = 200) -> str:
        """1 to 200 characters without control characters, as they stand."""
        value = self.cells[column]
        if self.is_missing(column) or len(value) > max_length or _CONTROL.search(value):
            raise self.unreadable(column, f"1 to {max_length} characters without control characters")
        return value

    def local_part(self, column: str) -> str:
        """An identifier that can also stand before the @ of an address."""
        value = self.identifier(column, max_length=64)
        if re.search(r"[\s@]", value):
            raise self.unreadable(column, "1 to 64 characters without spaces or @")
        return value

    def text(self, column: str) -> str:
        """1 to 500 characters."""
        value = self.cells[column].strip()
        if self.is_missing(column) or len(value) > 500 or "\0" in value:
            raise self.unreadable(column, "1 to 500 characters")
        return value

    def instant(self, column: str) -> datetime:
        """Day, month, year, hour and minute in UTC, like "29-02-2016 01:16" or "29/2/2016 01:16"."""
        found = _DATE.fullmatch(self.cells[column].strip())
        try:
            if found is None:
                raise ValueError
            day, _, month, year, hour, minute = found.groups()
            at = datetime(int(year), int(month), int(day), int(hour), int(minute), tzinfo=UTC)
            return read_instant(at)
        except (ValueError, PydanticCustomError):
            expected = "a date of 2000 to 2099, day first, like 29-02-2016 01:16 or 29/2/2016 01:16"
            raise self.unreadable(column, expected) from None

    def count(self, column: str) -> int:
        value = self.cells[column].strip()
        if not _COUNT.fullmatch(value):
            raise self.unreadable(column, "a whole number from 0 to 999999")
        return int(value)

    def truth(self, column: str) -> bool:
        value = self.cells[column].strip().lower()
        if value not in ("true", "false"):
            raise self.unreadable(column, "TRUE or FALSE")
        return value == "true"

    def amount_minor(self, column: str) -> int:
        """An amount in whole units of the currency, with at most two decimals that count, in minor units."""
        value = self.cells[column].strip()
        minor = Decimal(value) * 100 if _AMOUNT.fullmatch(value) else Decimal(-1)
        if not 0 <= minor <= MAX_SAFE_INTEGER or minor != int(minor):
            raise self.unreadable(column, "an amount like 50000 or 50000.25")
        return int(minor)

    def unreadable(self, column: str, expected: str) -> UnreadableFile:
        value = self.cells[column]
        shown = repr(value if len(value) <= _MAX_SHOWN else value[:_MAX_SHOWN] + "…")
        return UnreadableFile(f"{self.file}, line {self.line}, column {column}: expected {expected}, found {shown}.")


def read_rows(lines: Iterable[str], *, file: str, columns: Sequence[str]) -> Iterator[Row]:
    """The rows of a CSV file with a header that has at least these columns; raises UnreadableFile."""
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, [])
        _check_header(header, file=file, columns=columns)
        begins = reader.line_num + 1
        for cells in reader:
            if cells:
                yield Row(file, begins, _by_column(header, cells, f"{file}, line {begins}"))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableFile(f"{file}, line {reader.line_num}: not readable as CSV ({error}).") from None
    except UnicodeDecodeError:
        where = f"after line {reader.line_num}"
        raise UnreadableFile(f"{file}, {where}: expected text in UTF-8. Save the file in that encoding.") from None


def _check_header(header: Sequence[str], *, file: str, columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in header]
    if missing:
        raise UnreadableFile(
            f"{file}, line 1: expected a header of comma-separated column names, found none named "
            f"{', '.join(missing)}. Is it the right file?"
        )


def _by_column(header: Sequence[str], cells: Sequence[str], where: str) -> dict[str, str]:
    if len(cells) != len(header):
        raise UnreadableFile(f"{where}: expected {len(header)} cells, as in the header, found {len(cells)}.")
    return dict(zip(header, cells, strict=True))

"""Finds the line of each member in a TOML text, which the standard library's reader does not report."""

import re
import tomllib
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""The members that lead to a value: names, and the indexes of arrays from 0."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL)
_KEY = re.compile(r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^"'=\]\n])+""")
_SCALAR = re.compile(r"[^,\]}#\n]+")


def lines(text: str) -> Mapping[Path, int]:
    """The line, from 1, of each member of a text that tomllib has read without an error."""
    return _Scan(text).lines


def line_of(path: Path, known: Mapping[Path, int]) -> int:
    """The line of a member, or of the closest written member around it; 1 if there is none."""
    return next((known[path[:end]] for end in range(len(path), 0, -1) if path[:end] in known), 1)


class _Scan:
    """One pass over the text; `at` is the current position."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self._breaks = [found.start() for found in re.finditer("\n", text)]
        self._tables: Counter[Path] = Counter()
        self._document()

    def _document(self) -> None:
        table: Path = ()
        while self._skip():
            if self._take("[["):
                *parents, last = self._key()
                path = (*self._resolved(parents), last)
                table = (*path, self._tables[path])
                self._tables[path] += 1
                self._mark(table, self.at)
                self._take("]]")
            elif self._take("["):
                table = self._resolved(self._key())
                self._mark(table, self.at)
                self._take("]")
            else:
                self._member(table)

    def _member(self, table: Path) -> None:
        start = self.at
        path = (*table, *self._key())
        self._mark(path, start)
        self._take("=")
        self._value(path)

    def _value(self, path: Path) -> None:
        self._skip()
        if self._take("["):
            self._array(path)
        elif self._take("{"):
            while self._skip() and not self._take("}"):
                self._member(path)
                self._skip()
                self._take(",")
        elif found := _STRING.match(self.text, self.at) or _SCALAR.match(self.text, self.at):
            self.at = found.end()

    def _array(self, path: Path) -> None:
        index = 0
        while self._skip() and not self._take("]"):
            self._mark((*path, index), self.at)
            self._value((*path, index))
            self._skip()
            self._take(",")
            index += 1

    def _key(self) -> Path:
        found = _KEY.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return _names(tomllib.loads(f"{found[0]} = 0"))

    def _resolved(self, names: Path | list[str | int]) -> Path:
        """The path that a table's name leads to: into the latest entry of each array of tables."""
        path: Path = ()
        for name in names:
            path = (*path, name)
            if self._tables[path]:
                path = (*path, self._tables[path] - 1)
        return path

    def _mark(self, path: Path, at: int) -> None:
        for end in range(1, len(path) + 1):
            self.lines.setdefault(path[:end], bisect_left(self._breaks, at) + 1)

    def _skip(self) -> bool:
        """Skip blanks, line breaks and comments. Return whether anything is left."""
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at < len(self.text)

    def _take(self, sign: str) -> bool:
        taken = self.text.startswith(sign, self.at)
        self.at += len(sign) if taken else 0
        return taken


def _names(nested: Any) -> Path:
    path: list[str | int] = []
    while isinstance(nested, dict):
        [(name, nested)] = nested.items()
        path.append(name)
    return tuple(path)

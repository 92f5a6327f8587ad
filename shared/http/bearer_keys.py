"""Keys of the header `Authorization: Bearer <key>`: read from a setting with `KeySetting`, found with `BearerKeys`."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, SecretStr
from pydantic_core import PydanticCustomError

_SCHEME = "bearer"
_MIN_CHARACTERS = 16


def _fits_a_header(key: SecretStr) -> SecretStr:
    if len(key) < _MIN_CHARACTERS:
        raise PydanticCustomError("key", "must have at least {least} characters", {"least": _MIN_CHARACTERS})
    if not all("!" <= character <= "~" for character in key.get_secret_value()):
        raise PydanticCustomError(
            "key", "must consist of printable ASCII characters without spaces, because it is sent in a header"
        )
    return key


Key = Annotated[SecretStr, AfterValidator(_fits_a_header)]
"""A key that cannot be guessed and that a header can carry."""


class InvalidKeys(ValueError):
    """A setting of keys cannot be used. Carries the place and the remedy, never the setting's content."""


@dataclass(frozen=True, slots=True)
class KeySetting:
    """An environment variable that holds keys as JSON, or names a file that holds them."""

    variable: str
    opening: str
    example: str

    @property
    def kind(self) -> str:
        """The kind of JSON value that holds the keys."""
        return "a JSON object" if self.opening == "{" else "a JSON array"

    def json(self, setting: SecretStr | None) -> object:
        """The content of the setting; None if it is empty. Raises InvalidKeys."""
        text = setting.get_secret_value().strip() if setting else ""
        if text and not text.startswith(self.opening):
            text = self._file(text)
        return self.parsed(text) if text else None

    def parsed(self, text: str) -> object:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise self.invalid("is not valid JSON") from None

    def invalid(self, fault: str) -> InvalidKeys:
        return InvalidKeys(
            f"{self.variable} {fault}. Expected JSON such as {self.example}, or the path of a file that contains it."
        )

    def _file(self, path: str) -> str:
        try:
            return Path(path).read_text("utf-8").strip()
        except (OSError, ValueError):
            raise self.invalid(f"is neither {self.kind} nor the path of a readable file") from None


class BearerKeys:
    """Keys by their digests. Raises InvalidKeys if two are equal."""

    def __init__(self, keys: Sequence[SecretStr], *, variable: str) -> None:
        self._digests = [_digest(key.get_secret_value()) for key in keys]
        if len(set(self._digests)) != len(keys):
            raise InvalidKeys(f"{variable}: two entries have the same key. Give each its own.")

    def __len__(self) -> int:
        return len(self._digests)

    def place(self, authorization: str | None) -> int | None:
        """The place, from 0, of the key in the header; takes the same time for every key and for none."""
        scheme, _, token = (authorization or "").partition(" ")
        presented = _digest(token.strip())
        found = None
        for place, digest in enumerate(self._digests):
            if hmac.compare_digest(digest, presented):
                found = place
        return found if scheme.lower() == _SCHEME else None


def is_bearer(authorization: str) -> bool:
    """Whether an Authorization header uses the scheme of our keys."""
    return authorization.partition(" ")[0].lower() == _SCHEME


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()

"""Who may publish over HTTP: a key is bound to its publisher's sources and types. Start at PublisherKeys."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

_SCHEME = "bearer"

Pattern = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^*\s]*\*?$")]
"""An exact value, or the beginning of one with `*` at its end."""


class InvalidPublisherKeys(ValueError):
    """The setting cannot be used. Says which entry and what to do, never what the entry holds."""


class Publisher(BaseModel):
    """A system that publishes events, and what its key may publish."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    key: Annotated[SecretStr, Field(min_length=16)]
    sources: Annotated[tuple[Pattern, ...], Field(min_length=1)]
    types: Annotated[tuple[Pattern, ...], Field(min_length=1)] = ("*",)

    def owns_source(self, source: str) -> bool:
        return _matches(source, self.sources)

    def owns_type(self, type: str) -> bool:
        return _matches(type, self.types)


class PublisherKeys:
    """The keys of one service. A publisher that is changing its key has two entries for a while."""

    def __init__(self, publishers: Sequence[Publisher]) -> None:
        self._by_digest = [(_digest(each.key.get_secret_value()), each) for each in publishers]
        if len({digest for digest, _ in self._by_digest}) != len(publishers):
            raise InvalidPublisherKeys("PUBLISHER_KEYS: two entries have the same key. Give each its own.")

    def __len__(self) -> int:
        return len(self._by_digest)

    @classmethod
    def read(cls, setting: SecretStr | None) -> "PublisherKeys":
        """The keys of a setting: a JSON object as `parse` takes it, or the path of a file that holds one.

        Raises InvalidPublisherKeys.
        """
        text = setting.get_secret_value().strip() if setting else ""
        if text and not text.startswith("{"):
            text = _file(text)
        return cls.parse(text) if text else cls(())

    @classmethod
    def parse(cls, text: str) -> "PublisherKeys":
        """The keys in a JSON object: by publisher's name its key, sources and types.

        Raises InvalidPublisherKeys.
        """
        try:
            entries = json.loads(text)
        except ValueError:
            raise _invalid("as a whole is not JSON") from None
        if not isinstance(entries, dict):
            raise _invalid("is not a JSON object")
        return cls([_publisher(number, entry) for number, entry in enumerate(entries.values(), start=1)])

    def publisher(self, authorization: str | None) -> Publisher | None:
        """Whose key an Authorization header carries; takes the same time whichever key, or none, it is."""
        scheme, _, token = (authorization or "").partition(" ")
        presented = _digest(token.strip())
        found = None
        for digest, publisher in self._by_digest:
            if hmac.compare_digest(digest, presented):
                found = publisher
        return found if scheme.lower() == _SCHEME else None


def _publisher(number: int, entry: object) -> Publisher:
    try:
        return Publisher.model_validate(entry)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    member = str(first["loc"][0]) if first["loc"] else ""
    known = member if member in Publisher.model_fields else "as a whole"  # a key may stand in the wrong place
    raise _invalid(f"entry {number}, {known}: {first['msg']}")


def _invalid(fault: str) -> InvalidPublisherKeys:
    return InvalidPublisherKeys(
        f"PUBLISHER_KEYS {fault}. Expected a JSON object like "
        '{"shop": {"key": "<16 characters or more>", "sources": ["shop"], "types": ["orders.inbound.*"]}}'
    )


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _matches(value: str, patterns: Sequence[str]) -> bool:
    return any(value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern for pattern in patterns)


def _file(path: str) -> str:
    try:
        return Path(path).read_text("utf-8")
    except (OSError, ValueError):
        raise InvalidPublisherKeys(
            "PUBLISHER_KEYS names a file that cannot be read. Give a JSON object, or the path of one."
        ) from None

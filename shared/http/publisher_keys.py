"""Who may publish over HTTP: a key is bound to its publisher's sources, types and rights. Start at PublisherKeys.

A type never includes a right, not even `*`: a shop's key may send every event of an order, but must not change a
salesperson's identity.
"""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from shared.contracts.fact import Right
from shared.http.bearer_keys import BearerKeys, Key, KeySetting

_SETTING = KeySetting(
    "PUBLISHER_KEYS",
    opening="{",
    example='{"shop": {"key": "<16 characters or more>", "sources": ["/shop*"], "types": ["orders.inbound.*"]}}',
)

Pattern = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^*\s]*\*?$")]
"""An exact value, or a prefix followed by `*`.

The prefix of a source ends at a boundary: `/shop*` matches `/shop` and `/shop/eu`, not `/shopping`. A prefix that ends
with a separator (`/shop-*`, `urn:shop:*`) matches every value that begins with it, and `*` alone matches everything."""


class Publisher(BaseModel):
    """A system that publishes events, and what its key may publish."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    key: Key
    sources: Annotated[tuple[Pattern, ...], Field(min_length=1)]
    types: Annotated[tuple[Pattern, ...], Field(min_length=1)] = ("*",)
    rights: tuple[Right, ...] = ()

    def owns_source(self, source: str) -> bool:
        return any(_is_source(source, pattern) for pattern in self.sources)

    def owns_type(self, type: str) -> bool:
        return any(type.startswith(one[:-1]) if one.endswith("*") else type == one for one in self.types)

    def has(self, right: Right | None) -> bool:
        """Whether this publisher has a right; None: none is needed."""
        return right is None or right in self.rights


class PublisherKeys:
    """The keys of one service. A publisher that is changing its key has two entries for a while."""

    def __init__(self, publishers: Sequence[Publisher], names: Sequence[str] = ()) -> None:
        self._publishers = publishers
        self._names = {id(one): name for one, name in zip(publishers, names, strict=False)}
        self._keys = BearerKeys([each.key for each in publishers], variable=_SETTING.variable)

    def __len__(self) -> int:
        return len(self._keys)

    @classmethod
    def read(cls, setting: SecretStr | None) -> "PublisherKeys":
        """The keys of a setting: a JSON object as `parse` takes it, or the path of a file that holds one.

        Raises InvalidKeys.
        """
        entries = _SETTING.json(setting)
        return cls(()) if entries is None else cls._of(entries)

    @classmethod
    def parse(cls, text: str) -> "PublisherKeys":
        """The keys in a JSON object: by publisher's name its key, sources and types. Raises InvalidKeys."""
        return cls._of(_SETTING.parsed(text))

    @classmethod
    def _of(cls, entries: object) -> "PublisherKeys":
        if not isinstance(entries, dict):
            raise _SETTING.invalid(f"is not {_SETTING.kind}")
        publishers = [_publisher(number, entry) for number, entry in enumerate(entries.values(), start=1)]
        return cls(publishers, [str(name) for name in entries])

    def publisher(self, authorization: str | None) -> Publisher | None:
        """The publisher whose key an Authorization header carries."""
        place = self._keys.place(authorization)
        return None if place is None else self._publishers[place]

    def name(self, publisher: Publisher) -> str | None:
        """A publisher's name in the setting, for the log."""
        return self._names.get(id(publisher))


def _publisher(number: int, entry: object) -> Publisher:
    try:
        return Publisher.model_validate(entry)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    member = str(first["loc"][0]) if first["loc"] else ""
    known = f", {member}" if member in Publisher.model_fields else ""  # a key may stand in the wrong place
    raise _SETTING.invalid(f"entry {number}{known}: {first['msg']}")


def _is_source(source: str, pattern: str) -> bool:
    if not pattern.endswith("*"):
        return source == pattern
    beginning = pattern[:-1]
    if not beginning[-1:].isalnum():  # it is empty, or ends with a separator
        return source.startswith(beginning)
    return source == beginning or source.startswith(beginning + "/")

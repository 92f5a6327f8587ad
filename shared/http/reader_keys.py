"""The systems that may read over HTTP the data otherwise shown only to signed-in people. Start at ReaderKeys."""

import hashlib
from collections.abc import Sequence

from pydantic import SecretStr, TypeAdapter, ValidationError

from shared.http.bearer_keys import BearerKeys, Key, KeySetting

_SETTING = KeySetting("READER_KEYS", opening="[", example='["<16 characters or more>"]')
_KEY = TypeAdapter[SecretStr](Key)
_COST = 2**14
"""The cost of deriving a secret from a key (scrypt, RFC 7914): about 50 ms and 16 MB."""


class ReaderKeys:
    """The readers' keys of one service. A reader that is changing its key has two for a while."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        self._keys = BearerKeys(keys, variable=_SETTING.variable)
        self._secrets = tuple(keys)

    def __len__(self) -> int:
        return len(self._keys)

    @classmethod
    def read(cls, setting: SecretStr | None) -> "ReaderKeys":
        """The keys of a setting: a JSON array of them, or the path of a file that holds one. Raises InvalidKeys."""
        entries = _SETTING.json(setting)
        if entries is None:
            return cls(())
        if not isinstance(entries, list):
            raise _SETTING.invalid(f"is not {_SETTING.kind}")
        return cls([_key(number, entry) for number, entry in enumerate(entries, start=1)])

    def knows(self, authorization: str | None) -> bool:
        """Whether an Authorization header carries one of the keys."""
        return self.place(authorization) is not None

    def place(self, authorization: str | None) -> int | None:
        """The place, from 0, of the key in an Authorization header; None if it carries none of them."""
        return self._keys.place(authorization)

    def secrets_for(self, purpose: str) -> tuple[bytes, ...]:
        """For each key, in its order, another secret for signatures of this purpose, which ends with the key.

        Others see the signatures. It is slow, so that nobody can find a key by trying which one fits a signature.
        """
        salt = purpose.encode()
        return tuple(
            hashlib.scrypt(key.get_secret_value().encode(), salt=salt, n=_COST, r=8, p=1, dklen=32)
            for key in self._secrets
        )


def _key(number: int, entry: object) -> SecretStr:
    try:
        return _KEY.validate_python(entry)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    raise _SETTING.invalid(f"entry {number}: {first['msg']}")

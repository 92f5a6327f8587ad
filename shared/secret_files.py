"""Checks the environment before settings are made from it: secrets may be in files, and an address that Kubernetes sets
for a Service is not a port."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

_SERVICE_ADDRESS = re.compile(r"(tcp|udp|sctp)://\S+")
_LARGEST = 1_000_000


def with_files(fields: Mapping[str, FieldInfo], given: dict[str, Any]) -> dict[str, Any]:
    """The values with those of `*_FILE` variables: for each secret X the variable X_FILE may name a file that holds it.

    Raises PydanticCustomError, which names each variable at fault.
    """
    faults: list[str] = []
    values = dict(given)
    for name, field in fields.items():
        variable = variable_of(name, field)
        key = variable if field.validation_alias is not None else name
        if _is_secret(field):
            try:
                text = from_file(variable, is_given=key in given)
                values |= {} if text is None else {key: text}
            except ValueError as error:
                faults.append(str(error))
        elif isinstance(value := values.get(key), str) and _SERVICE_ADDRESS.fullmatch(value):
            faults.append(_set_by_kubernetes(variable))
    if faults:
        raise PydanticCustomError("environment", "{faults}", {"faults": "\n  ".join(faults)})
    return values


def variable_of(name: str, field: FieldInfo) -> str:
    """The variable of the environment that a field of settings is read from."""
    return str(field.validation_alias or name).upper()


def _is_secret(field: FieldInfo) -> bool:
    return field.annotation is SecretStr or SecretStr in get_args(field.annotation)


def from_file(variable: str, *, is_given: bool) -> str | None:
    """The text of a secret's file, if one is named. Raises ValueError if it cannot be read, or if both are given."""
    path = os.environ.get(f"{variable}_FILE")
    if path is None:
        return None
    if is_given:
        raise ValueError(f"{variable} and {variable}_FILE are both set: remove one of them")
    try:
        with Path(path).open(encoding="utf-8") as file:
            text = file.read(_LARGEST).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{variable}_FILE: the file cannot be read ({type(error).__name__})") from None
    if not text:
        raise ValueError(f"{variable}_FILE: the file is empty")
    return text


def _set_by_kubernetes(variable: str) -> str:
    service = variable.removesuffix("_PORT").lower().replace("_", "-")
    return (
        f"{variable}: Kubernetes has set this to the address of a Service named {service}. Set `enableServiceLinks: "
        f"false` in the pod's spec, or give the Service another name, like handoff-{service}"
    )

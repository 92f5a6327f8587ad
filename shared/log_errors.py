"""What a log may say about an error: type, SQLSTATE, errno, frames. Messages stay out: they carry values."""

import errno
import re
import traceback
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parent.parent
_SQLSTATE = re.compile(r"[0-9A-Z]{5}")
_DEPTH = 5
_FRAMES = 30
_MEMBERS = 5


def describe_error(error: BaseException, depth: int = _DEPTH) -> dict[str, Any]:
    """Type, codes and frames of an error and its causes.

    `message` is there only where the error's class defines `safe_message`, promised free of received values.
    """
    described: dict[str, Any] = {"type": _type_name(error), **_codes(error)}
    message = getattr(error, "safe_message", None)
    if isinstance(message, str):
        described["message"] = message
    described["frames"] = [
        f"{place(frame.filename)}:{frame.lineno}:{frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    ]
    if depth > 1 and isinstance(error, BaseExceptionGroup):
        described["members"] = [describe_error(each, depth - 1) for each in error.exceptions[:_MEMBERS]]
    cause = _cause(error)
    if depth > 1 and cause is not None:
        described["caused_by"] = describe_error(cause, depth - 1)
    return described


def brief_error(error: BaseException) -> str:
    """An error in a few words: `asyncpg.exceptions.UniqueViolationError 23505`."""
    return " ".join([_type_name(error), *_codes(error).values()])


def scrubbed(text: str, error: BaseException | None) -> str:
    """A library's text without the message of the error it was written about."""
    for _ in range(_DEPTH):
        if error is None:
            break
        parts = {repr(error), str(error), *(part for part in error.args if isinstance(part, str))}
        for part in sorted(parts - {""}, key=len, reverse=True):
            text = text.replace(part, brief_error(error))
        error = _cause(error)
    return text


def place(filename: str) -> str:
    """A source file's name without the folders of this machine."""
    path = Path(filename)
    installed = filename.rpartition("site-packages/")[2]
    if installed != filename:
        return installed
    return str(path.relative_to(_ROOT)) if path.is_relative_to(_ROOT) else "/".join(path.parts[-2:])


def _cause(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _codes(error: BaseException) -> dict[str, str]:
    sqlstate = getattr(error, "sqlstate", None)
    codes = {}
    if isinstance(sqlstate, str) and _SQLSTATE.fullmatch(sqlstate):
        codes["sqlstate"] = sqlstate
    if isinstance(error, OSError) and error.errno is not None:
        codes["errno"] = errno.errorcode.get(error.errno, str(error.errno))
    return codes


def _type_name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"

"""The source of tokens for SASL's OAUTHBEARER: an operator's command or file, read again before a token expires."""

import asyncio
import binascii
import json
import time
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

from aiokafka.abc import AbstractTokenProvider

from shared.base64url import octets_of

COMMAND_SECONDS = 20.0
_EARLY_SECONDS = 60.0
_UNDATED_SECONDS = 60.0


class NoToken(OSError):
    """The command or the file gives no token. Carries the reason, never the output."""


class Tokens(AbstractTokenProvider):  # type: ignore[misc]
    """Gives each new connection a valid token.

    A file is read each time. A command is run again a minute before its token expires, or each minute if the token has
    no expiry.
    """

    def __init__(self, *, command: str | None = None, file: Path | None = None) -> None:
        self._command = command
        self._file = file
        self._known = ""
        self._until = 0.0
        self._asking = asyncio.Lock()

    def __repr__(self) -> str:
        return "Tokens()"

    async def token(self) -> str:
        """Raises NoToken."""
        if self._file is not None:
            return _token_in(await asyncio.to_thread(_read, self._file))
        async with self._asking:
            if time.time() >= self._until:
                self._known = _token_in(await self._run())
                self._until = _valid_until(self._known)
            return self._known

    async def _run(self) -> str:
        process = await asyncio.create_subprocess_shell(self._command or "", stdin=DEVNULL, stdout=PIPE)
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                output, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise NoToken(f"KAFKA_TOKEN_COMMAND did not end within {COMMAND_SECONDS:g} s") from None
        if process.returncode:
            raise NoToken(f"KAFKA_TOKEN_COMMAND ended with status {process.returncode}")
        return output.decode(errors="replace")


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8", errors="replace")
    except OSError as error:
        raise NoToken(f"KAFKA_TOKEN_FILE cannot be read ({type(error).__name__})") from None


def _token_in(text: str) -> str:
    token = text.strip()
    if not token or not token.isascii() or any(part.isspace() for part in token):
        raise NoToken("KAFKA_TOKEN_COMMAND or KAFKA_TOKEN_FILE must give the token alone, on one line")
    return token


def _valid_until(token: str) -> float:
    """The expiry by the claim `exp` of a JSON web token (RFC 7519), in Unix time."""
    now = time.time()
    try:
        claims = token.split(".")[1]
        expires = json.loads(octets_of(claims))["exp"]
        return max(float(expires) - _EARLY_SECONDS, now + 1)
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return now + _UNDATED_SECONDS

"""Policy documents in files, as commands read them: with the line of every mistake."""

from pathlib import Path

from services.cli.terminal import printable, stop_with
from services.escalation.domain.policy.document import read
from services.escalation.domain.policy.errors import PolicyErrors
from services.escalation.domain.policy.model import Policy


def text_of(file: Path) -> str:
    """The text of a file. Ends the command if it cannot be read."""
    try:
        return file.read_text("utf-8-sig")
    except OSError as error:
        raise stop_with(f"{printable(file)} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise stop_with(f"{printable(file)}: line {line}: this is not UTF-8 text.") from None


def policy_in(file: Path, text: str) -> Policy:
    """The policy of a document. Ends the command with a line for each mistake."""
    try:
        return read(text)
    except PolicyErrors as errors:
        lines = (printable(f"{file}: {error}") for error in errors.errors)
        raise stop_with("\n".join(lines)) from None

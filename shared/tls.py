"""The trusted certificates and this process's own, for outgoing connections, and the errors of such connections."""

import ssl
from pathlib import Path
from typing import TypeVar

E = TypeVar("E", bound=BaseException)


def trusting(ca_file: Path | None, variable: str) -> ssl.SSLContext:
    """A context that trusts this file's authorities; without one those of the system, or of SSL_CERT_FILE.

    Raises ValueError, which names the variable, where the file holds none.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"{variable}: {_wrong(error, 'PEM certificates')}") from None


def show_certificate(context: ssl.SSLContext, certificate: Path, key: Path | None, *, password: str | None) -> None:
    """Have a context show the certificate of this file; the key may stand in the same. Raises ValueError."""
    try:
        context.load_cert_chain(certificate, key, password=lambda: password or "")
    except (OSError, ssl.SSLError) as error:
        variables = "KAFKA_CERTIFICATE_FILE and KAFKA_KEY_FILE"
        raise ValueError(f"{variables}: {_wrong(error, 'a PEM certificate and its key')}") from None


def error_within(error: BaseException | None, kind: type[E]) -> E | None:
    """The error of this kind among an error and its causes: libraries wrap the errors of a TLS connection."""
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error


def _wrong(error: OSError, wanted: str) -> str:
    if isinstance(error, ssl.SSLError):
        return f"the file must hold {wanted} ({error.reason or type(error).__name__})"
    return f"the file cannot be read ({type(error).__name__}); it must hold {wanted}"

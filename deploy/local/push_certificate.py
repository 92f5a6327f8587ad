"""The certificate of the push receiver, from an authority of its own. Start at issued."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy.local.files import closed_to_others, opened_for_owner
from deploy.local.ports import LOOPBACK

_VALID_FOR = timedelta(days=365)
_RENEWED_BEFORE_END = timedelta(days=30)
_SIGNS = x509.KeyUsage(
    digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
    data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
)  # fmt: skip


@dataclass(frozen=True)
class Issued:
    """`authority` is what clients trust; `server` holds the server's key and its certificate. Both are PEM files."""

    authority: Path
    server: Path


def issued(folder: Path) -> Issued:
    """The certificate of this folder, made anew if there is none that lasts for another month."""
    closed_to_others(folder)
    made = Issued(folder / "authority.pem", folder / "server.pem")
    now = datetime.now(UTC)
    if not (made.server.is_file() and _lasts(made.authority, now + _RENEWED_BEFORE_END)):
        _make(made, now)
    return made


def _lasts(file: Path, until: datetime) -> bool:
    try:
        return x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc > until
    except (OSError, ValueError):
        return False


def _make(files: Issued, now: datetime) -> None:
    authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority_name = x509.Name.from_rfc4514_string("CN=push receiver of handoff up")
    identifier = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    authority = (
        _certificate(authority_name, authority_name, authority_key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_SIGNS, critical=True)
        .add_extension(identifier, critical=False)
        .sign(authority_key, SHA256())
    )
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(LOOPBACK))]
    server = (
        _certificate(x509.Name.from_rfc4514_string(f"CN={LOOPBACK}"), authority_name, server_key, now)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(authority_key, SHA256())
    )
    key = server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(files.server, key + server.public_bytes(Encoding.PEM))
    _write(files.authority, authority.public_bytes(Encoding.PEM))


def _certificate(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID_FOR)
    )


def _write(path: Path, content: bytes) -> None:
    with open(path, "wb", opener=opened_for_owner) as file:
        file.write(content)

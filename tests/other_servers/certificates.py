"""A certificate authority of a test's own, made by this machine's `openssl`; skips if there is none."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.other_servers.addresses import ELSEWHERE


@dataclass(frozen=True)
class Issued:
    """A certificate with its key, each in a PEM file, and both in one."""

    certificate: Path
    key: Path
    both: Path


class Authority:
    """Signs certificates; `file` is the one that its clients have to trust."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("no openssl on this machine: certificates cannot be made")
        self._folder = folder
        self.file = folder / "ca.pem"
        self._key = folder / "ca.key"
        _openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
            *("-subj", "/CN=authority of a test", "-addext", "basicConstraints=critical,CA:TRUE"),
            *("-keyout", str(self._key), "-out", str(self.file)),
        )

    def issue(self, name: str) -> Issued:
        """Issue a certificate for a client of this name, or for a server at any of the tests' addresses."""
        key, request, certificate = (self._folder / f"{name}.{kind}" for kind in ("key", "csr", "pem"))
        _openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}"),
            *("-keyout", str(key), "-out", str(request)),
        )
        names = self._folder / "names.cnf"
        names.write_text(f"subjectAltName=IP:127.0.0.1,IP:{ELSEWHERE},DNS:localhost\n")
        _openssl(
            *("x509", "-req", "-in", str(request), "-CA", str(self.file), "-CAkey", str(self._key)),
            *("-CAcreateserial", "-days", "2", "-extfile", str(names), "-out", str(certificate)),
        )
        both = self._folder / f"{name}.both.pem"
        both.write_text(key.read_text() + certificate.read_text())
        return Issued(certificate, key, both)


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)

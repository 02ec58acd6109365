"""A certificate for localhost that only a test trusts."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.programs import require


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, as files; the certificate is its own authority."""

    file: Path
    key: Path


def make_certificate(directory: Path) -> Certificate:
    """Make a certificate for localhost."""
    require("openssl", package="openssl")
    certificate = Certificate(directory / "localhost.pem", directory / "localhost.key")
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(certificate.key), "-out", str(certificate.file)]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject, *files],
        check=True,
        capture_output=True,
    )
    return certificate

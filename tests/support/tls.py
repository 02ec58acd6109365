"""Certificates that only a test trusts."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.programs import require

NAMES = "DNS:localhost,DNS:voice.example"


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, as files; the certificate is its own authority."""

    file: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    """A private authority, and what it issued.

    Attributes:
        file: Its certificate.
        folder: A directory of authorities, as `openssl rehash` prepares it, with this one in it.
        issued: The certificate of a server, for `localhost` and `voice.example`.
    """

    file: Path
    folder: Path
    issued: Certificate


def make_certificate(directory: Path, name: str = "localhost") -> Certificate:
    """Make a certificate for a name."""
    certificate = Certificate(directory / f"{name}.pem", directory / f"{name}.key")
    names = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}")
    _openssl("req", "-x509", *_new_key(certificate), *names)
    return certificate


def make_authority(directory: Path) -> Authority:
    """Make an authority, and a certificate that it issued."""
    folder = directory / "authorities"
    folder.mkdir()
    own = Certificate(folder / "authority.pem", directory / "authority.key")
    issued = Certificate(directory / "issued.pem", directory / "issued.key")
    _openssl("req", "-x509", *_new_key(own), "-subj", "/CN=Test authority")
    signed = ("-CA", str(own.file), "-CAkey", str(own.key))
    extensions = ("-addext", f"subjectAltName={NAMES}", "-addext", "basicConstraints=critical,CA:FALSE")
    _openssl("req", "-x509", *signed, *_new_key(issued), "-subj", "/CN=localhost", *extensions)
    _openssl("rehash", str(folder))
    return Authority(own.file, folder, issued)


def _new_key(certificate: Certificate) -> tuple[str, ...]:
    files = ("-keyout", str(certificate.key), "-out", str(certificate.file))
    return ("-newkey", "rsa:2048", "-nodes", "-days", "1", *files)


def _openssl(*arguments: str) -> None:
    require("openssl", package="openssl")
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)

"""Which certificates of servers are trusted: one answer, for HTTP calls and WebSockets alike."""

import os
import re
import ssl
import sys
from functools import lru_cache
from pathlib import Path

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.language import _

_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")


def trust() -> ssl.SSLContext:
    """Return what verifies a server: the system's authorities, and those that the environment names.

    Reads files the first time; from then on the same is returned until the environment changes.

    Raises:
        VoicechatError: `bad_setting` if `SSL_CERT_FILE` names what has no certificates.
    """
    return _trust(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@lru_cache(maxsize=1)
def _trust(file: str | None, directory: str | None) -> ssl.SSLContext:
    if sys.platform in ("win32", "darwin"):
        import truststore

        # The system verifies, with all that people and companies have added to it.
        context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        for folder in (directory or "").split(os.pathsep):
            for certificate in _certificates(Path(folder)):
                context.load_verify_locations(certificate)
    else:
        # OpenSSL reads the variables itself, and so it does in every other program.
        context = ssl.create_default_context()
        # Newer versions of Python refuse certificates of home-made authorities for what they leave out, and
        # older ones an authority in between; each other program on the machine takes both.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        if not _has_authorities():
            import certifi

            context.load_verify_locations(certifi.where())
    if file:
        _load(context, file)
    return context


def _has_authorities() -> bool:
    """Tell whether OpenSSL finds authorities where this system keeps them; small images have none."""
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile) or (bool(paths.capath) and bool(_certificates(Path(paths.capath))))


def _certificates(folder: Path) -> list[Path]:
    """Return the certificates of a folder that `openssl rehash` has prepared."""
    return [path for path in folder.glob("*.*") if _HASHED.fullmatch(path.name)]


def _load(context: ssl.SSLContext, file: str) -> None:
    try:
        context.load_verify_locations(file)
    except ssl.SSLError as error:
        raise _no_certificates(file, _("there is no certificate in it")) from error
    except OSError as error:
        raise _no_certificates(file, error.strerror or str(error)) from error


def _no_certificates(file: str, reason: str) -> VoicechatError:
    return VoicechatError(
        ErrorCode.BAD_SETTING,
        _("SSL_CERT_FILE names {path}, which can't be used: {reason}.", path=file, reason=reason),
        _("Name a file of certificates in PEM format, or unset the variable."),
    )

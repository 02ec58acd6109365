"""What it means when no connection comes about, or something else answers: one reading for both libraries."""

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from http import HTTPStatus

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.heard import heard_body
from voicechat_common.protocol.http import ErrorBody
from voicechat_common.retry_after import seconds_of
from voicechat_tui.client.connection import failures
from voicechat_tui.client.connection.route import Route
from voicechat_tui.language import _

_PASSING = frozenset({408, 425, 429})
_LASTING_FAULTS = frozenset({501, 505, 511})
_TALKS_PLAIN = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST")
_LOCKED = re.compile("auth|password|allowed", re.IGNORECASE)
"""Words of both libraries for what a SOCKS proxy refuses until something is changed."""
_ALERTS = ("\x15\x03", r"\x15\x03", "illegal request line")
"""How a server that speaks TLS only begins to answer what is none: as it is, quoted, and in h11's words."""
_REDIRECTS = frozenset({301, 302, 307, 308})
"""Statuses that say where the server is; 303 would say where to read an answer instead."""


def redirect_of(status: int, headers: Mapping[str, str]) -> str | None:
    """Return where an answer sends the one who asked, if it does."""
    return headers.get("Location") if status in _REDIRECTS else None


def of_answer(
    route: Route, status: int, headers: Mapping[str, str], body: bytes | bytearray, *, for_socket: bool
) -> VoicechatError:
    """Return what an answer other than the one that was wanted means.

    Args:
        route: The way it came.
        status: Its HTTP status.
        headers: Its headers; their names are found in any case.
        body: Its body.
        for_socket: Whether a WebSocket was to be opened.
    """
    try:
        said = heard_body(ErrorBody, body).error
    except ValueError:
        said = None
    # A voicechat server takes every handshake to an end of its own; what it answers was none when it came.
    if for_socket and (
        status == HTTPStatus.UPGRADE_REQUIRED or (said is not None and said.code == ErrorCode.NOT_FOUND)
    ):
        return failures.no_upgrade(route.url, status)
    if said is None:
        return _of_status(route, status, headers, body)
    return failures.told_by_server(said, route.server)


def of_proxy(route: Route, status: int, headers: Mapping[str, str]) -> VoicechatError:
    """Return what it means that a proxy answered a request to connect with an error."""
    return _of_status(route, status, headers, b"")


def of_socks(route: Route, words: str) -> VoicechatError:
    """Return what it means that a SOCKS proxy opened no connection.

    Args:
        route: The way that was tried.
        words: What the library says of it.
    """
    reason = _("the proxy did not open a connection ({reason})", reason=words.rstrip("."))
    if _LOCKED.search(words):
        return failures.no_access(route.url, reason, route.proxy)
    return failures.unreachable(route.url, reason, route.proxy)


def _of_status(
    route: Route, status: int, headers: Mapping[str, str], body: bytes | bytearray
) -> VoicechatError:
    url, proxy = route.url, route.proxy
    if status in _PASSING or (status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in _LASTING_FAULTS):
        return failures.unavailable(url, status, proxy, seconds_of(headers.get("Retry-After")))
    if status == HTTPStatus.UNAUTHORIZED:
        return failures.login_wanted(url, proxy, was_given=route.has_login)
    if status == HTTPStatus.FORBIDDEN:
        return failures.forbidden(url, proxy)
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return failures.proxy_login_wanted(url, proxy)
    if status == HTTPStatus.BAD_REQUEST and b"HTTPS" in body and not route.is_secure:
        return failures.speaks_only_tls(url)
    return failures.not_voicechat(url, _("the answer was HTTP {status}", status=status), proxy)


def of_failure(route: Route, error: Exception, within_s: float) -> VoicechatError:
    """Return what it means that no connection came about, or that it broke before there was an answer.

    Args:
        route: The way that was tried.
        error: What the library raised; its causes have the reason.
        within_s: How long was waited.
    """
    url, proxy = route.url, route.proxy
    causes = list(_causes(error))
    for kind in (ssl.SSLError, socket.gaierror, ConnectionRefusedError, TimeoutError, OSError, EOFError):
        found = next((cause for cause in causes if isinstance(cause, kind)), None)
        if isinstance(found, ssl.SSLError):
            return _of_tls(route, found)
        if isinstance(found, TimeoutError):
            reason = _("it did not answer in time ({seconds:g} s)", seconds=within_s)
            return failures.unreachable(url, reason, proxy)
        if isinstance(found, ConnectionError | EOFError) and not _is_refusal(found):
            return failures.hung_up(url, proxy)
        if isinstance(found, OSError):
            # Nothing but the proxy itself was connected to, if there is one.
            if proxy is None:
                return failures.unreachable(url, _network_reason(found))
            return failures.proxy_unreachable(url, proxy, _proxy_reason(found))
    if any(alert in str(cause) for cause in causes for alert in _ALERTS) and not route.is_secure:
        return failures.speaks_only_tls(url)
    return failures.not_voicechat(url, _("the answer was not HTTP"), proxy)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error with all that led to it; the contexts have what the libraries cut off."""
    yield error
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _causes(part)
    if (cause := error.__cause__ or error.__context__) is not None:
        yield from _causes(cause)


def _is_refusal(error: BaseException) -> bool:
    # Where several addresses were tried, only the words are left.
    return isinstance(error, ConnectionRefusedError) or "Connect call failed" in str(error)


def _network_reason(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return _("its name can't be resolved ({reason})", reason=_words(error))
    return _("nothing listens there (connection refused)") if _is_refusal(error) else _words(error)


def _proxy_reason(error: OSError) -> str:
    # Where there is little room this alone is shown, and must not be taken for the server's.
    if isinstance(error, socket.gaierror):
        return _("the proxy's name can't be resolved ({reason})", reason=_words(error))
    if _is_refusal(error):
        return _("nothing listens where the proxy should be (connection refused)")
    return _("the proxy can't be reached ({reason})", reason=_words(error))


def _words(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).rstrip(".")


def _of_tls(route: Route, error: ssl.SSLError) -> VoicechatError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return failures.not_trusted(route.url, route.proxy, error.verify_message, error.verify_code)
    if error.reason in _TALKS_PLAIN:
        return failures.speaks_no_tls(route.url, route.proxy)
    if isinstance(error, ssl.SSLEOFError):
        return failures.hung_up(route.url, route.proxy)
    words = (error.reason or str(error)).lower().replace("_", " ")
    return failures.not_voicechat(route.url, _("TLS failed ({reason})", reason=words), route.proxy)

"""Opening a WebSocket, with every way this can fail told in words."""

import ssl
from ipaddress import ip_address
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    InvalidURI,
    WebSocketException,
)

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.client import failures
from voicechat_tui.language import _

_CLOSE_S = 2.0
_PASSING_STATUS = frozenset({429, 502, 503, 504})


async def open_socket(url: str, timeout_s: float) -> ClientConnection:
    """Return an open WebSocket.

    Args:
        url: The WebSocket URL.
        timeout_s: The longest the handshake may take.

    Raises:
        VoicechatError: `server_unreachable` if it may be reached later, else `protocol_mismatch`.
    """
    try:
        return await connect(
            url,
            compression=None,  # PCM and short texts do not shrink, it only costs time.
            # The library takes a server that reads nothing for a while for dead; the cores know better.
            ping_interval=None,
            open_timeout=timeout_s,
            close_timeout=_CLOSE_S,
            proxy=None if is_this_machine(url) else True,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        if status in _PASSING_STATUS:
            raise failures.unreachable(url, _("it answered HTTP {status}", status=status)) from error
        raise failures.not_voicechat(url, _("the answer was HTTP {status}", status=status)) from error
    except TimeoutError as error:
        raise failures.unreachable(url, _("no answer within {seconds:g} s", seconds=timeout_s)) from error
    except ssl.SSLCertVerificationError as error:
        raise failures.not_voicechat(
            url, _("its certificate is not trusted ({reason})", reason=error.verify_message)
        ) from error
    except ssl.SSLError as error:
        raise failures.not_voicechat(url, _("it does not speak TLS; write ws:// for wss://")) from error
    except OSError as error:
        raise failures.unreachable(url, _reason(error)) from error
    except InvalidMessage as error:
        if isinstance(error.__cause__, EOFError):
            raise failures.unreachable(url, _("it closed the connection at once")) from error
        raise failures.not_voicechat(url, _("the answer was no HTTP")) from error
    except (InvalidURI, ValueError) as error:
        # Also what a server redirects to; for some of it the library raises plain ValueErrors.
        raise failures.not_voicechat(url, _("this is no WebSocket address")) from error
    except InvalidHandshake as error:
        raise failures.not_voicechat(url, str(error)) from error
    except ImportError as error:
        raise VoicechatError(
            ErrorCode.MISSING_DEPENDENCY,
            _("The environment names a SOCKS proxy, and the package python-socks is not installed."),
            _("Install python-socks, or unset the proxy for this address with NO_PROXY."),
        ) from error
    except WebSocketException as error:
        raise failures.unreachable(url, str(error)) from error


def is_this_machine(url: str) -> bool:
    """Tell whether an address is local: proxies of the environment lead away from it."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _reason(error: OSError) -> str:
    """Return the system's words for an error, also where several addresses were tried."""
    if isinstance(error, ConnectionRefusedError) or "Connect call failed" in str(error):
        return _("nothing listens there (connection refused)")
    if isinstance(error, ConnectionError):
        return _("it closed the connection at once")
    return (error.strerror or str(error) or type(error).__name__).rstrip(".")

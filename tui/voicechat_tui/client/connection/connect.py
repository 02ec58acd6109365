"""Opening a WebSocket, with an error in words for every way this can fail."""

import asyncio
import re
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    InvalidHandshake,
    InvalidMessage,
    InvalidProxyMessage,
    InvalidProxyStatus,
    InvalidStatus,
    InvalidURI,
    ProxyError,
)
from websockets.http11 import Response

from voicechat_common.errors import VoicechatError
from voicechat_tui.client.connection import failures, verdicts
from voicechat_tui.client.connection.route import MOST_REDIRECTS, Route, redirected, route_to
from voicechat_tui.language import _

_CLOSE_S = 2.0
_STATUS_LINE = re.compile(r"HTTP/1\.[01] (?P<status>\d{3})\b")
"""What the library quotes of an answer that it can't read, as it is in HTTP/1.0 or has no words."""
_TLS_WANTED = "HTTP/1.0 400"
"""What servers in Go, Caddy among them, answer on a port of TLS; the words behind it are lost."""


class _Connect(connect):
    """The library's way to connect, without its own way to follow redirects."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Leave redirects to the caller, who treats them as those of HTTP calls."""
        return exc


async def open_socket(url: str, timeout_s: float) -> ClientConnection:
    """Return an open WebSocket.

    Args:
        url: The WebSocket URL.
        timeout_s: The longest all of it may take.

    Raises:
        VoicechatError: `server_unreachable` if it may be reached later; `no_access` if something on the way
            lets nobody in, `protocol_mismatch` if something else answers, `bad_setting` if the environment
            names what can't be used; or what the server itself says.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    target = url
    for _redirect in range(MOST_REDIRECTS):
        route = await route_to(target, first=url)
        try:
            return await _open(route, max(0.0, deadline - loop.time()))
        except InvalidStatus as error:
            status, headers = error.response.status_code, _headers(error.response)
            location = verdicts.redirect_of(status, headers)
            if location is None:
                raise verdicts.of_answer(
                    route, status, headers, error.response.body, for_socket=True
                ) from error
            target = redirected(target, location)
        except (OSError, EOFError, InvalidHandshake, InvalidURI, ValueError, ImportError) as error:
            raise _failure(route, error, timeout_s) from error
    raise failures.too_many_redirects(url, MOST_REDIRECTS)


async def _open(route: Route, timeout_s: float) -> ClientConnection:
    # The library refuses a TLS context where nothing speaks TLS.
    tls: dict[str, Any] = {"ssl": route.trust} if route.is_secure else {}
    if route.proxy is not None and route.proxy.startswith("https:"):
        tls["proxy_ssl"] = route.trust
    return await _Connect(
        route.target,
        compression=None,  # PCM and short texts do not shrink, it only costs time.
        # The library would give up a server that reads nothing for a while; the cores know better.
        ping_interval=None,
        open_timeout=timeout_s,
        close_timeout=_CLOSE_S,
        proxy=route.proxy,
        additional_headers=route.headers,
        **tls,
    )


def _headers(answer: Response) -> dict[str, str]:
    """Return headers by their usual names; the library's own look-up fails at one that came twice."""
    return {name.title(): value for name, value in answer.headers.raw_items()}


def _failure(route: Route, error: Exception, within_s: float) -> VoicechatError:
    """Return what an error of the library means."""
    match error:
        case InvalidProxyStatus():
            return verdicts.of_proxy(route, error.response.status_code, _headers(error.response))
        case ProxyError() if not isinstance(error, InvalidProxyMessage):
            return verdicts.of_socks(route, str(error.__cause__ or error))
        case InvalidMessage() if line := _STATUS_LINE.search(str(error.__cause__)):
            if line[0] == _TLS_WANTED and not route.is_secure:
                return failures.speaks_only_tls(route.url)
            return verdicts.of_answer(route, int(line["status"]), {}, b"", for_socket=True)
        case InvalidHandshake() if not isinstance(error, InvalidMessage | InvalidProxyMessage):
            return failures.not_voicechat(route.url, str(error), route.proxy)
        case InvalidURI():
            return failures.not_voicechat(route.url, _("this is not a WebSocket address"))
        case ImportError():
            return failures.no_socks()
        case _:
            return verdicts.of_failure(route, error, within_s)

"""The way to a server: asked for by HTTP calls and WebSockets alike, so that both take the same."""

import asyncio
import ssl
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from voicechat_tui.client.connection import failures
from voicechat_tui.client.connection.address import as_http, as_socket, ascii_url
from voicechat_tui.client.connection.proxies import proxy_for
from voicechat_tui.client.connection.trust import trust
from voicechat_tui.language import _
from voicechat_tui.redaction import without_login

MOST_REDIRECTS = 10
_SECURE = ("https", "wss")


@dataclass(frozen=True)
class Route:
    """One way to a server.

    Attributes:
        url: Where to, as people write it; it may have a login.
        target: What is asked there, with a host that name servers know.
        proxy: The address of the proxy on the way, with its login, or None.
        trust: What verifies the server, and a proxy that speaks TLS; None where nothing speaks it.
    """

    url: str
    target: str
    proxy: str | None
    trust: ssl.SSLContext | None

    @property
    def is_secure(self) -> bool:
        """Whether the server speaks TLS."""
        return urlsplit(self.target).scheme in _SECURE

    @property
    def has_login(self) -> bool:
        """Whether the address has a user and a password."""
        return urlsplit(self.target).username is not None


async def route_to(url: str, told: str | None = None) -> Route:
    """Return the way to a server.

    Args:
        url: What is to be asked.
        told: What people are told was asked, where that is another address.

    Raises:
        VoicechatError: `bad_setting` if the environment names a proxy or authorities that can't be used, or
            the host can't be one.
    """
    # Reading the system's authorities, and some systems' own settings of proxies, takes a while.
    return await asyncio.to_thread(_route, ascii_url(url), told or url)


def _route(target: str, told: str) -> Route:
    proxy = proxy_for(target)
    speaks_tls = urlsplit(target).scheme in _SECURE or (proxy or "").startswith("https:")
    return Route(told, target, proxy, trust() if speaks_tls else None)


def redirected(url: str, location: str) -> str:
    """Return where a server sends a request that was meant for `url`, with the scheme for the same use.

    A login goes along to the same host only, and never out of TLS.

    Args:
        url: What was asked.
        location: What the server answered, which may be relative.

    Raises:
        VoicechatError: `protocol_mismatch` if nobody should go there.
    """
    old = urlsplit(url)
    is_socket = old.scheme in ("ws", "wss")
    try:
        joined = urljoin(as_http(without_login(url)), location)
        target = as_socket(joined) if is_socket else as_http(joined)
        new = urlsplit(target)
        is_address = new.scheme in (("ws", "wss") if is_socket else ("http", "https"))
        # Nobody learns a login from a redirect.
        is_address = is_address and bool(new.hostname) and new.port != 0 and "@" not in new.netloc
    except ValueError:
        is_address, new = False, old
    if not is_address:
        kind = _("this is not a WebSocket address") if is_socket else _("this is not an HTTP address")
        raise failures.bad_redirect(url, location, kind)
    if old.scheme in _SECURE and new.scheme not in _SECURE:
        raise failures.bad_redirect(url, location, _("this has no TLS"))
    login = old.netloc.rpartition("@")[0]
    if login and _may_know_login(old, new):
        new = new._replace(netloc=f"{login}@{new.netloc}")
    return urlunsplit(new._replace(fragment=""))


def _may_know_login(old: SplitResult, new: SplitResult) -> bool:
    is_same_place = (old.scheme, _port(old)) == (new.scheme, _port(new))
    return old.hostname == new.hostname and (is_same_place or new.scheme in _SECURE)


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme in _SECURE else 80)

"""The way to a server: asked for by HTTP calls and WebSockets alike, so that both take the same."""

import asyncio
import ssl
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from voicechat_tui.client.connection import failures
from voicechat_tui.client.connection.address import as_http, as_socket, ascii_url, server_name
from voicechat_tui.client.connection.proxies import proxy_for
from voicechat_tui.client.connection.trust import trust
from voicechat_tui.identity.kept import token_for
from voicechat_tui.identity.own_token import own_token
from voicechat_tui.identity.place import may_follow
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
        token: What says there who the person is, or None.
    """

    url: str
    target: str
    proxy: str | None
    trust: ssl.SSLContext | None
    token: str | None = field(default=None, repr=False)

    @property
    def server(self) -> str:
        """The server itself, without a login: what people log in to."""
        return server_name(self.url)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that go this way with every request."""
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}

    @property
    def is_secure(self) -> bool:
        """Whether the server speaks TLS."""
        return urlsplit(self.target).scheme in _SECURE

    @property
    def has_login(self) -> bool:
        """Whether the address has a user and a password."""
        return urlsplit(self.target).username is not None


async def route_to(
    url: str, told: str | None = None, *, first: str | None = None, token: str | None = None
) -> Route:
    """Return the way to a server.

    Args:
        url: What is to be asked.
        told: What people are told was asked, where that is another address.
        first: What was asked first, where redirects led here from another address.
        token: Says who the person is, instead of the token of the environment or the one that is kept.

    Raises:
        VoicechatError: `bad_setting` if the environment names a proxy, authorities or a token that can't be
            used, or the host can't be one; `unauthorized` if the keyring that has the token can't be read.
    """
    target = ascii_url(url)
    # Reading the system's authorities, and some systems' own settings of proxies, takes a while.
    return await asyncio.to_thread(_route, target, told or url, ascii_url(first or url), token)


def _route(target: str, told: str, first: str, token: str | None) -> Route:
    proxy = proxy_for(target)
    is_secure = urlsplit(target).scheme in _SECURE
    speaks_tls = is_secure or (proxy or "").startswith("https:")
    return Route(told, target, proxy, trust() if speaks_tls else None, _token(target, first, token))


def _token(target: str, first: str, given: str | None) -> str | None:
    """Return the token to present, which nobody else may get: a redirect may lead anywhere."""
    if urlsplit(target).username is not None:
        # There is one header for both, and this is for what stands before the server.
        return None
    if (own := given or own_token()) is not None:
        return own if may_follow(first, target) else None
    return token_for(target)


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

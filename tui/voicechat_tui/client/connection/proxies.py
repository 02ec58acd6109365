"""Which proxy leads to a server: one decision, for HTTP calls and WebSockets alike."""

import re
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.language import _
from voicechat_tui.redaction import shown

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_SOCKS = "socks5h"
"""The kind of SOCKS proxy that looks up the name of the server itself, as the others do."""


def proxy_for(url: str) -> str | None:
    """Return the address of the proxy that leads to a server, with its login, or None for the direct way.

    The environment names proxies as for every program: `HTTP_PROXY` for plain addresses, `HTTPS_PROXY` for
    those with TLS, `ALL_PROXY` for both, `NO_PROXY` for hosts that need none, each in capitals or not; on
    Windows and macOS, the system's own settings do where it names none. This machine is never behind a proxy.

    Args:
        url: An address of the server, of a WebSocket or not.

    Raises:
        VoicechatError: `bad_setting` if what is named can't be a proxy.
    """
    parts = urlsplit(url)
    is_secure = parts.scheme in ("https", "wss")
    proxies = getproxies()
    if is_this_machine(url) or _is_excepted(parts, is_secure=is_secure, listed=proxies.get("no", "")):
        return None
    for kind in ("https" if is_secure else "http", "all", "socks"):
        if named := proxies.get(kind):
            return _completed(named, "socks" if kind == "socks" else "http")
    return None


def is_this_machine(url: str) -> bool:
    """Tell whether an address is local: proxies of the environment lead away from it."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _is_excepted(parts: SplitResult, *, is_secure: bool, listed: str) -> bool:
    """Tell whether a host is to be reached without a proxy."""
    host = parts.hostname or ""
    if proxy_bypass(f"{host}:{parts.port or (443 if is_secure else 80)}"):
        return True
    # The library knows names, suffixes and ports, and neither networks nor lists with a space between.
    entries = [entry for entry in re.split(r"[\s,]+", listed) if entry]
    return any(entry == "*" or _is_in_network(host, entry) or _is_under(host, entry) for entry in entries)


def _is_in_network(host: str, network: str) -> bool:
    try:
        return ip_address(host) in ip_network(network.strip("[]"), strict=False)
    except ValueError:
        return False


def _is_under(host: str, name: str) -> bool:
    suffix = name.lower().removeprefix("*").lstrip(".")
    return bool(suffix) and (host == suffix or host.endswith("." + suffix))


def _completed(named: str, usual_scheme: str) -> str:
    """Return a proxy's address as both libraries take it: with a scheme, a port and nothing behind."""
    try:
        parts = urlsplit(named if "://" in named else f"{usual_scheme}://{named}")
        # What the systems' settings, and GNOME, call "socks" is SOCKS 5.
        scheme = _SOCKS if parts.scheme == "socks" or usual_scheme == "socks" else parts.scheme
        usual_port = _PORTS.get(scheme)
        host, port = parts.hostname, parts.port or usual_port
        if not host or usual_port is None:
            raise _no_proxy(named)
    except ValueError as error:
        raise _no_proxy(named) from error
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if parts.username is not None:
        login = parts.netloc.rpartition("@")[0]
        name, _colon, password = login.partition(":")
        place = f"{quote(name, safe='%')}:{quote(password, safe='%')}@{place}"
    return urlunsplit((scheme, place, "", "", ""))


def _no_proxy(named: str) -> VoicechatError:
    return VoicechatError(
        ErrorCode.BAD_SETTING,
        _(
            "{proxy}, which this machine's settings name as a proxy, can't be used as one.",
            proxy=repr(shown(named)),
        ),
        _(
            "Correct HTTP_PROXY, HTTPS_PROXY or ALL_PROXY: http://proxy:3128 or socks5://proxy:1080; "
            "SOCKS 4 can't be used."
        ),
    )

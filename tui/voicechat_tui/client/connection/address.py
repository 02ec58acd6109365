"""Addresses of servers, as people write them."""

import re
from urllib.parse import SplitResult, unquote, urlencode, urlsplit, urlunsplit

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.chat import ChatQuery
from voicechat_tui.language import _
from voicechat_tui.redaction import HIDDEN, login_of, shown, without_login

DEFAULT_URL = "ws://127.0.0.1:8000/ws"
SPEECH_PATH = "/ws"
CHAT_PATH = "/chatting"
_SOCKET = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_HTTP = {"ws": "http", "wss": "https"}

_NOT_IN_ADDRESSES = re.compile(r"[\s\x00-\x1f\x7f\\<>\"`{|}^]")
_NOT_IN_HOSTS = re.compile(r"[!$&'()*+,;=]")


def speech_url(address: str) -> str:
    """Return the URL of the speech socket for what a person may write.

    That is `host:port` or an HTTP address, with the path under which a proxy has the server, or the URL of
    one of its sockets. What has a query is the URL itself, whatever its path.

    Raises:
        VoicechatError: `bad_setting` if it is not an address.
    """
    parts = _parts(address)
    is_whole = bool(parts.query) and parts.path not in ("", "/") and not parts.path.endswith(CHAT_PATH)
    path = parts.path if is_whole else _base_path(parts) + SPEECH_PATH
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def server_url(address: str) -> str:
    """Return the HTTP URL under which all calls of a server are, without a slash at its end.

    Args:
        address: As for `speech_url`; the paths of the sockets are left out, so that one address serves all.

    Raises:
        VoicechatError: `bad_setting` if it is not an address.
    """
    parts = _parts(address)
    return urlunsplit((_HTTP[parts.scheme], parts.netloc, _base_path(parts), "", ""))


def chat_url(address: str, query: ChatQuery | None) -> str:
    """Return the URL of a chat's socket.

    Args:
        address: As for `server_url`.
        query: Which chat, who, and what they have already; None for the socket alone, which lets nobody in.

    Raises:
        VoicechatError: `bad_setting` if it is not an address.
    """
    parts = _parts(address)
    return urlunsplit(
        (
            parts.scheme,
            parts.netloc,
            _base_path(parts) + CHAT_PATH,
            "" if query is None else urlencode(query.model_dump(exclude_none=True)),
            "",
        )
    )


def server_name(address: str) -> str:
    """Return what a server is known by on this machine: its `server_url` without the login.

    It stays the same server when somebody changes the password.

    Raises:
        VoicechatError: `bad_setting` if it is not an address.
    """
    return without_login(server_url(address))


def unhidden(written: str, before: str) -> str:
    """Return an address that was written over a shown one, with the login that was hidden in that.

    Args:
        written: What a person made of `shown(before)`.
        before: The address with its secrets.

    Raises:
        VoicechatError: `bad_setting` if it can't be put back: a login is for its own server alone.
    """
    if written == shown(before):
        return before
    if HIDDEN not in written:
        return written
    whole = written.replace(f"{HIDDEN}@", login_of(before), 1)
    if HIDDEN in whole or _origin(whole) != _origin(before):
        raise VoicechatError(
            ErrorCode.BAD_SETTING,
            _("{hidden} stands for what only the server before may know.", hidden=HIDDEN),
            _("Enter it again, or leave it out."),
        )
    return whole


def _origin(address: str) -> tuple[str, str | None, int | None]:
    parts = _parts(address)
    return parts.scheme, parts.hostname, parts.port


def as_http(url: str) -> str:
    """Return the HTTP URL for the same place as a WebSocket URL; any other is left as it is."""
    return _with_scheme(url, _HTTP)


def as_socket(url: str) -> str:
    """Return the WebSocket URL for the same place as an HTTP URL; any other is left as it is."""
    return _with_scheme(url, _SOCKET)


def ascii_url(url: str) -> str:
    """Return a URL with its host as name servers know it.

    Raises:
        VoicechatError: `bad_setting` if it can't be a host.
    """
    parts = urlsplit(url)
    login, at, _place = parts.netloc.rpartition("@")
    host = parts.hostname or ""
    if host.isascii():
        return url
    try:
        port = "" if parts.port is None else f":{parts.port}"
        return urlunsplit(parts._replace(netloc=f"{login}{at}{_ascii_host(host)}{port}"))
    except ValueError as error:
        raise no_address(url) from error


def no_address(address: str) -> VoicechatError:
    """What was written can't be the address of a server."""
    return VoicechatError(
        ErrorCode.BAD_SETTING,
        _("{address} is not the address of a server.", address=repr(shown(address))),
        _("Write it like http://127.0.0.1:8000."),
    )


def _parts(address: str) -> SplitResult:
    try:
        parts = urlsplit(address if "://" in address else f"ws://{address}")
        # A host that can't be encoded is one that no name server can be asked for.
        host = _ascii_host(parts.hostname or "")
        unquote(parts.netloc.rpartition("@")[0], errors="strict")
        valid = (
            parts.scheme in _SOCKET
            and bool(host)
            and (parts.port is None or parts.port > 0)
            and not _NOT_IN_ADDRESSES.search(address)
            and not _NOT_IN_HOSTS.search(host)
        )
    except ValueError as error:
        raise no_address(address) from error
    if not valid:
        raise no_address(address)
    return parts._replace(scheme=_SOCKET[parts.scheme], netloc=_netloc(parts))


def _netloc(parts: SplitResult) -> str:
    """Return host and port with the login in front, if there is one; a name alone has an empty password."""
    login, at, place = parts.netloc.rpartition("@")
    return f"{login}:@{place}" if login and ":" not in login else f"{login}{at}{place}"


def _ascii_host(host: str) -> str:
    if host.isascii():
        return host.encode("idna").decode()
    # Its tables cost time, which hosts in plain letters need not pay.
    import idna

    return idna.encode(host, uts46=True).decode()


def _with_scheme(url: str, schemes: dict[str, str]) -> str:
    scheme, mark, rest = url.partition("://")
    return schemes.get(scheme.lower(), scheme) + mark + rest


def _base_path(parts: SplitResult) -> str:
    path = parts.path.rstrip("/")
    for socket in (SPEECH_PATH, CHAT_PATH):
        if path.endswith(socket):
            return path.removesuffix(socket)
    return path

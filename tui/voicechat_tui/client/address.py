"""Addresses of servers, as people write them."""

from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.chat import ChatQuery
from voicechat_tui.language import _

DEFAULT_URL = "ws://127.0.0.1:8000/ws"
SPEECH_PATH = "/ws"
CHAT_PATH = "/chatting"
_SOCKET = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_HTTP = {"ws": "http", "wss": "https"}


def speech_url(address: str) -> str:
    """Return the URL of the speech socket for what a person may write.

    That is `host:port`, an HTTP address, or the URL itself.

    Raises:
        VoicechatError: `bad_setting` if it is no address.
    """
    parts = _parts(address)
    path = parts.path if parts.path not in ("", "/") else SPEECH_PATH
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def server_url(address: str) -> str:
    """Return the HTTP URL under which all calls of a server are, without a slash at its end.

    Args:
        address: As for `speech_url`; the paths of the sockets are left out, so that one address serves all.

    Raises:
        VoicechatError: `bad_setting` if it is no address.
    """
    parts = _parts(address)
    return urlunsplit((_HTTP[parts.scheme], parts.netloc, _base_path(parts), "", ""))


def chat_url(address: str, query: ChatQuery) -> str:
    """Return the URL of a chat's socket.

    Args:
        address: As for `server_url`.
        query: Which chat, who, and what they have already.

    Raises:
        VoicechatError: `bad_setting` if it is no address.
    """
    parts = _parts(address)
    return urlunsplit(
        (
            parts.scheme,
            parts.netloc,
            _base_path(parts) + CHAT_PATH,
            urlencode(query.model_dump(exclude_none=True)),
            "",
        )
    )


def no_address(address: str) -> VoicechatError:
    """What was written can't be the address of a server."""
    return VoicechatError(
        ErrorCode.BAD_SETTING,
        _("{address} is no address of a server.", address=repr(address)),
        _("Write it like http://127.0.0.1:8000."),
    )


def _parts(address: str) -> SplitResult:
    try:
        parts = urlsplit(address if "://" in address else f"ws://{address}")
        # A host that can't be encoded is one that no name server can be asked for.
        host = (parts.hostname or "").encode("idna")
        valid = parts.scheme in _SOCKET and bool(host) and (parts.port is None or parts.port > 0)
    except ValueError as error:
        raise no_address(address) from error
    if not valid:
        raise no_address(address)
    return parts._replace(scheme=_SOCKET[parts.scheme])


def _base_path(parts: SplitResult) -> str:
    path = parts.path.rstrip("/")
    for socket in (SPEECH_PATH, CHAT_PATH):
        path = path.removesuffix(socket)
    return path

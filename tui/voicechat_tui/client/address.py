"""Addresses of speech servers, as people write them."""

from urllib.parse import urlsplit, urlunsplit

from voicechat_common.errors import ErrorCode, VoicechatError

SPEECH_PATH = "/ws"
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


def speech_url(address: str) -> str:
    """Return the WebSocket URL for what a person may write: `host:port`, an HTTP address, or the URL itself.

    Raises:
        VoicechatError: `bad_setting` if it is no address.
    """
    parts = urlsplit(address if "://" in address else f"ws://{address}")
    try:
        valid = parts.scheme in _SCHEMES and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid:
        raise VoicechatError(
            ErrorCode.BAD_SETTING,
            f"{address!r} is no address of a server.",
            "Write it like ws://127.0.0.1:8000/ws.",
        )
    path = parts.path if parts.path not in ("", "/") else SPEECH_PATH
    return urlunsplit((_SCHEMES[parts.scheme], parts.netloc, path, parts.query, ""))

"""Refuses HTTP bodies larger than any call needs, before they fill the memory."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.api.errors import answer

MAX_BODY_BYTES = 64 * 1024
"""The longest message takes 48 KiB if each of its characters is escaped."""


class BodyLimit:
    """Middleware that answers 413 to a body of more bytes than the limit.

    Args:
        app: The app behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, reading its body first if it has one."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        body = await _read(receive)
        if body is None:
            await answer(_too_large(), scope, receive, send)
            return
        messages = iter([body])

        async def replay() -> Message:
            return next(messages, None) or await receive()

        await self._app(scope, replay, send)


async def _read(receive: Receive) -> Message | None:
    """Return a request's whole body as one message, or None if it is too large."""
    chunks = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return message
        chunks += message.get("body", b"")
        if len(chunks) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return {"type": "http.request", "body": bytes(chunks), "more_body": False}


def _too_large() -> VoicechatError:
    return VoicechatError(
        ErrorCode.BODY_TOO_LARGE,
        f"The body has more than {MAX_BODY_BYTES} bytes.",
        "Send a long text in several messages.",
    )

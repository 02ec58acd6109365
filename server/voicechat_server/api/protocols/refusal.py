"""Answers to incomplete requests, and to what never reaches a route."""

from http import HTTPStatus

from voicechat_common.errors import VoicechatError
from voicechat_server.api.errors import respond


def refusal(error: VoicechatError) -> bytes:
    """Return an error as a complete HTTP response, after which the connection is closed."""
    answer = respond(error)
    status = HTTPStatus(answer.status_code)
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\n".encode()
    fields = b"".join(b"%b: %b\r\n" % field for field in answer.raw_headers)
    return head + fields + b"\r\n" + bytes(answer.body)

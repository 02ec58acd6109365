"""Answers to what is no request yet, or came where no route answers."""

from http import HTTPStatus

from voicechat_common.errors import VoicechatError
from voicechat_server.api.errors import respond


def refusal(error: VoicechatError) -> bytes:
    """Return an error as a whole answer of HTTP, after which the connection is closed."""
    answer = respond(error)
    status = HTTPStatus(answer.status_code)
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\n".encode()
    fields = b"".join(b"%b: %b\r\n" % field for field in answer.raw_headers)
    return head + fields + b"\r\n" + bytes(answer.body)

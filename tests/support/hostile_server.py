"""A server that speaks the protocol, and means to own the terminal of whoever connects."""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

EVIL = "\x1b]0;owned\x07\x1b[7;77Z\x9b7;78Z\x85\r\u2028\u202edlo\u2066\x00evil"
"""What no program here writes by itself, but for the bell; at the end is what may be shown."""
_OBEYED = re.compile("\x1b\\]0;owned|\x1b\\[7;77|[\x00\x80-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

MOMENT = "2026-01-02T03:04:05Z"


def obeyed(output: bytes) -> list[str]:
    """Return what of a hostile server's texts reached a terminal so that it would be obeyed."""
    return _OBEYED.findall(output.decode("utf-8", "replace"))


def error(code: str, **fields: object) -> dict[str, Any]:
    """An error of the sockets, or in a body."""
    return {"type": "error", "code": code, "message": EVIL, "advice": EVIL, "retry_after_s": -1e9, **fields}


def _message(type_: str, seq: int | None, **fields: object) -> dict[str, Any]:
    said = {
        "message_id": f"{EVIL}{seq}", "seq": seq, "speaker": EVIL, "kind": "text",
        "content": f"{EVIL}\n{EVIL}", "timestamp": MOMENT, "client_message_id": EVIL,
    }  # fmt: skip
    return {"type": type_, **said, **fields}


SPEECH = (
    {"type": "ready", "stream_id": EVIL, "model": EVIL, "chunk_ms": 600, "lookahead_ms": 300},
    {"type": "partial", "segment": 0, "revision": 0, "text": EVIL, "start_ms": 0, "end_ms": 600},
    {
        "type": "final", "segment": 0, "revision": 1, "text": EVIL, "start_ms": 0, "end_ms": 600,
        "words": [[EVIL, 0, 600]],
    },
    error("odd"),
    error(EVIL, fatal=True),
)  # fmt: skip
ESTABLISHED = {
    "type": "connection_established", "chat_id": EVIL, "user": EVIL, "title": EVIL, "owner": EVIL,
    "status": "active", "seq": 1, "participants": [EVIL, f"{EVIL}2"],
}  # fmt: skip
CHAT = (
    ESTABLISHED,
    _message("message_history", 1),
    _message("new_message", 2),
    _message("new_message", None, is_partial=True, kind="speech"),
    {"type": "presence", "user": f"{EVIL}3", "is_present": True, "count": 3},
    {"type": "typing", "user": EVIL, "is_typing": True},
    error("odd"),
)
STORED = {
    "id": EVIL, "seq": 1, "speaker": EVIL, "kind": "text", "content": EVIL, "timestamp": MOMENT,
    "client_message_id": EVIL,
}  # fmt: skip
SUMMARY = {
    "chat_id": "c", "title": EVIL, "status": "active", "owner": EVIL, "created_at": MOMENT, "ended_at": None,
    "message_count": 1,
}  # fmt: skip
BODIES: dict[str, dict[str, Any]] = {
    "/health": {
        "status": "healthy", "asr_available": True, "active_connections": 1, "total_chats": 1,
        "timestamp": MOMENT, "uptime_s": 1.0,
        "versions": {"voicechat": EVIL, "protocol": 1, "python": EVIL, "funasr": EVIL, "torch": EVIL},
    },
    "/ready": {"ready": False, "state": EVIL, "detail": EVIL, "progress": 0.5},
    "/asr/info": {
        "status": EVIL, "model": EVIL, "model_revision": EVIL, "device": EVIL, "precision": EVIL,
        "sample_rate": 16000, "chunk_size": [0, 10, 5], "chunk_ms": 600, "stride_size": 9600,
        "bytes_per_frame": 19200, "encoder_chunk_look_back": 4, "decoder_chunk_look_back": 1,
        "endpointing": True, "streams_now": 0, "streams_max": 9,
    },
    "/auth/me": {
        "auth": "token", "subject": EVIL, "name": EVIL, "scopes": [EVIL], "chats": [EVIL], "token_id": EVIL,
        "expires_at": MOMENT,
    },
    "/chat/list": {"user_id": EVIL, "chat_list": [{**SUMMARY, "last_message": STORED}]},
    "/chat/c": {**SUMMARY, "participants": [EVIL], "messages": [STORED]},
}  # fmt: skip


class HostileServer:
    """What it says, and how often it was asked.

    Attributes:
        address: Its `host:port`.
        sockets: How many WebSockets were opened.
        bodies: What HTTP calls are answered, by path.
        status: The HTTP status of those answers.
        ends_chat: Whether the chat ends after what is told of it.
    """

    def __init__(self) -> None:
        self.address = ""
        self.sockets = 0
        self.bodies = dict(BODIES)
        self.status = 200
        self.ends_chat = True

    def answer(self, _connection: ServerConnection, request: Request) -> Response | None:
        """Answer what is no WebSocket."""
        path = request.path.partition("?")[0]
        if path in ("/ws", "/chatting"):
            return None
        export = f"# {EVIL}\n".encode()
        body = export if path.endswith("/export") else json.dumps(self.bodies[path]).encode()
        return Response(self.status, "OK", Headers({"Content-Length": str(len(body))}), body)

    def converse(self, socket: ServerConnection) -> None:
        """Serve a WebSocket."""
        self.sockets += 1
        with suppress(ConnectionClosed):
            if socket.request is not None and socket.request.path.startswith("/ws"):
                socket.recv()
                self._say(socket, *SPEECH)
            else:
                self._say(socket, *CHAT)
                self._chat(socket)
            socket.close(1008, EVIL)

    def _chat(self, socket: ServerConnection) -> None:
        if self.ends_chat:
            self._say(socket, {"type": "chat_ended", "chat_id": EVIL, "ended_by": EVIL, "ended_at": MOMENT})
        for text in socket:
            said = json.loads(text)
            if said["type"] == "message":
                self._say(socket, error("not_allowed", client_message_id=said["client_message_id"]))
            elif said["type"] == "ping":
                self._say(socket, {"type": "pong", "id": said["id"]})

    def _say(self, socket: ServerConnection, *messages: dict[str, Any]) -> None:
        for message in messages:
            socket.send(json.dumps(message))


@contextmanager
def hostile_server() -> Iterator[HostileServer]:
    """Run one."""
    hostile = HostileServer()
    quiet = logging.getLogger("tests.hostile_server")
    quiet.disabled = True
    with serve(
        hostile.converse, "127.0.0.1", 0, process_request=hostile.answer, compression=None, logger=quiet
    ) as server:
        hostile.address = f"127.0.0.1:{server.socket.getsockname()[1]}"
        serving = Thread(target=server.serve_forever)
        serving.start()
        try:
            yield hostile
        finally:
            server.shutdown()
            serving.join()

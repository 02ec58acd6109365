"""Clients that break the WebSocket protocol, or abuse it: they alone feel it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from websockets.frames import Frame, Opcode

from tests.support.chat_client import chat_path, in_chat
from tests.support.server import LiveServer
from voicechat_server.api.gate import frame_limits
from voicechat_server.api.protocols.websocket_protocol import MOST_UNREAD_BYTES, WebSocketProtocol
from voicechat_server.chat.live.frame_queue import Frame as ChatFrame
from voicechat_server.chat.live.hub import Broadcast

HANDSHAKE = """GET {path} HTTP/1.1\r
Host: {host}\r
Connection: Upgrade\r
Upgrade: websocket\r
Sec-WebSocket-Version: 13\r
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
\r
"""
PING = Frame(Opcode.PING, bytes(125)).serialize(mask=True)
PINGS = 4 * MOST_UNREAD_BYTES // len(PING)


@contextmanager
def raw_socket(server: LiveServer, path: str) -> Iterator[socket.socket]:
    """A connected WebSocket whose bytes are the test's own."""
    host, port = server.address.split(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(HANDSHAKE.format(path=path, host=server.address).encode())
        assert raw.recv(4096).startswith(b"HTTP/1.1 101")
        yield raw


async def test_a_chat_goes_on_when_somebody_in_it_breaks_the_protocol(
    chat_server: LiveServer, chat_id: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Also for those who are told something in the moment before that connection is closed."""
    closing = WebSocketProtocol.handle_parser_exception
    hub = chat_server.server.services.chat._hub

    def close_and_tell(protocol: WebSocketProtocol) -> None:
        closing(protocol)
        hub.publish(chat_id, Broadcast(ChatFrame('{"type":"typing","user":"eve","is_typing":true}')))

    monkeypatch.setattr(WebSocketProtocol, "handle_parser_exception", close_and_tell)
    async with in_chat(chat_server.ws, chat_id, "alice") as alice:
        for number in range(3):
            with raw_socket(chat_server, chat_path(chat_id, "eve")) as eve:
                await alice.say(f"hello {number}")
                seen = b""
                while f"hello {number}".encode() not in seen:
                    seen += eve.recv(4096)
                eve.sendall(Frame(Opcode.TEXT, b"\xff\xfe").serialize(mask=True))
                while eve.recv(4096):
                    pass
        assert (await alice.say("still here")).seq == 4
    assert "could not be delivered" not in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("path", ["/ws", "/chatting?id=pings&user=eve"])
def test_pings_of_a_client_that_does_not_read_take_no_memory(
    chat_server: LiveServer, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor would they without the allowance, which ends such a client before."""
    monkeypatch.setattr(frame_limits, "IDLE_FRAMES_AT_ONCE", 2 * PINGS)
    most = 0
    with raw_socket(chat_server, path) as raw:
        (connection,) = (
            connection
            for connection in tuple(chat_server.server.server_state.connections)
            if isinstance(connection, WebSocketProtocol) and connection.client == raw.getsockname()
        )
        # With room for little in the system, what isn't read is soon left with the server.
        for end in (raw, connection.transport.get_extra_info("socket")):
            for room in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                end.setsockopt(socket.SOL_SOCKET, room, 4096)
        for _ in range(PINGS):
            raw.sendall(PING)
            most = max(most, connection.transport.get_write_buffer_size())
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, MOST_UNREAD_BYTES)
        last = Frame(Opcode.PING, b"the last one").serialize(mask=True)
        seen = b""
        # Of what waits unread, only a later ping is answered again.
        while b"the last one" not in seen:
            raw.sendall(last)
            seen = seen[-64:] + raw.recv(1 << 16)
    assert MOST_UNREAD_BYTES < most < 2 * MOST_UNREAD_BYTES

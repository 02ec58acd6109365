"""Requests that come slowly, in pieces, many at once, or are none: none of them waits for ever."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.support.server import LiveServer, demo_settings, serving
from voicechat_server.api.gate.deadlines import Deadlines
from voicechat_server.api.protocols.http_protocol import MOST_HEAD_BYTES

GET = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
TLS_HELLO = bytes.fromhex("160301020001000001fc0303") + bytes(500)


@contextmanager
def raw_connection(server: LiveServer) -> Iterator[socket.socket]:
    host, port = server.address.split(":")
    with socket.create_connection((host, int(port))) as raw:
        yield raw


def rest_of(raw: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    seen = b""
    try:
        while data := raw.recv(1 << 16):
            seen += data
    except ConnectionResetError:
        pass
    return seen


def refusal_of(raw: socket.socket) -> tuple[int, str]:
    """The status and the code of the answer after which the server closes the connection."""
    head, _, body = rest_of(raw).partition(b"\r\n\r\n")
    assert b"connection: close" in head
    return int(head.split()[1]), json.loads(body)["error"]["code"]


@pytest.fixture(scope="module")
def impatient_server() -> Iterator[LiveServer]:
    """A server that waits for nothing once it has looked."""
    with serving(demo_settings(), wait_ready=False) as server:
        server.server.gate.heads = Deadlines(0)
        server.server.gate.bodies = Deadlines(0)
        yield server


@pytest.mark.parametrize(
    "head",
    [
        b"GET /health HTTP/1.1\r\nX: " + b"x" * MOST_HEAD_BYTES,
        b"GET /health HTTP/1.1\r\n" + b"X: y\r\n" * MOST_HEAD_BYTES,
        b"GET /" + b"x" * MOST_HEAD_BYTES,
        b"GET /health HTTP/1.1\r\n" + b"X" * MOST_HEAD_BYTES,
    ],
)
def test_a_head_that_is_too_large(chat_server: LiveServer, head: bytes) -> None:
    with raw_connection(chat_server) as raw:
        raw.sendall(head)
        assert refusal_of(raw) == (431, "head_too_large")


def test_a_request_in_single_bytes(chat_server: LiveServer) -> None:
    with raw_connection(chat_server) as raw:
        for byte in GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"):
            raw.sendall(bytes([byte]))
        assert rest_of(raw).startswith(b"HTTP/1.1 200")


def test_many_requests_at_once_are_answered_in_order(chat_server: LiveServer) -> None:
    many = 300
    paths = [f"/nothing-{number}" for number in range(many)]
    with raw_connection(chat_server) as raw:
        raw.sendall(b"".join(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for path in paths))
        raw.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        answers = rest_of(raw).decode()
    assert re.findall(r"/nothing-\d+", answers) == paths
    assert answers.count("HTTP/1.1 404") == many
    assert answers.count("HTTP/1.1 200") == 1


@pytest.mark.parametrize("garbage", [TLS_HELLO, b"\0" * 100, b"hello\r\n\r\n", b"SSH-2.0-OpenSSH_9.9\r\n"])
def test_what_is_no_http(chat_server: LiveServer, garbage: bytes) -> None:
    with raw_connection(chat_server) as raw:
        raw.sendall(garbage)
        assert refusal_of(raw) == (400, "bad_request")


def test_a_connection_over_which_nothing_comes_is_closed(impatient_server: LiveServer) -> None:
    with raw_connection(impatient_server) as raw:
        assert rest_of(raw) == b""


@pytest.mark.parametrize("half", [GET[:10], GET[:-2]])
def test_half_a_head(impatient_server: LiveServer, half: bytes) -> None:
    with raw_connection(impatient_server) as raw:
        raw.sendall(half)
        assert refusal_of(raw) == (408, "too_slow")


@pytest.mark.parametrize(
    "half", [b"Content-Length: 100\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"]
)
def test_half_a_body(impatient_server: LiveServer, half: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with raw_connection(impatient_server) as raw:
        raw.sendall(b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + half)
        assert refusal_of(raw) == (408, "too_slow")
    assert "Traceback" not in caplog.text


def test_a_connection_that_is_kept_is_waited_for_again(impatient_server: LiveServer) -> None:
    with raw_connection(impatient_server) as raw:
        raw.sendall(GET)
        assert b"HTTP/1.1 200" in raw.recv(1 << 16)
        raw.sendall(b"GET /hea")
        assert b"HTTP/1.1 408" in rest_of(raw)


def test_an_answer_that_nobody_reads_is_given_up(
    chat_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others go on; whoever reads gets all of it, however long it is."""
    ask = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    gate = chat_server.server.gate
    # On a busy machine it takes longer to fill the buffers than an idle connection is kept.
    monkeypatch.setattr(chat_server.server.config, "timeout_keep_alive", 600)
    with raw_connection(chat_server) as deaf, raw_connection(chat_server) as reading:
        reading.sendall(ask)
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        while not any(connection.unread_bytes() for connection in tuple(gate.answered)):
            deaf.sendall(ask)
        monkeypatch.setattr(gate._unread, "_most_bytes", 0)
        with suppress(ConnectionError):
            while True:
                deaf.sendall(ask)
        reading.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert rest_of(reading).count(b"HTTP/1.1 200") == 2

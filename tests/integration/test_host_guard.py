"""Under which `Host` a server answers: raw requests over real sockets."""

import json
import socket
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.support.chat_server import chat_serving
from tests.support.server import LiveServer
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.http import ErrorBody

PATHS = ("/", "/health", "/docs", "/chat/list?user_id=anna", "/metrics", "/nowhere", "/voice/health")
SOCKETS = ("/ws", "/chatting?id=lobby&user=anna", "/nowhere")

OWN = (
    "localhost",
    "LocalHost:8000",
    "localhost.",
    "localhost:",
    "app.localhost:5173",
    "ip6-localhost",
    "127.0.0.1",
    "127.0.0.1:8000",
    "127.8.9.10",
    "192.168.1.20:8000",
    "0.0.0.0:8000",
    "[::1]",
    "[::1]:8000",
    "[::ffff:127.0.0.1]:1",
    "chat.example.org",
    "chat.example.org:443",
    "Chat.Example.org.:8443",
)
FOREIGN = (
    "evil.example",
    "evil.example:8000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "notlocalhost",
    "evil.chat.example.org",
    "chat.example.org.evil.example",
    "chat.example.org@evil.example",
    "evil.example@localhost",
    "localhost:8000:8000",
    "localhost:port",
    "localhost/path",
    "localhost, evil.example",
    "127.0.0.1.1",
    "[127.0.0.1]",
    "[::1",
    "::1",
    "[::1].evil.example",
    "[localhost]",
    "",
    ":8000",
    ".",
)
TWICE = "localhost\r\nHost: localhost"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    place: Path = tmp_path_factory.mktemp("chats") / "chats.db"
    with chat_serving(place, public_url="https://chat.example.org/voice") as server:
        yield server


@pytest.fixture(scope="module")
def open_to_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    place: Path = tmp_path_factory.mktemp("chats") / "chats.db"
    # Tests serve on loopback whatever the setting, which is what the server goes by.
    with chat_serving(place, host="0.0.0.0") as server:  # noqa: S104
        yield server


def ask(server: LiveServer, host: str | None, path: str, *headers: str, method: str = "GET") -> bytes:
    """Return what the server answers to one request, until it closes or has told its whole answer."""
    name, port = server.address.split(":")
    named = [] if host is None else [f"Host: {host}"]
    request = "\r\n".join((f"{method} {path} HTTP/1.1", *named, *headers, "", ""))
    with socket.create_connection((name, int(port))) as raw:
        raw.sendall(request.encode())
        answer = b""
        while part := raw.recv(65_536):
            answer += part
            if answer.startswith(b"HTTP/1.1 101"):
                break
    return answer


def get(server: LiveServer, host: str | None, path: str) -> bytes:
    return ask(server, host, path, "Connection: close")


def shake_hands(server: LiveServer, host: str | None, path: str) -> bytes:
    return ask(
        server,
        host,
        path,
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )


def status(answer: bytes) -> int:
    return int(answer.split()[1])


def refused(answer: bytes) -> None:
    """See that an answer is the refusal, in the form of every error, with the remedy."""
    assert status(answer) == HTTPStatus.MISDIRECTED_REQUEST
    error = ErrorBody.model_validate(json.loads(answer.partition(b"\r\n\r\n")[2])).error
    assert error.code == ErrorCode.HOST_NOT_ALLOWED
    for named in ("--public-url", "VOICECHAT_PUBLIC_URL"):
        assert named in error.advice


@pytest.mark.parametrize("host", OWN)
def test_own_names_are_answered(guarded: LiveServer, host: str) -> None:
    assert status(get(guarded, host, "/health")) == HTTPStatus.OK
    for path in SOCKETS:
        assert status(shake_hands(guarded, host, path)) == HTTPStatus.SWITCHING_PROTOCOLS


@pytest.mark.parametrize("host", FOREIGN)
def test_other_names_are_not(guarded: LiveServer, host: str) -> None:
    refused(get(guarded, host, "/chat/list?user_id=anna"))
    refused(shake_hands(guarded, host, "/chatting?id=lobby&user=anna"))


@pytest.mark.parametrize("path", PATHS)
def test_it_holds_for_every_path(guarded: LiveServer, path: str) -> None:
    refused(get(guarded, "evil.example", path))
    # A page of the name that it rebound counts as of the server's own origin.
    refused(ask(guarded, "evil.example", path, "Connection: close", "Origin: http://evil.example"))
    refused(ask(guarded, "evil.example", path, "Connection: close", "Content-Length: 0", method="POST"))


@pytest.mark.parametrize("path", SOCKETS)
def test_it_holds_for_every_socket(guarded: LiveServer, path: str) -> None:
    refused(shake_hands(guarded, "evil.example", path))


def test_a_host_that_is_not_told_or_told_twice(guarded: LiveServer) -> None:
    for host in (None, TWICE):
        refused(get(guarded, host, "/health"))
        # The library of WebSockets may be the first to see it.
        assert status(shake_hands(guarded, host, "/ws")) in (
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.MISDIRECTED_REQUEST,
        )


@pytest.mark.parametrize("host", ["evil.example", "server.lan:8000", "localhost"])
def test_a_server_that_others_reach_answers_to_every_name(open_to_all: LiveServer, host: str) -> None:
    assert status(get(open_to_all, host, "/health")) == HTTPStatus.OK
    assert status(shake_hands(open_to_all, host, "/ws")) == HTTPStatus.SWITCHING_PROTOCOLS

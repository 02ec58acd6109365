"""Paths there are not, and paths that a proxy has put before: who asks is told where everything is."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from starlette.routing import Mount
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from tests.support.chat_server import chat_serving
from tests.support.server import LiveServer, demo_settings
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.http import ErrorBody, ErrorDetail
from voicechat_common.protocol.speech import Error
from voicechat_server.addresses.public_address import OWN, check
from voicechat_server.api.app import create_app
from voicechat_server.api.paths import ENDPOINTS


@pytest.fixture(scope="module")
def at_voice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that a proxy offers at https://chat.example.org/voice."""
    place: Path = tmp_path_factory.mktemp("chats") / "chats.db"
    with chat_serving(place, public_url="https://chat.example.org/voice") as running:
        yield running


async def socket_refusal(base: str, path: str) -> tuple[Error, ConnectionClosed]:
    """What a WebSocket at a path is told, and how it is closed."""
    async with connect(f"{base}{path}") as client:
        told = Error.model_validate(json.loads(await client.recv()))
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
    return told, closed.value


@pytest.mark.parametrize(
    "path", ["/", "/asr", "/ws/", "/chat", "/chatting/lobby", "/health", "/websocket?x=1", "/" + "x" * 3000]
)
async def test_a_socket_at_an_unknown_path_is_told_the_right_ones(chat_server: LiveServer, path: str) -> None:
    told, closed = await socket_refusal(chat_server.ws, path)
    assert (told.code, told.fatal) == (ErrorCode.NOT_FOUND, True)
    assert closed.rcvd is not None
    assert closed.rcvd.code == 1008
    for text in (told.message, closed.rcvd.reason):
        assert "WebSockets are at /ws (audio) and /chatting (chats), not at /" in text
    assert len(told.message) < 200
    assert "/chatting?id=CHAT&user=USER" in told.advice


async def test_a_client_that_does_not_wait_for_the_answer_disturbs_nobody(
    chat_server: LiveServer, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = chat_server.address.split(":")
    for _ in range(5):
        with socket.create_connection((host, int(port))) as raw:
            raw.sendall(
                b"GET /asr HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
    await socket_refusal(chat_server.ws, "/asr")
    assert "Traceback" not in caplog.text


def refusal(server: LiveServer, path: str) -> ErrorDetail:
    answer = httpx.get(f"{server.http}{path}")
    assert answer.status_code == 404
    return ErrorBody.model_validate(answer.json()).error


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/healthz", "/health"),
        ("/Ready", "/ready"),
        ("/chats", "/chat"),
        ("/chat/c/message", "/chat/{chat_id}/messages"),
        ("/openapi.yaml", "/openapi.json"),
        ("/websocket/ws2", None),
        ("/wp-login.php", None),
    ],
)
def test_an_unknown_path_is_answered_with_the_nearest(
    chat_server: LiveServer, path: str, meant: str | None
) -> None:
    error = refusal(chat_server, path)
    assert error.message == f"There is nothing at {path}."
    assert ("Did you mean" in error.advice) == (meant is not None)
    assert meant is None or f"Did you mean {meant}?" in error.advice
    assert "GET / lists" in error.advice


def test_a_path_that_a_proxy_has_not_taken_off_is_recognised(chat_server: LiveServer) -> None:
    assert "--public-url https://HOST/voice" in refusal(chat_server, "/voice/docs").advice


def test_a_hostile_path_is_shown_harmless_and_short(chat_server: LiveServer) -> None:
    error = refusal(chat_server, "/%1b[2J%e2%80%ae" + "x" * 5000)
    assert error.message.startswith("There is nothing at /%1B%5B2J%E2%80%AExxx")
    assert len(error.message) < 200


@pytest.mark.parametrize("path", ["/docs/", "/chat/list/?id=alice", "/chat/"])
def test_a_slash_too_much_is_taken_off_by_a_relative_redirect(chat_server: LiveServer, path: str) -> None:
    answer = httpx.get(f"{chat_server.http}{path}")
    assert (answer.status_code, answer.headers["location"]) == (
        307,
        f"../{path.split('/')[-2]}" + path.rpartition("/")[2],
    )
    for slashes in ("//", "///"):
        assert httpx.get(f"{chat_server.http}/docs{slashes}").status_code == 404


def test_everything_is_found_under_the_public_path_and_without_it(at_voice: LiveServer) -> None:
    pages = ("/", "/health", "/docs", "/redoc", "/openapi.json", "/static-offline-docs/swagger-ui.css")
    for base in (f"{at_voice.http}/voice", at_voice.http):
        for path in pages:
            assert httpx.get(base + path).status_code == 200, base + path
        created = httpx.post(f"{base}/chat", json={"user_id": "anna", "title": "Lobby"})
        assert created.headers["location"].startswith("/voice/chat/")
        assert httpx.get(urljoin(base, created.headers["location"])).status_code == 200
    assert httpx.get(f"{at_voice.http}/voice").json()["name"] == "voicechat"
    assert refusal(at_voice, "/voices/docs").message == "There is nothing at /voice/voices/docs."
    told = ErrorBody.model_validate(httpx.get(f"{at_voice.http}/voice/ws").json()).error
    assert f"{at_voice.address}/voice/ws" in told.advice


async def test_so_are_sockets_which_pages_of_that_address_may_use(at_voice: LiveServer) -> None:
    for path in ("/voice/ws", "/ws", "/voice/chatting?id=c"):
        async with connect(f"{at_voice.ws}{path}", origin=Origin("https://chat.example.org")):
            pass
    told, _ = await socket_refusal(at_voice.ws, "/voice/asr")
    assert "WebSockets are at /voice/ws (audio)" in told.message


def test_no_public_path_can_be_taken_for_one_of_the_server() -> None:
    app = create_app(demo_settings())
    mounts = [route.path for route in app.routes if isinstance(route, Mount)]
    paths = [*ENDPOINTS, *app.openapi()["paths"], "/redoc", "/openapi.json", *mounts]
    assert {path.split("/")[1] for path in paths} - {""} == OWN
    for name in OWN:
        with pytest.raises(ValueError, match="of its own"):
            check(f"https://chat.example.org/{name}/x")

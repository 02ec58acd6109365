"""Web pages and the server: real browsers' headers over real sockets."""

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
import websockets
from websockets.asyncio.client import connect
from websockets.typing import Origin

from tests.support.chat_server import chat_serving
from tests.support.server import LiveServer
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.http import ErrorBody, ErrorDetail

OWN = "http://localhost:5173"
FOREIGN = "https://evil.example"
SOCKETS = ("/ws", "/chatting?id=lobby&user=anna")


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    place: Path = tmp_path_factory.mktemp("chats") / "chats.db"
    with chat_serving(place, cors_origins="https://chat.example.org") as running:
        yield running


async def opens(base: str, path: str, origin: str | None) -> bool:
    async with connect(f"{base}{path}", origin=None if origin is None else Origin(origin)):
        return True


async def refusal(base: str, path: str, origin: str) -> ErrorDetail:
    with pytest.raises(websockets.InvalidStatus) as caught:
        await opens(base, path, origin)
    response = caught.value.response
    assert response.status_code == HTTPStatus.FORBIDDEN
    return ErrorBody.model_validate_json(response.body).error


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize("origin", [None, OWN, "http://127.0.0.1:8000", "https://localhost"])
async def test_sockets_open_for_pages_of_this_machine_and_for_programs(
    chat_server: LiveServer, path: str, origin: str | None
) -> None:
    assert await opens(chat_server.ws, path, origin)


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize("origin", [FOREIGN, "null", "http://localhost.evil.example"])
async def test_sockets_of_other_pages_are_refused_with_the_remedy(
    chat_server: LiveServer, path: str, origin: str
) -> None:
    error = await refusal(chat_server.ws, path, origin)
    assert error.code == ErrorCode.ORIGIN_NOT_ALLOWED
    assert origin in error.message
    assert f"VOICECHAT_CORS_ORIGINS={origin}" in error.advice


async def test_a_list_of_ones_own_takes_the_place_of_the_default(open_server: LiveServer) -> None:
    assert await opens(open_server.ws, "/ws", "https://chat.example.org")
    assert (await refusal(open_server.ws, "/ws", OWN)).code == ErrorCode.ORIGIN_NOT_ALLOWED


async def test_an_allowed_page_may_read_and_post(chat_server: LiveServer) -> None:
    async with httpx.AsyncClient(base_url=chat_server.http, headers={"Origin": OWN}) as page:
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        preflight = await page.options("/chat", headers=asked)
        assert preflight.status_code == HTTPStatus.OK
        assert preflight.headers["access-control-allow-origin"] == OWN
        assert "POST" in preflight.headers["access-control-allow-methods"]
        created = await page.post("/chat", json={"user_id": "anna", "title": "Lobby"})
        assert created.status_code == HTTPStatus.CREATED
        assert created.headers["access-control-allow-origin"] == OWN
        assert created.headers["vary"] == "Origin"
        missing = await page.get("/chat/none")
        assert (missing.status_code, missing.headers["access-control-allow-origin"]) == (404, OWN)


async def test_another_page_can_neither_read_nor_change_anything(chat_server: LiveServer) -> None:
    async with httpx.AsyncClient(base_url=chat_server.http) as plain:
        before = (await plain.get("/health")).json()["total_chats"]
        async with httpx.AsyncClient(base_url=chat_server.http, headers={"Origin": FOREIGN}) as page:
            read = await page.get("/health")
            assert "access-control-allow-origin" not in read.headers
            asked = {"Access-Control-Request-Method": "POST"}
            for refused in (
                await page.options("/chat", headers=asked),
                await page.post("/chat", json={"user_id": "anna", "title": "Lobby"}),
            ):
                assert refused.status_code == HTTPStatus.FORBIDDEN
                error = ErrorBody.model_validate(refused.json()).error
                assert error.code == ErrorCode.ORIGIN_NOT_ALLOWED
        assert (await plain.get("/health")).json()["total_chats"] == before

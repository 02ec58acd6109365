"""The HTTP calls of a live server, and of one whose model is not there."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from tests.support.server import LiveServer, demo_settings, serving
from tests.support.speech_client import connected
from tests.support.waiting import LOOKS_EVERY_S
from voicechat_common import __version__
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.http import AsrInfo, ErrorBody, Health, HealthStatus, Readiness, ServerInfo
from voicechat_common.protocol.speech import Error, Start
from voicechat_server.api.app import create_app
from voicechat_server.asr.models.directory.files import REQUIRED


@pytest.fixture
async def http(live_server: LiveServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=live_server.http) as client:
        yield client


def unstarted(app: FastAPI) -> httpx.AsyncClient:
    """A client of an app whose lifespan has not begun."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


OTHER_STATUSES = {"/ws": 426, "/chatting": 426, "/chat": 405, "/chat/list": 422, "/auth/redeem": 405}
"""How a bare GET is answered by sockets, by what takes a body, and by what needs a query."""


@pytest.mark.parametrize("path", ["/ws", "/chatting"])
async def test_who_asks_a_socket_for_a_page_is_told_what_it_is(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")
    error = ErrorBody.model_validate(answer.json()).error
    assert error.message == f"{path} is a WebSocket, and this was a plain HTTP request."
    assert f"wscat -c ws://{http.base_url.netloc.decode()}{path}" in error.advice


@pytest.mark.parametrize("path", ["/nowhere", "/ws/deeper", "/static-offline-docs/nothing.js"])
async def test_nothing_else_is_taken_for_a_socket(http: httpx.AsyncClient, path: str) -> None:
    error = ErrorBody.model_validate((await http.get(path)).json()).error
    assert error.message == f"There is nothing at {path}."


async def test_the_index_names_the_server_and_its_paths(http: httpx.AsyncClient) -> None:
    info = ServerInfo.model_validate((await http.get("/")).json())
    assert (info.name, info.version, info.model) == ("voicechat", __version__, "demo")
    assert info.status is HealthStatus.HEALTHY
    for path in info.endpoints:
        answer = await http.get(path)
        assert answer.status_code == OTHER_STATUSES.get(path, 200)


async def test_health_of_a_server_that_is_ready(http: httpx.AsyncClient) -> None:
    answer = await http.get("/health")
    health = Health.model_validate(answer.json())
    assert answer.status_code == 200
    assert (health.status, health.asr_available) == (HealthStatus.HEALTHY, True)
    assert health.versions.voicechat == __version__
    assert re.fullmatch(r"\d+\.\d+.*", health.versions.torch or "")
    assert datetime.fromisoformat(answer.json()["timestamp"]).tzinfo is not None
    again = Health.model_validate((await http.get("/health")).json())
    assert again.uptime_s >= health.uptime_s


async def test_ready_when_it_is(http: httpx.AsyncClient) -> None:
    answer = await http.get("/ready")
    ready = Readiness.model_validate(answer.json())
    assert answer.status_code == 200
    assert (ready.ready, ready.state, ready.error) == (True, "ready", None)


async def test_asr_info_tells_what_to_send(http: httpx.AsyncClient) -> None:
    info = AsrInfo.model_validate((await http.get("/asr/info")).json())
    assert (info.status, info.model, info.device) == ("ready", "demo", "cpu")
    assert (info.sample_rate, info.encoding) == (16_000, "pcm_s16le")
    assert (info.chunk_size, info.chunk_ms) == ((0, 10, 5), 600)
    assert (info.stride_size, info.bytes_per_frame) == (9_600, 19_200)
    assert (info.encoder_chunk_look_back, info.decoder_chunk_look_back) == (4, 1)
    assert info.endpointing
    assert info.streams_max == 100


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, ErrorCode.NOT_FOUND),
        ("GET", "/asr/", 404, ErrorCode.NOT_FOUND),
        ("GET", "/ws", 426, ErrorCode.UPGRADE_REQUIRED),
        ("POST", "/chatting", 426, ErrorCode.UPGRADE_REQUIRED),
        ("POST", "/ready", 405, ErrorCode.NOT_ALLOWED),
        ("DELETE", "/", 405, ErrorCode.NOT_ALLOWED),
        ("GET", "/%00", 404, ErrorCode.NOT_FOUND),
    ],
)
async def test_an_error_says_what_to_do(
    http: httpx.AsyncClient, method: str, path: str, status: int, code: ErrorCode
) -> None:
    answer = await http.request(method, path)
    error = ErrorBody.model_validate(answer.json()).error
    assert (answer.status_code, error.code) == (status, code)
    assert error.message
    assert error.advice
    if status == 405:
        assert answer.headers["allow"] == "GET"


async def test_the_documentation_needs_no_internet(http: httpx.AsyncClient) -> None:
    for page in ("/docs", "/redoc"):
        html = (await http.get(page)).text
        links = re.findall(r'(?:src|href)="([^"]+)"', html)
        assert links
        for link in links:
            assert link.startswith("static-offline-docs/"), link
            assert (await http.get(link)).status_code == 200


async def test_the_openapi_document_describes_every_call(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()
    assert document["info"]["title"] == "voicechat"
    assert "/ws" in document["info"]["description"]
    below = ("messages", "export", "members", "members/add", "members/remove", "invitations", "owner")
    chats = {"/chat", "/chat/list", "/chat/{chat_id}", *(f"/chat/{{chat_id}}/{path}" for path in below)}
    server = {"/", "/health", "/ready", "/asr/info", "/metrics", "/auth/me", "/auth/redeem"}
    assert set(document["paths"]) == server | chats
    assert "503" in document["paths"]["/ready"]["get"]["responses"]
    for path in document["paths"].values():
        assert all(call["summary"] for call in path.values())


async def test_before_the_recogniser_starts_the_server_is_up_but_not_ready() -> None:
    async with unstarted(create_app(demo_settings())) as http:
        answer = await http.get("/ready")
        ready = Readiness.model_validate(answer.json())
        assert answer.status_code == 503
        assert (ready.ready, ready.state) == (False, "starting")
        assert ready.error is not None
        assert ready.error.code == ErrorCode.NOT_READY
        assert int(answer.headers["retry-after"]) == ready.error.retry_after_s
        health = Health.model_validate((await http.get("/health")).json())
        assert (health.status, health.asr_available) == (HealthStatus.STARTING, False)
        info = AsrInfo.model_validate((await http.get("/asr/info")).json())
        assert (info.status, info.model, info.streams_now) == ("starting", "demo", 0)


async def test_a_fault_of_the_server_is_told_without_its_inside() -> None:
    app = create_app(demo_settings())

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("the inside")

    @app.get("/typed")
    async def typed(number: int) -> int:
        return number

    async with unstarted(app) as http:
        fault = await http.get("/broken")
        assert fault.status_code == 500
        assert ErrorBody.model_validate(fault.json()).error.code == ErrorCode.INTERNAL
        assert "the inside" not in fault.text
        invalid = await http.get("/typed?number=x")
        error = ErrorBody.model_validate(invalid.json()).error
        assert (invalid.status_code, error.code) == (422, ErrorCode.BAD_FIELD)
        assert "number" in error.message


async def test_a_model_that_can_not_be_loaded_leaves_a_server_that_says_so(tmp_path: Path) -> None:
    for name in REQUIRED:
        (tmp_path / name).write_bytes(b"nothing of use")
    settings = demo_settings(model=str(tmp_path))
    with serving(settings, wait_ready=False) as server:
        async with httpx.AsyncClient(base_url=server.http) as http:
            while (answer := await http.get("/ready")).json()["state"] != "failed":
                assert answer.status_code == 503
                await asyncio.sleep(LOOKS_EVERY_S)
            ready = Readiness.model_validate(answer.json())
            assert answer.status_code == 503
            assert ready.error is not None
            assert ready.error.code == ErrorCode.MODEL_CORRUPT
            health = await http.get("/health")
            assert health.status_code == 200
            assert (health.json()["status"], health.json()["asr_available"]) == ("degraded", False)
        async with connected(server.ws) as client:
            await client.send(Start())
            told = await client.expect(Error)
            assert (told.code, told.message, told.fatal) == (
                ErrorCode.MODEL_CORRUPT,
                ready.error.message,
                True,
            )
            assert await client.closed_with() == 1011

"""`python main.py` with each documented variable does what the guide says of it.

A variable whose effect shows before the model is loaded is given to a process of its own. The others are
given to servers in this process, which has FunASR in memory already.
"""

import asyncio
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import websockets
from websockets.asyncio.client import connect
from websockets.typing import Origin

from tests.support.chat_client import chat_path, in_chat
from tests.support.chat_server import IdleEngine
from tests.support.hub import running_hub
from tests.support.samples import pcm, silence
from tests.support.server import LiveServer, free_port, no_streams, serving
from tests.support.server_process import ServerProcess, python, refused, started
from tests.support.speech_client import connected, recognise
from tests.support.waiting import until
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.chat import ChatError
from voicechat_common.protocol.speech import Ack, Error, Final, Partial, Ready, Start
from voicechat_server.api.app import create_app
from voicechat_server.settings.model import Settings, variable

UNREADY: dict[str, tuple[str, str, object]] = {
    "model": ("demo", "model", "demo"),
    "chunk_size": ("0,8,4", "chunk_size", [0, 8, 4]),
    "encoder_chunk_look_back": ("7", "encoder_chunk_look_back", 7),
    "decoder_chunk_look_back": ("-1", "decoder_chunk_look_back", -1),
    "endpointing": ("false", "endpointing", False),
    "max_streams": ("3", "streams_max", 3),
}
"""By field: a value, and what `/asr/info` tells of it before the model is loaded."""


@contextmanager
def given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, recognises: bool = True, **variables: str
) -> Iterator[LiveServer]:
    """A server in this process whose environment has these variables, with or without its recogniser."""
    everywhere = {"model": "demo", "database": str(tmp_path / "chats.db"), "max_streams": "4"}
    for field, value in (everywhere | variables).items():
        monkeypatch.setenv(variable(field), value)
    settings = Settings.load()
    engine = None if recognises else IdleEngine(settings.engine_config())
    with serving(settings, wait_ready=recognises, engine=engine) as server:
        yield server


@pytest.mark.parametrize("field", UNREADY)
async def test_what_the_server_tells_of_its_recogniser(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    value, name, expected = UNREADY[field]
    monkeypatch.setenv("VOICECHAT_MODEL", "demo")
    monkeypatch.setenv(variable(field), value)
    app = create_app(Settings.load())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        assert (await http.get("/asr/info")).json()[name] == expected


def test_main_tells_the_same() -> None:
    variables = {variable(field): value for field, (value, _, _) in UNREADY.items()}
    with started(**variables) as server:
        server.first_answer()
        info = httpx.get(f"{server.http}/asr/info").json()
    assert {name: info[name] for _, name, _ in UNREADY.values()} == {
        name: expected for _, name, expected in UNREADY.values()
    }


def test_host_and_port() -> None:
    port = free_port()
    variables = {"VOICECHAT_HOST": "127.0.0.2", "VOICECHAT_PORT": str(port)}
    with started("--model", "demo", **variables) as server:
        elsewhere = ServerProcess(server.process, f"127.0.0.2:{port}")
        assert elsewhere.first_answer().status_code == 503
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_hub_model_revision_and_cache_dir(tmp_path: Path) -> None:
    variables = {
        "VOICECHAT_HUB": "hf",
        "VOICECHAT_MODEL_REVISION": "main",
        "VOICECHAT_CACHE_DIR": str(tmp_path),
        # 8-bit kernels would be kept there too, and would first have to be compiled.
        "VOICECHAT_PRECISION": "fp32",
    }
    with running_hub() as hub, started(HF_ENDPOINT=hub.url, **variables) as server:
        server.wait_until_ready()
    assert hub.requests[0] == "listing of main"
    assert (tmp_path / "hf" / "paraformer-zh-streaming" / "main" / "model.pt").is_file()


def test_device() -> None:
    assert "There is no device cuda:7" in refused("--model", "demo", VOICECHAT_DEVICE="cuda:7")


def test_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = tmp_path / "deep" / "talk.db"
    with given(monkeypatch, tmp_path, recognises=False, database=str(place)) as server:
        httpx.post(f"{server.http}/chat", json={"user_id": "anna", "title": "t"}).raise_for_status()
    assert place.stat().st_size > 0


def test_auth(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for mode, status in (("none", 200), ("token", 401)):
        with given(
            monkeypatch, tmp_path, recognises=False, auth=mode, key_file=str(tmp_path / "k")
        ) as server:
            assert httpx.get(f"{server.http}/auth/me").status_code == status


def test_key_file(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "keys.json"
    variables = {"VOICECHAT_KEY_FILE": str(place), "VOICECHAT_DATABASE": str(tmp_path / "talk.db")}
    done = python("-m", "voicechat_server", "token", "create", "--user", "anna", **variables)
    assert done.returncode == 0, done.stderr
    assert place.stat().st_size > 0


def test_min_free_mb(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with given(monkeypatch, tmp_path, recognises=False, min_free_mb="1000000000") as server:
        answer = httpx.post(f"{server.http}/chat", json={"user_id": "anna", "title": "t"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, ErrorCode.STORAGE)


@pytest.mark.parametrize(
    ("threads", "level", "levels"), [("1", "debug", {"debug", "info"}), ("3", "error", set[str]())]
)
def test_threads_and_log_level(threads: str, level: str, levels: set[str]) -> None:
    variables = {"VOICECHAT_THREADS": threads, "VOICECHAT_LOG_LEVEL": level}
    with started("--model", "demo", **variables) as server:
        server.first_answer()
        assert counted(httpx.get(f"{server.http}/metrics"), "recogniser_workers") == int(threads)
        assert {line["level"] for line in server.end()} == levels


async def test_cors_origins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with given(monkeypatch, tmp_path, recognises=False, cors_origins="https://chat.example.org") as server:
        async with connect(f"{server.ws}/ws", origin=Origin("https://chat.example.org")):
            pass
        with pytest.raises(websockets.InvalidStatus):
            await connect(f"{server.ws}/ws", origin=Origin("http://localhost:5173"))


async def test_public_url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with given(
        monkeypatch, tmp_path, recognises=False, public_url="https://chat.example.org/voice/"
    ) as server:
        async with httpx.AsyncClient(base_url=server.http) as http:
            for path in ("/health", "/voice/health"):
                assert (await http.get(path)).status_code == 200
        async with connect(f"{server.ws}/voice/ws", origin=Origin("https://chat.example.org")):
            pass


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_precision(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, precision: str) -> None:
    with given(monkeypatch, tmp_path, precision=precision) as server:
        assert httpx.get(f"{server.http}/asr/info").json()["precision"] == precision


async def finals(server: LiveServer, *audio: bytes) -> list[Final]:
    return [message for message in await recognise(server.ws, *audio) if isinstance(message, Final)]


async def test_max_end_silence_ms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with given(monkeypatch, tmp_path, max_end_silence_ms="3000") as server:
        audio = (pcm("greeting"), silence(1.5), pcm("greeting"))
        assert len(await finals(server, *audio)) == 1
    with given(monkeypatch, tmp_path, max_end_silence_ms="500") as server:
        assert len(await finals(server, *audio)) == 2


async def test_pre_roll_ms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    begins = []
    for value in ("100", "900"):
        with given(monkeypatch, tmp_path, pre_roll_ms=value) as server:
            (final,) = await finals(server, silence(2), pcm("greeting"))
            begins.append(final.start_ms)
    assert begins[0] - begins[1] == pytest.approx(800, abs=40)


async def test_max_segment_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with given(monkeypatch, tmp_path, max_segment_s="3") as server:
        told = await finals(server, pcm("phone"))
        assert len(told) > 1
        assert all(final.end_ms - final.start_ms <= 3_000 for final in told)


async def test_max_lag_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with given(monkeypatch, tmp_path, max_lag_s="1") as server:
        packet = 3_200
        talk = pcm("talk")
        told = await recognise(server.ws, *(talk[at : at + packet] for at in range(0, len(talk), packet)))
        lags = [message.lag_ms for message in told if isinstance(message, Ack)]
        assert max(lags) <= 1_000 + 600 + 100


async def test_resume_grace_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with given(monkeypatch, tmp_path, resume_grace_s="0") as server:
        async with connected(server.ws) as client:
            await client.send(Start())
            stream_id = (await client.expect(Ready)).stream_id
            client.socket.transport.abort()
        await no_streams(server)
        async with connected(server.ws) as again:
            await again.send(Start(stream_id=stream_id))
            assert (await again.expect(Error)).code == ErrorCode.UNKNOWN_STREAM


async def test_idle_timeout_s_and_max_frame_bytes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with given(
        monkeypatch, tmp_path, recognises=False, idle_timeout_s="0.2", max_frame_bytes="2048"
    ) as server:
        async with connected(server.ws) as client:
            assert (await client.expect(Error)).code == ErrorCode.IDLE_TIMEOUT
        async with connected(server.ws) as client:
            await client.send(bytes(2_050))
            error = await client.expect(Error)
            assert (error.code, "2048" in error.message) == (ErrorCode.FRAME_TOO_LARGE, True)


async def test_max_sockets_per_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with given(monkeypatch, tmp_path, recognises=False, max_sockets_per_address="2") as server:
        async with in_chat(server.ws, "lobby", "anna") as anna:
            async with connected(server.ws):
                async with connected(server.ws) as third:
                    assert (await third.expect(Error)).code == ErrorCode.BUSY
                    assert await third.closed_with() == 1013
                async with connected(server.ws, chat_path("lobby", "bob")) as fourth:
                    assert await fourth.closed_with() == 1013
                await anna.say("undisturbed")
            until(lambda: len(server.server.services.connections) == 1, lambda: "a WebSocket stays open")
            async with in_chat(server.ws, "lobby", "bob") as bob:
                assert await bob.texts(1) == ["undisturbed"]


async def test_max_waiting_messages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with given(monkeypatch, tmp_path, recognises=False, max_waiting_messages="16") as server:
        async with in_chat(server.ws, "lobby", "anna") as anna, in_chat(server.ws, "lobby", "deaf") as deaf:
            deaf.socket.transport.pause_reading()
            async with httpx.AsyncClient() as http:
                while not counted(await http.get(f"{server.http}/metrics"), "slow_readers_cut_total"):
                    for _ in range(8):
                        await anna.say("字" * 4_000)
            deaf.socket.transport.resume_reading()
            error = await deaf.expect(ChatError)
            assert (error.code, "More than 16 messages" in error.message) == ("slow_reader", True)


def counted(metrics: httpx.Response, name: str) -> float:
    """A metric without labels."""
    found = re.search(rf"^voicechat_{name} (\S+)$", metrics.text, re.MULTILINE)
    assert found
    return float(found[1])


@pytest.mark.parametrize(("grace", "cut"), [("0", 1), ("8", 0)])
async def test_shutdown_grace_s(grace: str, cut: int) -> None:
    with started("--model", "demo", "--max-streams", "1", VOICECHAT_SHUTDOWN_GRACE_S=grace) as server:
        await asyncio.to_thread(server.wait_until_ready)
        async with connected(server.ws) as client:
            await client.send(Start(endpointing=False), pcm("phone"))
            await client.expect(Partial)
            log = await asyncio.to_thread(server.end)
    assert [line["connections_cut"] for line in log if line["event"] == "server ends"] == [cut]


def test_no_setting_is_left_out() -> None:
    tested = "".join(name for name in globals() if name.startswith("test_"))
    assert [field for field in Settings.model_fields if field not in tested and field not in UNREADY] == []

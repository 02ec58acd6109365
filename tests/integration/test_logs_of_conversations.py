"""What the log tells of real speech and real chats: who came and went, and nothing of what they said."""

import asyncio
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.support.chat_client import in_chat, raw_connection
from tests.support.chat_server import chat_serving
from tests.support.logging import restored_logging
from tests.support.samples import pcm, transcripts
from tests.support.server import LiveServer, demo_settings, serving
from tests.support.speech_client import connected, receipt, recognise, texts
from tests.support.waiting import until
from voicechat_common.protocol.chat import NewMessage
from voicechat_common.protocol.speech import Start, Stop
from voicechat_server.logs.setup import configure_logging

SAMPLE = "complaint"
SECRET = "这是秘密"

Line = dict[str, Any]


@pytest.fixture(scope="module", params=["info", "debug"])
def logged(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LiveServer, io.StringIO]]:
    """A server that logs at a level, and its log."""
    out = io.StringIO()
    place = tmp_path_factory.mktemp("chats") / "chats.db"
    with restored_logging():
        configure_logging(request.param, out)
        with serving(demo_settings(database=str(place))) as running:
            yield running, out


@pytest.fixture
def server(logged: tuple[LiveServer, io.StringIO]) -> LiveServer:
    return logged[0]


@pytest.fixture
def log(logged: tuple[LiveServer, io.StringIO]) -> io.StringIO:
    """The log from here on."""
    out = logged[1]
    out.seek(0)
    out.truncate()
    return out


def lines(log: io.StringIO) -> list[Line]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def told(log: io.StringIO, event: str) -> list[Line]:
    return [line for line in lines(log) if line["event"] == event]


async def closings(log: io.StringIO, count: int) -> list[Line]:
    """The lines of so many ends of chat connections; the server may still be writing them."""
    event = "chat connection closed"
    await asyncio.to_thread(until, lambda: len(told(log, event)) >= count, log.getvalue)
    return told(log, event)


async def test_a_conversation_leaves_its_outline_and_none_of_its_words(
    log: io.StringIO, server: LiveServer
) -> None:
    said = []
    async with in_chat(server.ws, "lobby", "anna") as anna:
        await anna.say(SECRET)
        await anna.send("no JSON")
        speech = await recognise(server.ws, Start(user="ben", chat_id="lobby"), pcm(SAMPLE))
        assert texts(speech) == transcripts()[SAMPLE]
        while (message := await anna.expect(NewMessage)).is_partial or message.speaker != "ben":
            said.append(message.content)
        said.append(message.content)
    assert said[-1] == transcripts()[SAMPLE]
    async with httpx.AsyncClient(base_url=server.http) as http:
        await http.post("/chat/lobby/messages", json={"user_id": "anna", "content": SECRET})
        assert SECRET in (await http.get("/chat/lobby")).text
    for words in [SECRET, *filter(None, said)]:
        assert words not in log.getvalue()


async def test_a_stream_is_one_line_at_its_start_and_one_with_its_receipt(
    log: io.StringIO, server: LiveServer
) -> None:
    async with connected(server.ws) as client:
        await client.send(pcm(SAMPLE), Stop())
        done = receipt(await client.rest())
    (opened,) = told(log, "speech connection opened")
    (closed,) = told(log, "speech connection closed")
    assert opened["connection"] == closed["connection"]
    assert len(closed["stream"]) == 32
    assert closed["receipt"] == done.model_dump(exclude={"type"})
    assert closed["received_bytes"] == len(pcm(SAMPLE))
    assert closed["error"] is None
    assert closed["seconds"] > 0


async def test_a_chat_connection_is_one_line_at_its_start_and_one_at_its_end(
    log: io.StringIO, server: LiveServer, chat_id: str
) -> None:
    async with in_chat(server.ws, chat_id, "anna") as anna:
        await anna.say("one")
        await anna.say("two")
    await closings(log, 1)
    async with raw_connection(server.ws, "/chatting") as nobody:
        await nobody.closed_with()
    async with in_chat(server.ws, chat_id, "anna", since=2):
        opened = told(log, "chat connection opened")
    assert [(line["chat"], line["user"], line["since"]) for line in opened] == [
        (chat_id, "anna", 0),
        (chat_id, "anna", 2),
    ]
    first, refused, *_ = await closings(log, 2)
    assert first["connection"] == opened[0]["connection"]
    assert (first["received_frames"], first["client_gone"], first["error"]) == (2, True, None)
    assert (refused["received_frames"], refused["error"]) == (0, "bad_field")


async def test_every_line_names_its_request_connection_or_stream(
    log: io.StringIO, server: LiveServer
) -> None:
    app: FastAPI = server.server.config.app  # type: ignore[assignment]  # uvicorn takes names of apps too

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("a fault")

    before = len(lines(log))
    await recognise(server.ws, pcm(SAMPLE))
    async with httpx.AsyncClient(base_url=server.http) as http:
        fault = await http.get("/broken")
        assert fault.status_code == 500
        await http.post("/chat", headers={"Origin": "https://evil.example"})
    since = [line for line in lines(log)[before:] if line["logger"].startswith("voicechat_server")]
    assert {line["event"] for line in since} >= {"request failed", "a page of another origin was refused"}
    for line in since:
        assert {"request", "connection", "stream"} & set(line), line
    (failed,) = told(log, "request failed")
    assert failed["request"] == fault.headers["x-request-id"]
    assert "RuntimeError: a fault" in failed["exception"]


async def test_the_server_tells_where_it_listens_and_when_it_ends(log: io.StringIO, database: Path) -> None:
    with chat_serving(database) as server:
        pass
    (listening,) = told(log, "listening")
    assert listening["http"] == server.http
    assert [line["connections_cut"] for line in told(log, "server ends")] == [0]

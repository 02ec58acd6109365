"""`GET /metrics` after real speech and real chats: numbers that follow from what was done."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.chat_client import in_chat, raw_connection
from tests.support.samples import audio, pcm, transcripts
from tests.support.server import LiveServer, demo_settings, no_streams, serving
from tests.support.speech_client import connected, recognise, texts
from voicechat_common.protocol.chat import NewMessage, Presence
from voicechat_common.protocol.speech import Error, Ready, Start, Stop

Labels = tuple[tuple[str, str], ...]
SAMPLE = "complaint"


class Numbers:
    """What a server has counted by now."""

    def __init__(self, text: str) -> None:
        self._samples: dict[tuple[str, Labels], float] = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float:
        """A metric's value; of one that has never been counted, 0."""
        return self._samples.get((f"voicechat_{name}", tuple(sorted(labels.items()))), 0.0)


async def numbers(server: LiveServer) -> Numbers:
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"{server.http}/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=")
        return Numbers(answer.text)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    place: Path = tmp_path_factory.mktemp("chats") / "chats.db"
    with serving(demo_settings(database=str(place), max_streams=2)) as running:
        yield running


async def test_speech_is_counted(server: LiveServer) -> None:
    before = await numbers(server)
    assert before("ready") == 1
    assert before("streams_max") == 2
    told = await recognise(server.ws, pcm(SAMPLE))
    assert texts(told) == transcripts()[SAMPLE]
    await no_streams(server)
    after = await numbers(server)

    def rise(name: str, **labels: str) -> float:
        return after(name, **labels) - before(name, **labels)

    seconds = len(audio(SAMPLE)) / 16_000
    assert rise("streams_opened_total") == 1
    assert rise("segments_total") == 1
    assert rise("audio_received_seconds_total") == pytest.approx(seconds, abs=0.01)
    assert rise("audio_dropped_seconds_total") == 0
    decoded, silent = rise("audio_decoded_seconds_total"), rise("audio_silent_seconds_total")
    assert 0 < decoded <= seconds
    assert decoded + silent == pytest.approx(seconds, abs=0.7)
    chunks = -(-decoded // 0.6)
    assert rise("batch_chunks_sum") in (chunks, chunks + 1)
    assert rise("batch_seconds_count") == rise("batch_chunks_count") > 0
    assert rise("recogniser_busy_seconds_total") >= rise("batch_seconds_sum") > 0
    assert rise("stream_lag_seconds_count") >= 1
    assert after("streams") == 0


async def test_streams_that_are_open_refused_and_resumed_are_counted(server: LiveServer) -> None:
    before = await numbers(server)
    async with connected(server.ws) as first, connected(server.ws) as second:
        for client in (first, second):
            await client.send(Start())
        ready = await first.expect(Ready)
        await second.expect(Ready)
        during = await numbers(server)
        assert during("streams") == 2
        assert during("connections", surface="speech") == 2
        async with connected(server.ws) as third:
            await third.send(Start())
            assert (await third.expect(Error)).code == "busy"
        first.socket.transport.abort()
        async with connected(server.ws) as again:
            await again.send(Start(stream_id=ready.stream_id))
            await again.expect(Ready)
            await again.send("no JSON")
            assert (await again.expect(Error)).code == "bad_json"
            after = await numbers(server)
            for client in (second, again):
                await client.send(Stop())
                await client.rest()
    assert after("streams_refused_total", code="busy") - before("streams_refused_total", code="busy") == 1
    assert after("streams_resumed_total") - before("streams_resumed_total") == 1
    for code in ("busy", "bad_json"):
        labels = {"surface": "speech", "code": code}
        assert after("errors_total", **labels) - before("errors_total", **labels) == 1


async def test_speech_into_a_chat_is_counted_as_a_message(server: LiveServer, chat_id: str) -> None:
    before = await numbers(server)
    async with in_chat(server.ws, chat_id, "anna") as anna:
        await recognise(server.ws, Start(user="ben", chat_id=chat_id), pcm(SAMPLE))
        while (message := await anna.expect(NewMessage)).is_partial:
            pass
        assert message.content == transcripts()[SAMPLE]
    after = await numbers(server)
    assert after("messages_stored_total", kind="speech") - before("messages_stored_total", kind="speech") == 1


async def test_chats_are_counted(chat_server: LiveServer, chat_id: str) -> None:
    before = await numbers(chat_server)
    async with (
        in_chat(chat_server.ws, chat_id, "anna") as anna,
        in_chat(chat_server.ws, chat_id, "ben") as ben,
    ):
        await anna.expect(Presence)
        for number in range(5):
            await anna.say(f"message {number}", str(number))
        assert await ben.texts(5) == [f"message {number}" for number in range(5)]
        await ben.send("no JSON")
        during = await numbers(chat_server)
        assert during("connections", surface="chat") == 2
        assert during("chats") == before("chats") + 1
    async with raw_connection(chat_server.ws, "/chatting") as nobody:
        assert await nobody.closed_with() == 1008
    async with httpx.AsyncClient(base_url=chat_server.http) as http:
        assert (await http.get("/chat/none")).status_code == 404
        assert (await http.get("/anything")).status_code == 404
        await asyncio.gather(*(http.request("PROPFIND", f"/{number}") for number in range(3)))
    after = await numbers(chat_server)

    def rise(name: str, **labels: str) -> float:
        return after(name, **labels) - before(name, **labels)

    assert rise("messages_stored_total", kind="text") == 5
    assert rise("deliveries_total") >= 10
    assert rise("commit_operations_sum") == 7, "two people came, five messages were said"
    assert rise("commit_seconds_count") == rise("commit_operations_count")
    assert rise("errors_total", surface="chat", code="bad_json") == 1
    assert rise("errors_total", surface="chat", code="bad_field") == 1
    assert rise("errors_total", surface="http", code="not_found") >= 2
    assert rise("http_request_seconds_count", method="GET", route="/chat/{chat_id}", status="404") == 1
    assert rise("http_request_seconds_count", method="GET", route="other", status="404") == 1
    assert rise("http_request_seconds_count", method="other", route="other", status="404") == 3

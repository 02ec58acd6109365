"""Streams that send nothing: they keep nobody out, and those who hold them lose nothing."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest

from tests.support.samples import audio, pcm, transcripts
from tests.support.server import LiveServer, demo_settings, no_streams, serving
from tests.support.speech_client import SpeechClient, connected, receipt, recognise, texts
from tests.support.waiting import LOOKS_EVERY_S
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.speech import Done, Error, Final, Partial, Ready, Start, Stop
from voicechat_common.transcript import join_texts
from voicechat_server.asr.capacity import admission
from voicechat_tui.client.connection.state import LinkState
from voicechat_tui.client.speech.client import SpeechClient as Client
from voicechat_tui.client.speech.events import AudioLost, Resumed

IDLE_S = 0.3
PLACES = 4


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with serving(demo_settings(max_streams=PLACES, resume_grace_s=8)) as running:
        yield running


@pytest.fixture(autouse=True)
def gives_way_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "GIVES_WAY_AFTER_S", IDLE_S)


@asynccontextmanager
async def silent(server: LiveServer, *sources: str) -> AsyncIterator[list[SpeechClient]]:
    """Streams that were opened and are not used, one from each of these addresses."""
    async with AsyncExitStack() as stack:
        clients = []
        for source in sources:
            client = await stack.enter_async_context(connected(server.ws, forwarded_for=source))
            await client.send(Start())
            await client.expect(Ready)
            clients.append(client)
        yield clients
    await no_streams(server)


async def free(server: LiveServer, count: int) -> None:
    """Wait until so many places are free or may be."""
    async with httpx.AsyncClient(base_url=server.http) as http:
        while (answer := (await http.get("/ready")).json())["places_free"] != count:
            assert answer["ready"]
            await asyncio.sleep(LOOKS_EVERY_S)


async def gave_way(server: LiveServer) -> float:
    """How many streams have given way so far."""
    async with httpx.AsyncClient(base_url=server.http) as http:
        told = re.search(
            r"^voicechat_streams_gave_way_total (\S+)$", (await http.get("/metrics")).text, re.MULTILINE
        )
    assert told
    return float(told[1])


def sources() -> list[str]:
    """Addresses of all clients but one."""
    return [f"192.0.2.{number}" for number in range(1, PLACES)]


async def resting(client: Client) -> None:
    """Wait until a client has let its connection go, which it tells nobody."""
    while client.state is not LinkState.WAITING:  # noqa: ASYNC110
        await asyncio.sleep(LOOKS_EVERY_S)


async def test_streams_that_send_nothing_do_not_keep_a_speaker_out(server: LiveServer) -> None:
    before = await gave_way(server)
    async with silent(server, *["192.0.2.1"] * PLACES) as clients:
        await free(server, PLACES)
        assert texts(await recognise(server.ws, pcm("network"))) == transcripts()["network"]
        error = await clients[0].expect(Error)
        assert (error.code, error.fatal) == (ErrorCode.IDLE_TIMEOUT, True)
        assert error.retry_after_s is not None
        assert await clients[0].closed_with() == 1008
        await clients[1].send(pcm("weather"), Stop())
        assert texts(await clients[1].rest()) == transcripts()["weather"]
        assert await gave_way(server) == before + 1


async def test_an_address_that_holds_most_places_gives_way_first(server: LiveServer) -> None:
    flood, quiet = "192.0.2.1", "192.0.2.2"
    async with silent(server, quiet, flood, flood, flood) as (first, second, *_):
        await free(server, PLACES)
        assert texts(await recognise(server.ws, pcm("network"))) == transcripts()["network"]
        assert (await second.expect(Error)).code == ErrorCode.IDLE_TIMEOUT
        await first.send(pcm("weather"), Stop())
        assert texts(await first.rest()) == transcripts()["weather"]


async def test_what_was_said_is_told_before_a_stream_gives_way(server: LiveServer) -> None:
    async with silent(server, *["192.0.2.1"] * PLACES) as clients:
        first, *others = clients
        await first.send(pcm("network"))
        await first.expect(Partial)
        for other in others:
            await other.send(pcm("network"))
        await free(server, PLACES)
        assert texts(await recognise(server.ws, pcm("weather"))) == transcripts()["weather"]
        told = await first.rest()
        assert texts(told) == transcripts()["network"]
        error = told[-1]
        assert isinstance(error, Error)
        assert error.code == ErrorCode.IDLE_TIMEOUT


async def test_a_stream_without_its_client_gives_way_too_and_tells_all_to_who_comes_back(
    server: LiveServer,
) -> None:
    async with AsyncExitStack() as stack:
        async with connected(server.ws) as lost:
            await lost.send(pcm("network"))
            ready = await lost.expect(Ready)
        for other in await stack.enter_async_context(silent(server, *sources())):
            await other.send(pcm("network"))
        await free(server, PLACES)
        assert texts(await recognise(server.ws, pcm("weather"))) == transcripts()["weather"]
        async with connected(server.ws) as back:
            await back.send(Start(stream_id=ready.stream_id))
            messages = await back.rest()
            assert texts(messages) == transcripts()["network"]
            assert receipt(messages).received_samples == len(pcm("network")) // 2
            assert await back.closed_with() == 1000


async def test_a_client_that_is_muted_goes_on_by_itself() -> None:
    """As the app does: a talk is open, and its microphone gives nothing for a while."""
    with serving(demo_settings(idle_timeout_s=IDLE_S)) as impatient:
        async with Client(f"{impatient.ws}/ws") as client:
            events = aiter(client)
            await anext(events)
            await resting(client)
            await no_streams(impatient)
            client.offer(audio("network"))
            client.stop()
            told = [event async for event in client]
    said = join_texts(segment.text for segment in client.transcript.segments)
    assert said == transcripts()["network"]
    assert isinstance(told[-1], Done)
    assert not [event for event in told if isinstance(event, AudioLost)]


async def test_a_client_that_gave_way_while_it_was_muted_loses_no_word(server: LiveServer) -> None:
    async with silent(server, *sources()) as others, Client(f"{server.ws}/ws") as client:
        client.offer(audio("network"))
        client.flush()
        events = aiter(client)
        while not isinstance(first := await anext(events), Final):
            pass
        for other in others:
            await other.send(pcm("weather"))
        await free(server, PLACES)
        assert texts(await recognise(server.ws, pcm("weather"))) == transcripts()["weather"]
        await resting(client)
        client.offer(audio("weather"))
        client.stop()
        told = [event async for event in client]
    finals = [first, *(event for event in told if isinstance(event, Final))]
    assert [final.text for final in finals] == [transcripts()["network"], transcripts()["weather"]]
    assert [event for event in told if isinstance(event, Resumed)]
    assert not [event for event in told if isinstance(event, AudioLost)]

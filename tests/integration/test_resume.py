"""Streams that lose their connection: nothing is lost, nothing comes twice, no stream stays for ever."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress

import pytest
import websockets

from tests.support.samples import packets, pcm, silence, transcripts
from tests.support.server import LiveServer, demo_settings, no_streams, serving
from tests.support.speech_client import SpeechClient, connected, receipt, recognise, texts
from tests.support.waiting import LOOKS_EVERY_S
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.speech import (
    Ack,
    ClientMessage,
    Done,
    Error,
    Final,
    Flush,
    Partial,
    Ping,
    Ready,
    ServerMessage,
    Start,
    Stop,
)
from voicechat_common.transcript import Transcript, join_texts
from voicechat_server.asr import engine

GRACE_S = 0.3
SPEECH = pcm("meeting") + silence(1.2) + pcm("network") + silence(1.2) + pcm("complaint")


@pytest.fixture(scope="module")
def forgetful_server() -> Iterator[LiveServer]:
    """A server that keeps a lost stream for a moment only."""
    with serving(demo_settings(resume_grace_s=GRACE_S)) as server:
        yield server


def cut(client: SpeechClient) -> None:
    """Lose the connection, as when a cable is pulled."""
    client.socket.transport.abort()


class Caller:
    """A client whose connection is lost again and again."""

    def __init__(self, start: Start, data: bytes, seed: int) -> None:
        self.transcript = Transcript()
        self.done: Done | None = None
        self.connections = 0
        self._start = start
        self._data = data
        self._random = random.Random(seed)

    async def call(self, server: LiveServer) -> None:
        """Send everything and hear everything, over as many connections as it takes."""
        while self.done is None:
            async with connected(server.ws) as client:
                self.connections += 1
                await client.send(self._start)
                ready = await client.expect(Ready)
                lasts = self._random.randint(1, 30) if self.connections < 8 else len(self._data)
                await self._talk(client, ready.received_samples * 2, lasts)
            self._start = self._start.model_copy(
                update={"stream_id": ready.stream_id, "finals_received": self.transcript.finals_in_order}
            )

    async def _talk(self, client: SpeechClient, position: int, lasts: int) -> None:
        listening = asyncio.create_task(self._listen(client))
        for _ in range(lasts):
            if position >= len(self._data):
                await client.send(Stop())
                await listening
                return
            packet = self._data[position : position + self._random.randint(1, 9001)]
            position += len(packet)
            await client.send(packet)
            await client.turns(1)
        cut(client)
        await listening

    async def _listen(self, client: SpeechClient) -> None:
        for message in await client.rest():
            if isinstance(message, Partial | Final):
                self.transcript.apply(message)
            elif isinstance(message, Done):
                self.done = message


@pytest.fixture(scope="module", params=[False, True])
def uncut(request: pytest.FixtureRequest, live_server: LiveServer) -> tuple[Start, list[ServerMessage]]:
    """How a stream begins, with endpointing and without, and what it is told when it is never cut."""
    start = Start(endpointing=request.param)
    return start, asyncio.run(recognise(live_server.ws, start, *packets(SPEECH, 3200)))


@pytest.mark.parametrize("seed", range(5))
async def test_a_stream_cut_at_random_moments_gives_the_text_of_an_uncut_one(
    live_server: LiveServer, uncut: tuple[Start, list[ServerMessage]], seed: int
) -> None:
    start, told = uncut
    caller = Caller(start, SPEECH, seed)
    await caller.call(live_server)
    assert caller.connections > 2
    assert join_texts(segment.text for segment in caller.transcript.segments) == texts(told) != ""
    assert caller.done == told[-1]


async def test_a_new_connection_takes_the_stream_over_from_a_half_open_one(live_server: LiveServer) -> None:
    half = len(SPEECH) // 4 * 2
    async with connected(live_server.ws) as old, connected(live_server.ws) as new:
        await old.send(SPEECH[:half])
        ready = await old.expect(Ready)
        while (await old.expect(Ack)).received_samples < half // 2:
            pass
        await new.send(Start(stream_id=ready.stream_id))
        assert (await new.expect(Ready)).received_samples == half // 2
        error = await old.expect(Error)
        assert (error.code, error.fatal) == (ErrorCode.CONNECTION_LOST, True)
        await new.send(SPEECH[half:], Stop())
        text = texts(await new.rest())
    assert text == texts(await recognise(live_server.ws, SPEECH))


async def test_finals_are_told_again_only_if_the_client_lacks_them(live_server: LiveServer) -> None:
    async with connected(live_server.ws) as client:
        await client.send(SPEECH, Flush())
        ready = await client.expect(Ready)
        finals = [await client.expect(Final) for _ in range(3)]
        cut(client)
    async with connected(live_server.ws) as client:
        await client.send(Start(stream_id=ready.stream_id, finals_received=1), Stop())
        assert [message for message in await client.rest() if isinstance(message, Final)] == finals[1:]


async def test_a_stream_nobody_comes_back_for_is_finished(forgetful_server: LiveServer) -> None:
    async with connected(forgetful_server.ws) as client:
        await client.send(pcm("meeting"))
        ready = await client.expect(Ready)
        cut(client)
    await no_streams(forgetful_server)
    async with connected(forgetful_server.ws) as client:
        await client.send(Start(stream_id=ready.stream_id))
        error = await client.expect(Error)
        assert error.code == ErrorCode.UNKNOWN_STREAM
        assert f"{GRACE_S:g} s" in error.advice


async def test_one_who_comes_back_in_time_finds_the_stream(live_server: LiveServer) -> None:
    data = pcm("meeting")
    async with connected(live_server.ws) as client:
        await client.send(data[:64_000])
        ready = await client.expect(Ready)
        await client.expect(Ack)
        cut(client)
    async with connected(live_server.ws) as client:
        await client.send(Start(stream_id=ready.stream_id))
        resumed = await client.expect(Ready)
        await client.send(data[resumed.received_samples * 2 :], Stop())
        assert texts(await client.rest()) == transcripts()["meeting"]


async def test_one_who_vanishes_after_stop_leaves_nothing_behind(forgetful_server: LiveServer) -> None:
    """Also while the receipt is on its way."""
    for turns in range(0, 80, 2):
        async with connected(forgetful_server.ws) as client:
            await client.send(pcm("network"), Stop())
            with suppress(websockets.ConnectionClosed):
                await client.turns(turns)
            cut(client)
    await no_streams(forgetful_server)
    while forgetful_server.server.services.engine._finished:  # noqa: ASYNC110
        await asyncio.sleep(LOOKS_EVERY_S)


async def test_who_lost_the_last_words_with_the_connection_is_told_them_again(
    live_server: LiveServer,
) -> None:
    async with connected(live_server.ws) as client:
        await client.send(SPEECH, Stop())
        ready = await client.expect(Ready)
        told = [message for message in await client.rest() if isinstance(message, Final | Done)]
    for finals_received in (0, 1):
        async with connected(live_server.ws) as client:
            await client.send(Start(stream_id=ready.stream_id, finals_received=finals_received))
            assert (await client.expect(Ready)).received_samples == len(SPEECH) // 2
            assert await client.rest() == told[finals_received:]


async def test_streams_that_are_finished_take_nobody_s_place() -> None:
    with serving(demo_settings(max_streams=1)) as server:
        for _ in range(3):
            assert texts(await recognise(server.ws, pcm("network"))) == transcripts()["network"]
        assert len(server.server.services.engine._finished) == 3


async def test_the_oldest_of_many_finished_streams_is_forgotten_first(
    live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_KEPT_FINISHED", 2)
    names = []
    for _ in range(3):
        async with connected(live_server.ws) as client:
            await client.send(Stop())
            names.append((await client.expect(Ready)).stream_id)
            await client.rest()
    outcomes: list[type[ServerMessage]] = []
    for name in names:
        async with connected(live_server.ws) as client:
            await client.send(Start(stream_id=name))
            outcomes.append(type(await client.receive()))
    assert outcomes == [Error, Ready, Ready]


LAST: dict[str, list[ClientMessage]] = {
    "ping": [Ping(id=1)],
    "flush": [Flush(), Ping(id=1)],
}


@pytest.mark.parametrize("last", LAST)
async def test_a_connection_closed_with_the_last_words_in_the_same_packet_keeps_its_stream(
    live_server: LiveServer, last: str
) -> None:
    """An ack that is due and the pong then both meet a client who is gone."""
    data = pcm("meeting")
    middle, cut_at = len(data) // 16 * 8, len(data) // 16 * 14
    async with connected(live_server.ws) as client:
        await client.send(Start())
        ready = await client.expect(Ready)
        await client.send(data[:middle])
        await client.expect(Partial)
        protocol = client.socket.protocol
        protocol.send_binary(data[middle:cut_at])
        for message in LAST[last]:
            protocol.send_text(encode(message).encode())
        protocol.send_close(1001)
        client.socket.transport.write(b"".join(protocol.data_to_send()))
        await client.closed_with()
    async with connected(live_server.ws) as client:
        await client.send(Start(stream_id=ready.stream_id, finals_received=0))
        again = await client.expect(Ready)
        assert again.received_samples * 2 == cut_at
        await client.send(data[cut_at:], Stop())
        told = await client.rest()
    account = receipt(told)
    assert (account.received_samples * 2, account.dropped_samples) == (len(data), 0)
    assert last == "flush" or texts(told) == transcripts()["meeting"]

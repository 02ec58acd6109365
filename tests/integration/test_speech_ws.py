"""`/ws` on a real socket with real speech: the order of messages, and what a client may rely on."""

import asyncio
import gc
import weakref

import httpx
import numpy as np
import pytest
import soxr
import websockets
from fastapi import WebSocketDisconnect
from jiwer import cer

from tests.support.samples import audio, packets, pcm, silence, transcripts
from tests.support.server import LiveServer
from tests.support.speech_client import SpeechClient, connected, receipt, recognise, texts
from voicechat_common.audio import bytes_of
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.speech import (
    Ack,
    Done,
    Error,
    Final,
    Flush,
    Partial,
    Ping,
    Pong,
    Ready,
    Start,
    Stop,
)
from voicechat_server.api.sockets.client_socket import ClientSocket
from voicechat_server.api.speech.speech_ws import SpeechConnection

WHOLE = Start(endpointing=False)
"""One segment for the whole stream, so that texts compare exactly."""


async def test_a_sentence_is_recognised(live_server: LiveServer) -> None:
    messages = await recognise(live_server.ws, pcm("greeting"))
    assert cer(transcripts()["greeting"], texts(messages)) <= 0.1


async def test_ready_comes_first_and_done_last(live_server: LiveServer) -> None:
    messages = await recognise(live_server.ws, Start(), pcm("weather"))
    assert isinstance(messages[0], Ready)
    assert messages[0].model == "demo"
    assert (messages[0].chunk_ms, messages[0].lookahead_ms) == (600, 300)
    assert messages[0].received_samples == 0
    assert isinstance(messages[-1], Done)
    assert not [message for message in messages if isinstance(message, Error)]


async def test_partials_grow_until_their_final(live_server: LiveServer) -> None:
    messages = await recognise(live_server.ws, WHOLE, *packets(pcm("complaint"), 3200))
    partials = [message for message in messages if isinstance(message, Partial)]
    (final,) = (message for message in messages if isinstance(message, Final))
    assert len(partials) >= 3
    revisions = [partial.revision for partial in partials]
    assert revisions == sorted(set(revisions))
    assert final.revision > revisions[-1]
    assert all(final.text.startswith(partial.text) for partial in partials)
    assert "".join(word.text for word in final.words) == final.text
    starts = [word.start_ms for word in final.words]
    assert starts == sorted(starts)
    assert final.start_ms <= starts[0] <= final.words[-1].end_ms <= final.end_ms


async def test_done_accounts_for_every_sample(live_server: LiveServer) -> None:
    data = pcm("meeting") + silence(1.3) + pcm("network")
    messages = await recognise(live_server.ws, *packets(data, 3333))
    done = receipt(messages)
    assert done.received_samples == len(data) // 2
    assert done.dropped_samples == 0
    assert done.decoded_samples == done.received_samples
    assert done.segments == sum(isinstance(message, Final) for message in messages)


async def test_an_ack_comes_at_least_for_every_second_of_audio(live_server: LiveServer) -> None:
    data = pcm("phone")
    async with connected(live_server.ws) as client:
        for number, packet in enumerate(packets(data, 3200), start=1):
            await client.send(packet)
            if number % 10 == 0:  # a packet is a tenth of a second
                ack = await client.expect(Ack)
                assert 0 <= ack.decoded_samples <= ack.received_samples <= number * 1600
                behind = ack.received_samples - ack.decoded_samples
                assert ack.lag_ms == pytest.approx(behind / 16, abs=1)
        await client.send(Stop())
        await client.expect(Done)


async def test_without_start_the_first_audio_opens_a_stream_of_the_same_text(live_server: LiveServer) -> None:
    with_start = await recognise(live_server.ws, Start(), pcm("ticket"))
    without = await recognise(live_server.ws, pcm("ticket"))
    assert texts(with_start) == texts(without) != ""


async def test_stop_without_audio_is_an_empty_receipt(live_server: LiveServer) -> None:
    messages = await recognise(live_server.ws)
    assert [type(message) for message in messages] == [Ready, Done]
    assert receipt(messages).received_samples == 0


async def test_the_server_closes_with_1000_after_done(live_server: LiveServer) -> None:
    async with connected(live_server.ws) as client:
        await client.send(pcm("repeat"), Stop())
        await client.expect(Done)
        assert await client.closed_with() == 1000


async def test_flush_ends_a_segment_and_keeps_the_stream(live_server: LiveServer) -> None:
    async with connected(live_server.ws) as client:
        await client.send(WHOLE, pcm("greeting"), Flush())
        first = await client.expect(Final)
        await client.expect(Ack)
        await client.send(pcm("network"), Stop())
        second = await client.expect(Final)
        assert (first.segment, second.segment) == (0, 1)
        assert cer(transcripts()["greeting"], first.text) <= 0.1
        assert cer(transcripts()["network"], second.text) <= 0.1


async def test_ping_is_answered_before_during_and_after_audio(live_server: LiveServer) -> None:
    async with connected(live_server.ws) as client:
        await client.send(Ping(id="before"))
        assert await client.receive() == Pong(id="before")
        await client.send(pcm("weather")[:32_000], Ping(id=2))
        assert await client.expect(Pong) == Pong(id=2)
        await client.send(Flush())
        await client.expect(Ack)
        await client.send(Ping())
        assert await client.expect(Pong) == Pong(id=None)


async def test_a_stream_may_ask_for_another_chunk_size(live_server: LiveServer) -> None:
    messages = await recognise(
        live_server.ws, Start(chunk_size=(0, 8, 4), endpointing=False), pcm("complaint")
    )
    assert isinstance(messages[0], Ready)
    assert (messages[0].chunk_ms, messages[0].lookahead_ms) == (480, 240)
    assert cer(transcripts()["complaint"], texts(messages)) <= 0.25


async def test_several_people_at_once_each_get_what_they_get_alone(live_server: LiveServer) -> None:
    names = ["greeting", "complaint", "fridge", "phone", "meeting", "weather", "ticket", "network"]
    alone = {name: texts(await recognise(live_server.ws, WHOLE, pcm(name))) for name in names}

    async def slowly(client: SpeechClient, name: str) -> None:
        for packet in packets(pcm(name), 3200):
            await client.send(packet)
            await client.turns(1)
        await client.send(Stop())

    async def talk(name: str) -> str:
        async with connected(live_server.ws) as client, asyncio.TaskGroup() as group:
            await client.send(WHOLE)
            group.create_task(slowly(client, name))
            return texts(await client.rest())

    together = await asyncio.gather(*(talk(name) for name in names))
    assert dict(zip(names, together, strict=True)) == alone


async def test_bare_text_put_together_is_the_final_text(live_server: LiveServer) -> None:
    data = pcm("greeting") + silence(1.5) + pcm("network")
    expected = texts(await recognise(live_server.ws, data))
    async with connected(live_server.ws, "/ws?format=text") as client:
        await client.send(*packets(data, 3200), Stop())
        frames = [frame async for frame in client.socket]
        assert await client.closed_with() == 1000
    assert "".join(map(str, frames)) == expected != ""
    assert len(frames) > 2


async def test_a_lost_stream_is_resumed_where_it_was(live_server: LiveServer) -> None:
    data = pcm("complaint")
    half = len(data) // 4 * 2
    async with connected(live_server.ws) as client:
        await client.send(WHOLE, data[:half], Ping())
        ready = await client.expect(Ready)
        await client.expect(Pong)
        client.socket.transport.abort()
    async with connected(live_server.ws) as client:
        await client.send(Start(stream_id=ready.stream_id))
        again = await client.expect(Ready)
        assert again.stream_id == ready.stream_id
        assert again.received_samples == half // 2
        await client.send(data[half:], Stop())
        messages = await client.rest()
    assert texts(messages) == texts(await recognise(live_server.ws, WHOLE, data))
    assert receipt(messages).received_samples == len(data) // 2


async def test_the_connections_are_counted(live_server: LiveServer) -> None:
    async with httpx.AsyncClient(base_url=live_server.http) as http, connected(live_server.ws) as client:
        before = (await http.get("/asr/info")).json()["streams_now"]
        await client.send(Start())
        await client.expect(Ready)
        assert (await http.get("/health")).json()["active_connections"] >= 1
        assert (await http.get("/asr/info")).json()["streams_now"] == before + 1


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000])
async def test_another_rate_gives_the_same_text(live_server: LiveServer, rate: int) -> None:
    wave = soxr.resample(audio("meeting").astype(np.float32) / 32_768, 16_000, rate)
    samples = np.clip(np.rint(wave * 32_768), -32_768, 32_767).astype(np.int16)
    messages = await recognise(live_server.ws, Start(sample_rate=rate, endpointing=False), bytes_of(samples))
    assert texts(messages) == texts(await recognise(live_server.ws, WHOLE, pcm("meeting")))
    assert receipt(messages).received_samples == len(samples)


async def test_an_unknown_stream_is_not_resumed_and_another_can_be_opened(live_server: LiveServer) -> None:
    async with connected(live_server.ws) as client:
        await client.send(Start(stream_id="gone"))
        error = await client.expect(Error)
        assert (error.code, error.fatal) == (ErrorCode.UNKNOWN_STREAM, False)
        await client.send(Start())
        await client.expect(Ready)


async def test_a_client_that_is_gone_before_it_is_accepted_leaves_nothing_to_the_collector(
    live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    begin = SpeechConnection.run

    async def run(connection: SpeechConnection) -> None:
        weakref.finalize(connection, loop.call_soon_threadsafe, gone.set)
        await begin(connection)

    async def fail(_: ClientSocket) -> None:
        raise WebSocketDisconnect

    monkeypatch.setattr(SpeechConnection, "run", run)
    monkeypatch.setattr(ClientSocket, "accept", fail)
    gc.disable()
    try:
        with pytest.raises(websockets.InvalidHandshake):
            async with connected(live_server.ws):
                pass
        await gone.wait()
    finally:
        gc.enable()

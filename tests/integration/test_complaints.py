"""What users of such systems complain about most, each as a test that it does not happen here."""

import asyncio
import gc
from collections.abc import Iterator

import numpy as np
import pytest
import soxr

from tests.support.samples import audio, packets, pcm, silence, transcripts
from tests.support.server import LiveServer, demo_settings, no_streams, serving
from tests.support.speech_client import SpeechClient, connected, receipt, recognise, texts
from voicechat_common.audio import bytes_of
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.speech import (
    Done,
    Error,
    Final,
    Flush,
    Partial,
    Ready,
    ServerMessage,
    Start,
    Stop,
)
from voicechat_server.asr.paraformer.pool import StatePool
from voicechat_server.asr.paraformer.state import SegmentState
from voicechat_server.asr.recognition.lane import Lane
from voicechat_server.asr.recognition.segment import Segment
from voicechat_server.asr.recognition.session import SpeechSession
from voicechat_server.asr.streams.handle import StreamHandle
from voicechat_server.asr.streams.stream import Stream

WHOLE = Start(endpointing=False)
ONE, OTHER = "weather", "network"


@pytest.fixture(scope="module")
def small_server() -> Iterator[LiveServer]:
    """A server of three streams that keeps a lost one for a moment only."""
    with serving(demo_settings(max_streams=3, resume_grace_s=0.1)) as server:
        yield server


def finals(messages: list[ServerMessage]) -> list[str]:
    return [message.text for message in messages if isinstance(message, Final)]


def resampled(name: str, rate: int) -> bytes:
    wave = soxr.resample(audio(name).astype(np.float32), 16_000, rate)
    return bytes_of(np.clip(np.rint(wave), -32_768, 32_767).astype(np.int16))


@pytest.mark.parametrize("start", [Start(), WHOLE])
@pytest.mark.parametrize("ending", [Stop(), Flush()])
async def test_the_last_character_is_lost(
    live_server: LiveServer, start: Start, ending: Stop | Flush
) -> None:
    """Not even when the audio ends where the last syllable does, and whichever way it is ended."""
    sound = np.flatnonzero(np.abs(audio(OTHER)) > 200)
    async with connected(live_server.ws) as client:
        await client.send(start, *packets(bytes_of(audio(OTHER)[: int(sound[-1]) + 1]), 3200), ending)
        final = await client.expect(Final)
        assert final.text == transcripts()[OTHER]


async def test_the_tail_of_one_utterance_is_printed_in_the_next(live_server: LiveServer) -> None:
    """Utterances are told apart by a flush, by silence and by streams; each has its own text."""
    expected = [transcripts()[ONE], transcripts()[OTHER], transcripts()[ONE]]
    flushed = await recognise(live_server.ws, WHOLE, pcm(ONE), Flush(), pcm(OTHER), Flush(), pcm(ONE))
    assert finals(flushed) == expected
    pause = silence(1.5)
    paused = await recognise(live_server.ws, pcm(ONE), pause, pcm(OTHER), pause, pcm(ONE))
    assert finals(paused) == expected
    apart = [texts(await recognise(live_server.ws, pcm(name))) for name in (ONE, OTHER, ONE)]
    assert apart == expected


@pytest.mark.parametrize("samples", [0, 1, 399, 400, 511, 512, 959, 960, 9_599, 9_600, 9_601, 19_200])
@pytest.mark.parametrize("start", [Start(), WHOLE])
async def test_the_client_hangs_at_the_end_of_a_file(
    live_server: LiveServer, start: Start, samples: int
) -> None:
    """A file of any length ends with a receipt and a closed socket."""
    sound = pcm(ONE)[10_000 * 2 : (10_000 + samples) * 2]
    async with connected(live_server.ws) as client:
        await client.send(start, sound, Stop())
        messages = await client.rest()
        assert await client.closed_with() == 1000
    assert receipt(messages).received_samples == samples


async def test_final_is_ambiguous_between_segment_and_stream(live_server: LiveServer) -> None:
    """`final` ends a segment, with its number; `done` ends the stream, once, and counts the segments."""
    messages = await recognise(live_server.ws, pcm(ONE), silence(1.5), pcm(OTHER))
    assert [message.segment for message in messages if isinstance(message, Final)] == [0, 1]
    assert [type(message) for message in messages].count(Done) == 1
    assert isinstance(messages[-1], Done)
    assert messages[-1].segments == 2


async def test_caches_of_concurrent_streams_get_mixed(live_server: LiveServer) -> None:
    """Streams of other chunk sizes, rates and sounds, some of which vanish, change nothing for each other."""
    noise = bytes_of(np.random.default_rng(1).integers(-9000, 9000, 64_000).astype(np.int16))
    calls: list[tuple[Start, bytes]] = [
        (WHOLE, pcm("meeting")),
        (Start(endpointing=False, chunk_size=(0, 8, 4)), pcm("meeting")),
        (Start(endpointing=False, chunk_size=(5, 10, 5)), pcm("phone")),
        (Start(endpointing=False, sample_rate=48_000), resampled("fridge", 48_000)),
        (Start(), pcm("repeat") + silence(1) + pcm("greeting")),
        (WHOLE, noise),
    ]
    alone = [texts(await recognise(live_server.ws, start, data)) for start, data in calls]

    async def call(place: int, start: Start, data: bytes) -> str:
        async with connected(live_server.ws) as client:
            await client.send(start)
            for packet in packets(data, 4000 + 999 * place):
                await client.send(packet)
                await client.turns(1 + place % 3)
            await client.send(Stop())
            return texts(await client.rest())

    async def vanish(data: bytes) -> None:
        for _ in range(4):
            async with connected(live_server.ws) as client:
                await client.send(data[: len(data) // 2])
                await client.expect(Partial)
                client.socket.transport.abort()

    together, _ = await asyncio.gather(
        asyncio.gather(*(call(place, *each) for place, each in enumerate(calls))), vanish(pcm("complaint"))
    )
    assert together == alone
    assert [bool(text) for text in alone[:5]] == [True] * 5


PER_STREAM = (Lane, Segment, SegmentState, SpeechSession, Stream, StreamHandle)


def kept() -> dict[str, int]:
    """Objects of streams that are alive in the process, and the rows of all state pools."""
    gc.collect()
    objects = gc.get_objects()
    counts = {kind.__name__: sum(type(thing) is kind for thing in objects) for kind in PER_STREAM}
    return counts | {"rows": sum(len(thing.overlap) for thing in objects if type(thing) is StatePool)}


async def test_memory_grows_per_connection(small_server: LiveServer) -> None:
    """Whether streams are stopped, closed in the middle or torn away: nothing of them stays."""

    async def one(client: SpeechClient, way: int) -> None:
        await client.send(Start(endpointing=way % 2 == 0), pcm(ONE)[:48_000])
        await client.expect(Ready)
        if way < 2:
            await client.send(Stop())
            await client.expect(Done)
        elif way == 2:
            await client.expect(Partial)
            client.socket.transport.abort()

    async def some() -> dict[str, int]:
        for way in (0, 1, 2, 3) * 3:
            async with connected(small_server.ws) as client:
                await one(client, way)
            await no_streams(small_server)
        return kept()

    before = await some()
    assert await some() == before


@pytest.mark.parametrize("rate", [-16_000, 0, 4_000, 96_000, 16_000.5])
async def test_a_wrong_sample_rate_gives_garbage_instead_of_an_error(
    live_server: LiveServer, rate: float
) -> None:
    async with connected(live_server.ws) as client:
        await client.send(f'{{"type":"start","sample_rate":{rate}}}')
        error = await client.expect(Error)
        assert error.code == ErrorCode.BAD_FIELD
        assert "sample_rate" in error.message
        await client.send(Start(sample_rate=44_100), resampled(OTHER, 44_100), Stop())
        assert texts(await client.rest()) == transcripts()[OTHER]


async def test_a_full_server_freezes_instead_of_refusing(small_server: LiveServer) -> None:
    """Who is one too many is told so at once; those who were accepted notice nothing."""
    async with (
        connected(small_server.ws) as a,
        connected(small_server.ws) as b,
        connected(small_server.ws) as c,
    ):
        accepted = [a, b, c]
        for client in accepted:
            await client.send(Start(endpointing=False), pcm(OTHER)[:20_000])
            await client.expect(Ready)
        for _ in range(5):
            async with connected(small_server.ws) as refused:
                await refused.send(Start())
                error = await refused.expect(Error)
                assert (error.code, error.fatal) == (ErrorCode.BUSY, True)
                assert error.retry_after_s
                assert await refused.closed_with() == 1013
        for client in accepted:
            await client.send(pcm(OTHER)[20_000:], Stop())
            assert texts(await client.rest()) == transcripts()[OTHER]
    assert texts(await recognise(small_server.ws, pcm(OTHER))) == transcripts()[OTHER]


async def test_one_slow_client_stops_all(small_server: LiveServer) -> None:
    """A client that reads nothing of what it is told holds up nobody."""
    async with connected(small_server.ws) as deaf:
        deaf.socket.transport.pause_reading()
        await deaf.send(WHOLE, *packets(pcm("talk"), 3200))
        assert texts(await recognise(small_server.ws, pcm(OTHER))) == transcripts()[OTHER]
        deaf.socket.transport.resume_reading()
        await deaf.send(Stop())
        assert receipt(await deaf.rest()).received_samples == len(audio("talk"))


async def test_ping_timeouts_under_load_because_inference_blocks_the_loop(live_server: LiveServer) -> None:
    async with connected(live_server.ws) as busy, connected(live_server.ws) as client:
        await busy.send(WHOLE, pcm("talk"), Stop())
        recognising = asyncio.create_task(busy.rest())
        await client.turns(20)
        assert not recognising.done()
        assert receipt(await recognising).dropped_samples == 0

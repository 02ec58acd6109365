"""What a client does wrong on `/ws`: each gets a clear error, and nobody else notices."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import numpy as np
import pytest
import websockets

from tests.support.samples import DIRECTORY, audio, packets, pcm
from tests.support.server import LiveServer
from tests.support.speech_client import SpeechClient, connected, receipt, recognise, texts
from voicechat_common.audio import Resampler, Samples, bytes_of
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.speech import Error, Ping, Pong, Ready, Start, Stop

WEBM = Path(__file__).parents[1] / "recordings" / "complaint.webm"
"""A sample as a browser's recorder makes it."""

pytestmark = pytest.mark.usefixtures("the_others_are_untouched")


@pytest.fixture(scope="module")
def expected(live_server: LiveServer) -> str:
    """What another speaker gets when nobody does anything wrong."""
    return asyncio.run(_alone(live_server))


async def _alone(live_server: LiveServer) -> str:
    return texts(await recognise(live_server.ws, pcm("complaint")))


@pytest.fixture
async def the_others_are_untouched(live_server: LiveServer, expected: str) -> AsyncIterator[None]:
    """Another speaker talks before, during and after the test, and gets the same text as ever."""
    half = len(pcm("complaint")) // 4 * 2
    async with connected(live_server.ws) as other:
        await other.send(pcm("complaint")[:half])
        await other.expect(Ready)
        yield
        await other.send(pcm("complaint")[half:], Stop())
        assert texts(await other.rest()) == expected


async def error_of(client: SpeechClient, *frames: str | bytes | Start | Stop) -> Error:
    await client.send(*frames)
    return await client.expect(Error)


@asynccontextmanager
async def still_usable(live_server: LiveServer) -> AsyncIterator[SpeechClient]:
    """A connection that must still recognise after what is done to it."""
    async with connected(live_server.ws) as client:
        yield client
        await client.send(Ping(id=1))
        assert await client.expect(Pong) == Pong(id=1)
        await client.send(Start(), pcm("network"), Stop())
        messages = await client.rest()
        assert texts(messages) == texts(await recognise(live_server.ws, pcm("network")))
        assert receipt(messages).received_samples == len(pcm("network")) // 2


@pytest.mark.parametrize("text", ["hello", "", "{", "[1,", '{"type":"ping"} and more'])
async def test_text_that_is_no_json(live_server: LiveServer, text: str) -> None:
    async with still_usable(live_server) as client:
        error = await error_of(client, text)
        assert (error.code, error.fatal) == (ErrorCode.BAD_JSON, False)
        assert "binary frames" in error.advice


@pytest.mark.parametrize("text", ['{"type":"begin"}', '{"type":7}', "[]", "null", '"start"', "{}"])
async def test_an_unknown_type(live_server: LiveServer, text: str) -> None:
    async with still_usable(live_server) as client:
        error = await error_of(client, text)
        assert (error.code, error.fatal) == (ErrorCode.UNKNOWN_TYPE, False)
        assert "start, flush, stop, ping" in error.advice


async def test_start_after_audio(live_server: LiveServer) -> None:
    async with connected(live_server.ws) as client:
        data = pcm("network")
        await client.send(data[:3200])
        error = await error_of(client, Start(sample_rate=8000))
        assert (error.code, error.fatal) == (ErrorCode.BAD_ORDER, False)
        assert "before the first audio" in error.advice
        await client.send(data[3200:], Stop())
        assert texts(await client.rest()) == texts(await recognise(live_server.ws, data))


@pytest.mark.parametrize("rate", ["0", "-16000", "7999", "48001", "1e9", '"fast"', "null", "16000.5"])
async def test_an_impossible_sample_rate(live_server: LiveServer, rate: str) -> None:
    async with connected(live_server.ws) as client:
        error = await error_of(client, f'{{"type":"start","sample_rate":{rate}}}')
        assert (error.code, error.fatal) == (ErrorCode.BAD_FIELD, False)
        assert "sample_rate" in error.message
        await client.send(Start(), pcm("network"), Stop())
        assert texts(await client.rest()) == texts(await recognise(live_server.ws, pcm("network")))


@pytest.mark.parametrize(
    "chunk_size", ['["a",10,5]', "[0,0,0]", "[0,10,0]", "[0,10]", '"0,10,5"', "[-5,10,5]", "[0,1e9,5]"]
)
async def test_a_chunk_size_with_letters_or_zeros(live_server: LiveServer, chunk_size: str) -> None:
    async with connected(live_server.ws) as client:
        error = await error_of(client, f'{{"type":"start","chunk_size":{chunk_size}}}')
        assert (error.code, error.fatal) == (ErrorCode.BAD_FIELD, False)
        assert "chunk_size" in error.message
        await client.send(Start(chunk_size=(0, 10, 5)))
        assert (await client.expect(Ready)).chunk_ms == 600


@pytest.mark.parametrize(
    "first",
    [
        '{"type":"start","sample_rate":1}',
        '{"type":"strat","sample_rate":8000}',
        '{"type":"session.update","session":{"input_audio_format":"g711_ulaw"}}',
        '{"mode":"2pass","chunk_size":[5,10,5],"wav_format":"pcm","is_speaking":true}',
        '{"config":{"sample_rate":8000}}',
        '[{"type":"start"}]',
        "start",
        b'{"type":"start","sample_rate":8000}',
        b' {"config":{"sample_rate":8000}}\n',
    ],
)
async def test_audio_after_a_first_message_that_can_not_be_used_is_ignored_until_a_start_is_accepted(
    live_server: LiveServer, first: str | bytes
) -> None:
    async with connected(live_server.ws) as client:
        await error_of(client, first)
        error = await error_of(client, b"\0\0" * 800, b"\0\0" * 800, b"\0\0" * 800)
        assert (error.code, error.fatal) == (ErrorCode.BAD_ORDER, False)
        assert "`start`" in error.advice
        await client.send(Start(), pcm("network"), Stop())
        messages = await client.rest()
        assert not [message for message in messages if isinstance(message, Error)]
        assert receipt(messages).received_samples == len(pcm("network")) // 2


async def test_flush_before_there_is_a_stream(live_server: LiveServer) -> None:
    async with still_usable(live_server) as client:
        error = await error_of(client, '{"type":"flush"}')
        assert (error.code, error.fatal) == (ErrorCode.BAD_ORDER, False)


async def test_a_20_mb_frame(live_server: LiveServer) -> None:
    async with connected(live_server.ws) as client:
        error = await error_of(client, bytes(20_000_000))
        assert (error.code, error.fatal) == (ErrorCode.FRAME_TOO_LARGE, True)
        assert "20000000 bytes" in error.message
        assert "smaller binary frames" in error.advice
        assert await client.closed_with() == 1009


async def test_a_frame_far_beyond_any_limit_is_not_even_read(live_server: LiveServer) -> None:
    limit = live_server.server.config.ws_max_size
    async with connected(live_server.ws) as client:
        with suppress(websockets.ConnectionClosed):
            await client.send(bytes(limit + 1))
        assert await client.closed_with() == 1009


async def test_a_text_frame_as_long_as_a_book(live_server: LiveServer) -> None:
    async with connected(live_server.ws) as client:
        error = await error_of(client, '{"type":"ping","id":"' + "x" * 70_000 + '"}')
        assert (error.code, error.fatal) == (ErrorCode.FRAME_TOO_LARGE, True)
        assert await client.closed_with() == 1009


@pytest.mark.parametrize("size", [1, 44, 3200, 1_000_000])
async def test_a_wav_header_sent_as_if_it_were_pcm(live_server: LiveServer, size: int) -> None:
    file = (DIRECTORY / "network.wav").read_bytes()
    async with connected(live_server.ws) as client:
        error = await error_of(client, *packets(file, size)[:200])
        assert (error.code, error.fatal) == (ErrorCode.NOT_PCM, True)
        assert "WAV" in error.message
        assert "voicechat-tui replay" in error.advice
        assert await client.closed_with() == 1003


@pytest.mark.parametrize("size", [1, 3200, 1_000_000])
async def test_what_a_browser_records_sent_as_if_it_were_pcm(live_server: LiveServer, size: int) -> None:
    async with connected(live_server.ws) as client:
        error = await error_of(client, *packets(WEBM.read_bytes(), size)[:200])
        assert (error.code, error.fatal) == (ErrorCode.NOT_PCM, True)
        assert "WebM" in error.message
        assert "16-bit little-endian mono" in error.advice
        assert "MediaRecorder" in error.advice
        assert await client.closed_with() == 1003


async def test_samples_encoded_as_text(live_server: LiveServer) -> None:
    async with connected(live_server.ws, "/ws?format=text") as client:
        await client.send(*packets(base64.b64encode(pcm("network")), 1000)[:20])
        assert await client.closed_with() == 1003
        reason = client.socket.close_reason or ""
        assert reason.startswith("not_pcm: The audio begins like base64 data")


@pytest.mark.parametrize(
    "message", [b'{"type":"stop"}', b'{"eof" : 1}', b'{"is_speaking": false}\n', b"EOS", b'{"text":"EOS"}']
)
async def test_a_message_in_a_binary_frame_is_told_once_and_is_no_audio(
    live_server: LiveServer, message: bytes
) -> None:
    data = pcm("network")
    async with connected(live_server.ws) as client:
        error = await error_of(client, data[:3200], message)
        assert (error.code, error.fatal) == (ErrorCode.MESSAGE_IN_BINARY, False)
        assert '{"type":"stop"}' in error.advice
        await client.send(data[3200:], message, Stop())
        messages = await client.rest()
    assert not [message for message in messages if isinstance(message, Error)]
    assert receipt(messages).received_samples == len(data) // 2
    assert texts(messages) == texts(await recognise(live_server.ws, data))


async def test_an_empty_frame_opens_no_stream(live_server: LiveServer) -> None:
    async with connected(live_server.ws) as client:
        await client.send(b"", Start(sample_rate=8000), pcm("network"), b"", Stop())
        messages = await client.rest()
    assert not [message for message in messages if isinstance(message, Error)]


async def test_8_bit_samples_declared_as_16_bit_ones(live_server: LiveServer) -> None:
    """They are recognised as what they were declared as; the client is told, once, and gets its receipt."""
    data = (audio("talk")[:100_000] // 256 + 128).astype(np.uint8).tobytes()
    messages = await recognise(live_server.ws, *packets(data, 3200))
    (error,) = (message for message in messages if isinstance(message, Error))
    assert (error.code, error.fatal) == (ErrorCode.EIGHT_BIT, False)
    assert "16-bit" in error.advice
    assert receipt(messages).received_samples == len(data) // 2


@pytest.mark.parametrize("size", [777, 3200, 1_000_000])
async def test_samples_of_another_form_are_told_once(live_server: LiveServer, size: int) -> None:
    data = (audio("talk") / np.float32(32_768)).astype("<f4").tobytes()[:600_000]
    messages = await recognise(live_server.ws, *packets(data, size))
    (error,) = (message for message in messages if isinstance(message, Error))
    assert (error.code, error.fatal) == (ErrorCode.WRONG_FORM, False)
    assert "32-bit floating-point" in error.message
    assert "16-bit little-endian mono" in error.advice
    assert receipt(messages).received_samples == len(data) // 2


async def test_in_bare_text_what_was_wrong_with_the_audio_is_told_when_it_is_over(
    live_server: LiveServer,
) -> None:
    data = np.repeat(audio("talk")[:150_000], 2).tobytes()
    async with connected(live_server.ws, "/ws?format=text") as client:
        await client.send(*packets(data, 3200), Stop())
        assert await client.closed_with() == 1008
        reason = client.socket.close_reason or ""
        assert reason.startswith("wrong_form: The audio looks like two interleaved channels")


@pytest.mark.parametrize("size", [9600, 1_000_000])
async def test_speech_at_another_rate_than_declared_is_told_once(live_server: LiveServer, size: int) -> None:
    data = at_rate(48_000, audio("talk")[:200_000])
    messages = await recognise(live_server.ws, *packets(data, size))
    (error,) = (message for message in messages if isinstance(message, Error))
    assert (error.code, error.fatal) == (ErrorCode.WRONG_RATE, False)
    assert '"sample_rate":48000' in error.advice
    assert receipt(messages).received_samples == len(data) // 2


async def test_the_same_speech_declared_as_it_is(live_server: LiveServer) -> None:
    data = at_rate(48_000, audio("talk")[:200_000])
    messages = await recognise(live_server.ws, Start(sample_rate=48_000), *packets(data, 9600))
    assert not [message for message in messages if isinstance(message, Error)]


def at_rate(rate: int, samples: Samples) -> bytes:
    resampler = Resampler(16_000, rate)
    return bytes_of(np.concatenate((resampler.process(samples), resampler.finish())))


async def test_a_minute_of_noise_is_told_once(live_server: LiveServer) -> None:
    noise = np.random.default_rng(1).normal(0, 3000, 130 * 16_000).astype("<i2").tobytes()
    messages = await recognise(live_server.ws, *packets(noise, 320_000))
    (error,) = (message for message in messages if isinstance(message, Error))
    assert (error.code, error.fatal) == (ErrorCode.NO_SPEECH, False)
    assert receipt(messages).received_ms == 130_000


async def test_a_client_that_vanishes_in_the_middle(live_server: LiveServer) -> None:
    async with connected(live_server.ws) as client:
        await client.send(pcm("complaint")[:20_001])
        await client.expect(Ready)
        client.socket.transport.abort()
    async with httpx.AsyncClient(base_url=live_server.http) as http:
        assert (await http.get("/ready")).status_code == 200


async def test_a_client_that_goes_with_everything_sent_but_no_stop(live_server: LiveServer) -> None:
    async with connected(live_server.ws) as client:
        await client.send(pcm("complaint"))
        await client.expect(Ready)
        await client.socket.close(1001)
    assert texts(await recognise(live_server.ws, pcm("network")))


@pytest.mark.parametrize("late", [b"\0\0", Stop(), '{"type":"flush"}'])
async def test_anything_after_stop(live_server: LiveServer, late: bytes | str | Stop) -> None:
    async with connected(live_server.ws) as client:
        await client.send(pcm("network"), Stop(), late)
        messages = await client.rest()
    (error,) = (message for message in messages if isinstance(message, Error))
    assert (error.code, error.fatal) == (ErrorCode.BAD_ORDER, False)
    assert receipt(messages).received_samples == len(pcm("network")) // 2


async def test_an_unknown_format(live_server: LiveServer) -> None:
    async with connected(live_server.ws, "/ws?format=xml") as client:
        error = await client.expect(Error)
        assert (error.code, error.fatal) == (ErrorCode.BAD_FIELD, True)
        assert await client.closed_with() == 1008


async def test_a_mistake_in_the_bare_text_format_closes_with_its_reason(live_server: LiveServer) -> None:
    async with connected(live_server.ws, "/ws?format=text") as client:
        await client.send("hello")
        assert await client.closed_with() == 1008
        assert (client.socket.close_reason or "").startswith("bad_json: The text frame is not JSON")

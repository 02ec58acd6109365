"""A server with tight limits: who is silent, too many, too fast or gone for good."""

import time
from collections.abc import Iterator

import pytest

from tests.support.samples import packets, pcm, transcripts
from tests.support.server import LiveServer, demo_settings, no_streams, serving, streams_now
from tests.support.speech_client import connected, receipt, recognise, texts
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.speech import Done, Error, Final, Ping, Pong, Ready, Start, Stop

GRACE_S = 0.2
IDLE_S = 2.0


@pytest.fixture(scope="module")
def tight_server() -> Iterator[LiveServer]:
    settings = demo_settings(idle_timeout_s=IDLE_S, max_streams=1, max_lag_s=1, resume_grace_s=GRACE_S)
    with serving(settings) as server:
        yield server


async def test_one_that_connects_and_says_nothing(tight_server: LiveServer) -> None:
    began = time.monotonic()
    async with connected(tight_server.ws) as client:
        error = await client.expect(Error)
        assert (error.code, error.fatal) == (ErrorCode.IDLE_TIMEOUT, True)
        assert f"{IDLE_S:g} s" in error.message
        assert await client.closed_with() == 1008
    assert time.monotonic() - began >= IDLE_S


async def test_a_stream_without_audio_is_no_use_either(tight_server: LiveServer) -> None:
    async with connected(tight_server.ws) as client:
        await client.send(Start(), bytes(100))
        await client.expect(Ready)
        for _ in range(10):
            await client.send(Ping())
            await client.expect(Pong)
        message = await client.expect(Error)
        assert (message.code, message.fatal) == (ErrorCode.IDLE_TIMEOUT, True)
        assert "no audio has come" in message.message
        assert await client.closed_with() == 1008
    await no_streams(tight_server)


async def test_a_stream_may_be_silent_for_longer_once_it_has_begun(tight_server: LiveServer) -> None:
    async with connected(tight_server.ws) as client:
        await client.send(Start(), bytes(3_200))
        await client.expect(Ready)
        async with connected(tight_server.ws) as idle:
            assert await idle.closed_with() == 1008
        await client.send(Stop())
        assert isinstance((await client.rest())[-1], Done)


async def test_one_more_than_the_server_carries_is_told_when_to_try_again(tight_server: LiveServer) -> None:
    begin, rest = pcm("network")[:6_400], pcm("network")[6_400:]
    async with connected(tight_server.ws) as first, connected(tight_server.ws) as second:
        await first.send(Start(), begin)
        await first.expect(Ready)
        await second.send(pcm("network"))
        error = await second.expect(Error)
        assert (error.code, error.fatal) == (ErrorCode.BUSY, True)
        assert error.retry_after_s is not None
        assert error.retry_after_s > 0
        assert await second.closed_with() == 1013
        await first.send(rest, Stop())
        assert texts(await first.rest()) == transcripts()["network"]
    assert texts(await recognise(tight_server.ws, pcm("network"))) == transcripts()["network"]


async def test_a_file_sent_faster_than_it_is_recognised_loses_nothing(tight_server: LiveServer) -> None:
    data = pcm("talk")
    slowly = texts(await recognise(tight_server.ws, *packets(data, 32_000)))
    messages = await recognise(tight_server.ws, data)
    assert texts(messages) == slowly != ""
    done = receipt(messages)
    assert (done.received_samples, done.dropped_samples) == (len(data) // 2, 0)


@pytest.mark.parametrize("path", ["/ws", "/ws?format=text"])
async def test_one_that_does_not_come_back_leaves_nothing_behind(tight_server: LiveServer, path: str) -> None:
    async with connected(tight_server.ws, path) as client:
        await client.send(pcm("complaint"))
        await client.socket.recv()
        assert await streams_now(tight_server) == 1
        client.socket.transport.abort()
    await no_streams(tight_server)


async def test_a_stream_that_expired_is_unknown(tight_server: LiveServer) -> None:
    async with connected(tight_server.ws) as client:
        await client.send(Start())
        ready = await client.expect(Ready)
    await no_streams(tight_server)
    async with connected(tight_server.ws) as client:
        await client.send(Start(stream_id=ready.stream_id))
        error = await client.expect(Error)
        assert (error.code, error.fatal) == (ErrorCode.UNKNOWN_STREAM, False)
        assert f"{GRACE_S:g} s" in error.advice


async def test_a_server_that_ends_tells_and_sends_the_finals_first() -> None:
    with serving(demo_settings(shutdown_grace_s=10)) as server:
        expected = texts(await recognise(server.ws, pcm("weather")))
        async with connected(server.ws) as speaking, connected(server.ws) as silent:
            await speaking.send(pcm("weather"))
            await speaking.expect(Ready)
            server.server.should_exit = True
            error = await speaking.expect(Error)
            assert (error.code, error.fatal) == (ErrorCode.SHUTTING_DOWN, False)
            messages = await speaking.rest()
            assert await speaking.closed_with() == 1012
            assert isinstance(messages[-1], Done)
            assert receipt(messages).received_samples == len(pcm("weather")) // 2
            assert [message.text for message in messages if isinstance(message, Final)] == [expected]
            told = await silent.expect(Error)
            assert (told.code, told.fatal) == (ErrorCode.SHUTTING_DOWN, True)
            assert await silent.closed_with() == 1012


@pytest.fixture(scope="module")
def weighing_server() -> Iterator[LiveServer]:
    # What a batch costs besides its chunks is measured, and more on a busy machine: there is room for that.
    with serving(demo_settings(max_streams=8, resume_grace_s=GRACE_S)) as server:
        yield server


async def test_a_stream_of_a_size_that_costs_as_much_as_many_is_refused_beside_others(
    weighing_server: LiveServer,
) -> None:
    async with connected(weighing_server.ws) as usual, connected(weighing_server.ws) as dear:
        await usual.send(Start())
        await usual.expect(Ready)
        await dear.send(Start(chunk_size=(30, 1, 30)))
        error = await dear.expect(Error)
        assert error.code == ErrorCode.BUSY
        assert "no room for one of chunk size [30, 1, 30]" in error.message
        assert "Leave `chunk_size` out" in error.advice
        async with connected(weighing_server.ws) as another:
            await another.send(Start(chunk_size=(0, 60, 5)))
            await another.expect(Ready)
            assert await streams_now(weighing_server) == 2
    await no_streams(weighing_server)


async def test_one_that_is_alone_may_have_any_size_and_others_wait(weighing_server: LiveServer) -> None:
    for _ in range(2):
        async with connected(weighing_server.ws) as dear, connected(weighing_server.ws) as usual:
            await dear.send(Start(chunk_size=(30, 1, 30)))
            await dear.expect(Ready)
            assert await streams_now(weighing_server) == 1
            await usual.send(Start())
            assert (await usual.expect(Error)).code == ErrorCode.BUSY
            await dear.send(Stop())
            await dear.rest()
        assert texts(await recognise(weighing_server.ws, pcm("network"))) == transcripts()["network"]
        await no_streams(weighing_server)

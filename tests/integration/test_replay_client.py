"""The speech client over real sockets: outages, refusals, and peers that are no voicechat server."""

import asyncio
import socket
from dataclasses import replace
from http import HTTPStatus

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.protocol import State

from tests.support.other_server import answering
from tests.support.speech_peer import (
    Behaviour,
    SpeechPeer,
    answer,
    drop_after,
    fall_silent_after,
    forget_after,
    refuse,
    say,
    say_nothing,
    slow,
    speech_peer,
)
from tests.support.waiting import WITHIN_S
from voicechat_common.audio import Samples
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import Done, Error, Final, Ready, Start
from voicechat_tui.client.connection.core import Retrying
from voicechat_tui.client.speech.client import SpeechClient
from voicechat_tui.client.speech.events import AudioLost, Event, Resumed
from voicechat_tui.client.speech.policy import SpeechPolicy

QUICK = SpeechPolicy(
    open_s=WITHIN_S,
    ping_after_s=0.1,
    dead_after_s=WITHIN_S,
    check_s=0.02,
    unreachable_s=0.3,
    not_ready_s=WITHIN_S,
    lost_s=WITHIN_S,
    busy_wait_s=0.01,
    first_delay_s=0.01,
    longest_delay_s=0.05,
)
"""Tries again at once, and has patience with a peer that answers: a busy machine may be slow at it."""
IMPATIENT = replace(QUICK, not_ready_s=0.5, lost_s=0.5)
"""For a peer that is to be given up."""
SOON_S = 0.3


def speech(seconds: float = 1.0) -> Samples:
    return (np.arange(int(16_000 * seconds)) % 30_000 + 1).astype(np.int16)


async def talk(
    url: str, audio: Samples, policy: SpeechPolicy = QUICK, *, start: Start | None = None
) -> list[Event]:
    """Send audio and return the events."""
    async with SpeechClient(url, start, policy) as client:

        async def feed() -> None:
            for at in range(0, len(audio), 1600):
                if not await client.send(audio[at : at + 1600]):
                    return
                await asyncio.sleep(0)
            client.stop()

        feeder = asyncio.create_task(feed())
        try:
            return [event async for event in client]
        finally:
            await feeder


def of(events: list[Event], kind: type[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, kind)]


async def failure(*behaviours: Behaviour, policy: SpeechPolicy = IMPATIENT) -> VoicechatError:
    """How a stream to such a peer fails."""
    async with speech_peer(*behaviours) as peer:
        with pytest.raises(VoicechatError) as caught:
            await talk(peer.url, speech(), policy)
    return caught.value


async def test_a_stream_without_trouble() -> None:
    async with speech_peer() as peer:
        events = await talk(peer.url, speech(), start=Start(user="anna", chunk_size=(0, 8, 4)))
        assert peer.audio == speech().tolist()
    assert isinstance(events[0], Ready)
    assert isinstance(events[-1], Done)
    assert peer.counting.started == [Start(user="anna", chunk_size=(0, 8, 4))]
    assert max(peer.packets) == 3200


async def test_lost_connections_are_resumed_without_loss() -> None:
    async with speech_peer(drop_after(3), drop_after(1), drop_after(4), answer) as peer:
        events = await talk(peer.url, speech())
        assert peer.audio == speech().tolist()
    assert peer.connections == 4
    assert [start.stream_id for start in peer.counting.started] == [None, *["stream-0"] * 3]
    assert len(of(events, Resumed)) == 3
    assert len(of(events, Final)) == 1
    assert not of(events, AudioLost)


async def test_a_restarted_server_gets_what_it_forgot_again() -> None:
    async with speech_peer(forget_after(5), answer) as peer:
        events = await talk(peer.url, speech())
        assert peer.audio == speech().tolist()
    assert len(peer.counting.all_streams) == 2
    restarts = [event for event in events if isinstance(event, Resumed)]
    assert [event.restarted for event in restarts] == [True]


async def test_an_application_can_cut_its_own_connection() -> None:
    async with speech_peer() as peer, SpeechClient(peer.url, policy=QUICK) as client:
        events = []
        async for event in client:
            events.append(event)
            if isinstance(event, Ready):
                await client.send(speech(0.2))
                client.cut()
            if isinstance(event, Resumed):
                client.stop()
        assert peer.audio == speech(0.2).tolist()
    assert len(of(events, Resumed)) == 1


async def test_a_peer_that_falls_silent_is_left_and_found_again() -> None:
    async with speech_peer(fall_silent_after(4), answer) as peer:
        events = await talk(peer.url, speech(), replace(QUICK, dead_after_s=SOON_S))
        assert peer.audio == speech().tolist()
    # On a busy machine the one that answers may be silent for as long.
    reasons = {event.reason for event in events if isinstance(event, Retrying)}
    assert reasons == {"Nothing was heard from the server for 0.3 s."}


async def test_a_peer_that_is_only_slow_is_not_left() -> None:
    policy = replace(QUICK, ring_s=0.5, window_s=0.25, dead_after_s=1.0)
    async with speech_peer(slow(0.1)) as peer:
        events = await talk(peer.url, speech(), policy)
        assert peer.audio == speech().tolist()
    assert not of(events, Retrying)


async def test_a_sender_that_does_not_wait_loses_the_oldest_audio_and_is_told() -> None:
    policy = replace(QUICK, ring_s=1.0, window_s=0.5)
    async with speech_peer(drop_after(2), answer) as peer, SpeechClient(peer.url, policy=policy) as client:
        lost = 0
        async for event in client:
            if isinstance(event, Ready):
                client.offer(speech(0.1))
            if isinstance(event, Retrying):
                client.offer(speech(3.0)[1_600:])
                client.stop()
            if isinstance(event, AudioLost):
                lost += event.ms
        assert len(peer.audio) == 48_000
        assert peer.audio[-16_000:] == speech(3.0)[-16_000:].tolist()
    assert lost == 1900


async def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{free.getsockname()[1]}/ws"
    with pytest.raises(VoicechatError) as caught:
        await talk(url, speech())
    assert caught.value.code is ErrorCode.SERVER_UNREACHABLE
    assert "nothing listens there" in caught.value.message
    assert "voicechat-server" in caught.value.advice


async def test_a_host_name_that_does_not_exist() -> None:
    with pytest.raises(VoicechatError) as caught:
        await talk("ws://no-such-host.invalid/ws", speech(), replace(QUICK, unreachable_s=0.0))
    assert caught.value.code is ErrorCode.SERVER_UNREACHABLE


async def test_a_server_that_goes_away_for_good() -> None:
    error = await failure(drop_after(3), drop_after(0))
    assert error.code is ErrorCode.CONNECTION_LOST


BUSY = Error(
    code="busy", message="All 4 streams are taken.", advice="Come back.", retry_after_s=0.02, fatal=True
)
NOT_READY = Error(code="not_ready", message="Loading.", advice="Wait.", retry_after_s=0.05, fatal=True)


async def test_a_full_server_is_waited_for() -> None:
    async with speech_peer(refuse(BUSY), refuse(BUSY), answer) as peer:
        events = await talk(peer.url, speech())
    assert [event for event in events if isinstance(event, Retrying)] == [
        Retrying(in_s=0.02, reason="All 4 streams are taken.")
    ] * 2
    assert isinstance(events[-1], Done)


async def test_a_server_that_stays_full_is_left_after_some_tries() -> None:
    async with speech_peer(refuse(BUSY)) as peer:
        with pytest.raises(VoicechatError) as caught:
            await talk(peer.url, speech())
    assert (caught.value.code, peer.connections) == (ErrorCode.BUSY, 6)


async def test_a_server_that_loads_its_model_is_waited_for() -> None:
    async with speech_peer(*[refuse(NOT_READY)] * 4, answer) as peer:
        events = await talk(peer.url, speech())
    assert len(of(events, Retrying)) == 4
    assert isinstance(events[-1], Done)


async def test_a_server_that_never_gets_ready_is_left() -> None:
    assert (await failure(refuse(NOT_READY))).code is ErrorCode.NOT_READY


async def test_a_refusal_that_would_come_again_is_told_at_once() -> None:
    error = Error(code="bad_field", message="No such chunk size.", advice="Use another.", fatal=True)
    caught = await failure(refuse(error, 1008))
    assert (caught.code, caught.message) == (ErrorCode.BAD_FIELD, "No such chunk size.")


@pytest.mark.parametrize("text", ["<html>hello</html>", b"\0\1\2", '{"hello": "world"}'])
async def test_a_websocket_that_speaks_something_else(text: str | bytes) -> None:
    assert (await failure(say(text))).code is ErrorCode.PROTOCOL_MISMATCH


async def test_another_version_of_the_protocol() -> None:
    ready = '{"type":"ready","stream_id":"s","model":"m","chunk_ms":600,"lookahead_ms":300,"protocol":9}'
    assert (await failure(say(ready))).code is ErrorCode.PROTOCOL_MISMATCH


async def test_a_websocket_that_never_answers() -> None:
    error = await failure(say_nothing, policy=replace(IMPATIENT, open_s=SOON_S))
    assert error.code is ErrorCode.SERVER_UNREACHABLE
    assert "did not answer within 0.3 s" in error.message


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (HTTPStatus.NOT_FOUND, ErrorCode.PROTOCOL_MISMATCH),
        (HTTPStatus.OK, ErrorCode.PROTOCOL_MISMATCH),
        (HTTPStatus.BAD_GATEWAY, ErrorCode.SERVER_UNREACHABLE),
    ],
)
async def test_a_web_server_without_a_speech_socket(status: HTTPStatus, code: ErrorCode) -> None:
    async with serve(
        lambda socket: socket.close(),
        "127.0.0.1",
        0,
        process_request=lambda connection, request: connection.respond(status, "no"),
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        with pytest.raises(VoicechatError, match=f"HTTP {status.value}") as caught:
            await talk(f"ws://127.0.0.1:{port}/ws", speech())
    assert caught.value.code is code


@pytest.mark.parametrize(
    "target", ["ws://[::1", "ftp://127.0.0.1:1/", "ws://a%ff:b@host/", "ws://host:99999"]
)
async def test_a_web_server_that_redirects_to_what_is_no_address(target: str) -> None:
    answer = f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
    with (
        answering(answer) as address,
        pytest.raises(VoicechatError, match="not a WebSocket address") as caught,
    ):
        await talk(f"ws://{address}/ws", speech())
    assert caught.value.code is ErrorCode.PROTOCOL_MISMATCH


@pytest.mark.parametrize(
    ("reply", "words", "code"),
    [
        (b"HTTP/1.0 404 Not Found\r\n\r\n", "HTTP 404", ErrorCode.PROTOCOL_MISMATCH),
        (b"HTTP/1.1 502\r\n\r\n", "HTTP 502", ErrorCode.SERVER_UNREACHABLE),
        (b"HTTP/1.0 400 Bad Request\r\n\r\n", "it speaks TLS only", ErrorCode.PROTOCOL_MISMATCH),
        (b"\x15\x03\x01\x00\x02\x02\x46\r\n", "it speaks TLS only", ErrorCode.PROTOCOL_MISMATCH),
    ],
)
async def test_an_answer_that_is_no_full_one(reply: bytes, words: str, code: ErrorCode) -> None:
    with answering(reply) as address, pytest.raises(VoicechatError, match=words) as caught:
        await talk(f"ws://{address}/ws", speech())
    assert caught.value.code is code


@pytest.mark.parametrize("status", ["302 Found", "503 Later"])
async def test_an_answer_with_headers_that_came_twice(status: str) -> None:
    headers = "location: ftp://a/\r\nLocation: ftp://b/\r\nRetry-After: 0\r\nretry-after: 0\r\n"
    reply = f"HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\n\r\n".encode()
    with answering(reply) as address, pytest.raises(VoicechatError, match=r"ftp://b/|HTTP 503"):
        await talk(f"ws://{address}/ws", speech(), replace(QUICK, unreachable_s=0.0))


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", ErrorCode.PROTOCOL_MISMATCH),
        (b"", ErrorCode.SERVER_UNREACHABLE),
        (None, ErrorCode.SERVER_UNREACHABLE),
    ],
)
async def test_a_port_of_something_else(reply: bytes | None, code: ErrorCode) -> None:
    with answering(reply) as address, pytest.raises(VoicechatError) as caught:
        await talk(f"ws://{address}/ws", speech(), replace(QUICK, open_s=SOON_S))
    assert caught.value.code is code


async def test_tls_to_a_server_without() -> None:
    with (
        answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as address,
        pytest.raises(VoicechatError, match="does not speak TLS") as caught,
    ):
        await talk(f"wss://{address}/ws", speech())
    assert caught.value.code is ErrorCode.PROTOCOL_MISMATCH


async def test_leaving_that_is_itself_cut_short_leaves_no_socket_open() -> None:
    is_deaf, may_go = asyncio.Event(), asyncio.Event()

    async def go_deaf(peer: SpeechPeer, socket: ServerConnection) -> None:
        await peer.exchange(socket)
        socket.transport.pause_reading()
        is_deaf.set()
        await may_go.wait()
        socket.transport.abort()

    async with speech_peer(go_deaf) as peer:
        client = SpeechClient(peer.url, policy=QUICK)
        await client.__aenter__()
        await is_deaf.wait()
        assert isinstance(await anext(aiter(client)), Ready)
        socket = client._link._socket
        assert socket is not None
        leaving = asyncio.create_task(client.__aexit__(None, None, None))
        while socket.state is State.OPEN:  # noqa: ASYNC110 - it announces itself to nobody
            await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait([leaving])
        is_closed = socket.transport.is_closing()
        may_go.set()
        assert is_closed


async def test_leaving_early_leaves_nothing_behind() -> None:
    async with speech_peer() as peer, SpeechClient(peer.url, policy=QUICK) as client:
        async for event in client:
            assert isinstance(event, Ready)
            break
    assert not [task for task in asyncio.all_tasks() if "speech stream" in task.get_name()]

"""Frames as the library reads them, however they are cut into pieces, with limits that change in between."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from voicechat_server.api.gate.frame_limits import STRANGERS_FRAME_BYTES, FrameLimits
from voicechat_server.api.protocols.websocket_frames import FrameReader

SIZES = st.sampled_from([0, 1, 2, 125, 126, 127, 300, 65_535, 65_536])


def reader(largest_of_stream: int = STRANGERS_FRAME_BYTES) -> FrameReader:
    """One that is behind the handshake, and whose first message somebody waits for."""
    limits = FrameLimits()
    limits.largest_of_stream = largest_of_stream
    opened = FrameReader(state=State.OPEN, max_size=None)
    opened.limits = limits
    opened.has_message = False
    return opened


def test_what_comes_with_the_handshake_waits_for_its_answer() -> None:
    frames = FrameReader(state=State.OPEN, max_size=None)
    frames.limits = FrameLimits()
    frames.receive_data(Frame(Opcode.TEXT, b"early").serialize(mask=True))
    assert frames.events_received() == []
    frames.has_message = False
    frames.receive_data(b"")
    assert [event.data for event in frames.events_received() if isinstance(event, Frame)] == [b"early"]


def fed(protocol: ServerProtocol, data: bytes, pieces: random.Random) -> list[tuple[Opcode, bytes, bool]]:
    """Give data in pieces; return the frames, each message taken as soon as it is whole."""
    frames = []
    while data:
        size = pieces.choice([1, 2, 3, 7, 100, 5_000, 100_000])
        protocol.receive_data(data[:size])
        data = data[size:]
        while events := protocol.events_received():
            assert not any(isinstance(event, Request) for event in events)
            frames += [(e.opcode, bytes(e.data), e.fin) for e in events if isinstance(e, Frame)]
            if isinstance(protocol, FrameReader):
                protocol.has_message = False
                protocol.receive_data(b"")
    return frames


@given(
    st.lists(st.tuples(st.sampled_from([Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.PONG]), SIZES)),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_the_same_frames_as_the_library(
    frames: list[tuple[Opcode, int]], are_broken: bool, pieces: random.Random
) -> None:
    data = b""
    for opcode, size in frames:
        payload = bytes(size) if opcode in (Opcode.TEXT, Opcode.BINARY) else bytes(min(size, 125))
        cut = size // 3
        if opcode in (Opcode.PING, Opcode.PONG) or not are_broken:
            data += Frame(opcode, payload).serialize(mask=True)
        else:
            data += Frame(opcode, payload[:cut], fin=False).serialize(mask=True)
            data += Frame(Opcode.PING, b"between").serialize(mask=True)
            data += Frame(Opcode.CONT, payload[cut:]).serialize(mask=True)
    theirs = ServerProtocol(state=State.OPEN, max_size=STRANGERS_FRAME_BYTES)
    assert fed(reader(), data, pieces) == fed(theirs, data, pieces)


def test_no_frame_is_read_behind_a_message_that_nobody_has_taken() -> None:
    frames = reader()
    two = Frame(Opcode.TEXT, b"one").serialize(mask=True) + Frame(Opcode.TEXT, b"two").serialize(mask=True)
    frames.receive_data(two)
    assert [event.data for event in frames.events_received() if isinstance(event, Frame)] == [b"one"]
    frames.receive_data(b"")
    assert frames.events_received() == []
    frames.has_message = False
    frames.receive_data(b"")
    assert [event.data for event in frames.events_received() if isinstance(event, Frame)] == [b"two"]


@pytest.mark.parametrize("opcode", [Opcode.TEXT, Opcode.BINARY, Opcode.PING])
def test_a_message_that_is_too_large_is_not_read(opcode: Opcode) -> None:
    frames = reader()
    size = 2**62
    head = bytes([0x80 | opcode, 0xFF]) + size.to_bytes(8, "big") + bytes(4)
    frames.receive_data(head + bytes(1_000_000))
    assert frames.oversized is not None
    assert (frames.oversized.size, frames.oversized.limit) == (size, STRANGERS_FRAME_BYTES)
    frames.receive_data(bytes(1_000_000))
    assert frames.unfinished_bytes == 0


def test_pieces_of_a_message_are_added_up() -> None:
    frames = reader()
    half = bytes(STRANGERS_FRAME_BYTES // 2)
    frames.receive_data(Frame(Opcode.TEXT, half, fin=False).serialize(mask=True))
    frames.receive_data(Frame(Opcode.CONT, half + b"x").serialize(mask=True))
    assert frames.oversized is not None
    assert frames.oversized.size == STRANGERS_FRAME_BYTES + 1


@pytest.mark.parametrize("opens", [True, False])
def test_large_audio_is_announced_before_it_is_read(opens: bool) -> None:
    frames = reader(largest_of_stream=200_000)
    audio = Frame(Opcode.BINARY, bytes(100_000)).serialize(mask=True)
    frames.receive_data(audio)
    assert frames.announced == 100_000
    assert frames.events_received() == []
    if opens:
        frames.limits.open_stream()
    frames.has_message = False
    frames.receive_data(b"")
    assert [len(event.data) for event in frames.events_received() if isinstance(event, Frame)] == (
        [100_000] if opens else []
    )
    assert (frames.oversized is None) == opens

"""The way of audio out of PortAudio's thread."""

import time
from dataclasses import dataclass

from voicechat_tui.sources.portaudio_process import Blocks


@dataclass(frozen=True)
class Status:
    """What PortAudio tells its callback."""

    input_overflow: bool = False


def put(blocks: Blocks, data: bytes, *, overflowed: bool = False) -> None:
    blocks.put(data, len(data) // 2, None, Status(overflowed))


def taken(blocks: Blocks) -> list[tuple[bytes, int]]:
    blocks.end()
    found = []
    while (block := blocks.get()) is not None:
        found.append(block[:2])
    return found


def test_blocks_come_out_in_order_with_the_time_of_their_end() -> None:
    blocks = Blocks(10)
    before = time.monotonic()
    put(blocks, b"aa")
    put(blocks, b"bb")
    first, second = blocks.get(), blocks.get()
    assert first is not None
    assert second is not None
    assert (first[0], second[0]) == (b"aa", b"bb")
    assert before <= first[2] <= second[2] <= time.monotonic()


def test_a_full_queue_drops_the_newest_and_tells_how_much_with_the_next() -> None:
    blocks = Blocks(2)
    for data in (b"aa", b"bb", b"cccc", b"dd"):
        put(blocks, data)
    assert blocks.get() is not None
    put(blocks, b"ee")
    assert taken(blocks) == [(b"bb", 0), (b"ee", 3)]


def test_a_loss_within_the_audio_system_has_no_number() -> None:
    blocks = Blocks(2)
    put(blocks, b"aa", overflowed=True)
    put(blocks, b"bb")
    assert taken(blocks) == [(b"aa", -1), (b"bb", 0)]

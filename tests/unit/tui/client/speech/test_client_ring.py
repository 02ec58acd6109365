"""The ring against a list that keeps everything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicechat_common.audio import Samples
from voicechat_tui.client.speech.outbox import AudioOutbox
from voicechat_tui.client.speech.ring import AudioRing


@given(capacity=st.integers(1, 50), blocks=st.lists(st.integers(0, 120), max_size=20))
def test_the_ring_keeps_the_newest_samples(capacity: int, blocks: list[int]) -> None:
    ring, everything = AudioRing(capacity), np.zeros(0, np.int16)
    for count in blocks:
        block: Samples = np.arange(len(everything), len(everything) + count).astype(np.int16)
        ring.add(block)
        everything = np.concatenate([everything, block])
        assert (ring.start, ring.end) == (max(0, len(everything) - capacity), len(everything))
        np.testing.assert_array_equal(ring.read(ring.start, ring.end), everything[-capacity:])
        middle = (ring.start + ring.end) // 2
        np.testing.assert_array_equal(ring.read(middle, ring.end), everything[middle:])


def test_what_is_gone_can_not_be_read() -> None:
    ring = AudioRing(10)
    ring.add(np.ones(15, np.int16))
    for begin, end in ((4, 10), (6, 16), (9, 8)):
        with pytest.raises(IndexError):
            ring.read(begin, end)


def test_what_was_read_does_not_change_later() -> None:
    ring = AudioRing(4)
    ring.add(np.array([1, 2, 3, 4], np.int16))
    first = ring.read(0, 4)
    ring.add(np.array([9, 9], np.int16))
    assert first.tolist() == [1, 2, 3, 4]


def test_packets_end_at_flushes() -> None:
    outbox = AudioOutbox(100, packet=8)
    outbox.flush()
    outbox.add(np.ones(12, np.int16))
    outbox.flush()
    outbox.add(np.ones(3, np.int16))
    sent = []
    while (message := outbox.next_message()) is not None:
        sent.append(message if isinstance(message, str) else len(message) // 2)
    flush = '{"type":"flush"}'
    assert sent == [flush, 8, 4, flush, 3]
    outbox.go_to(12)
    assert outbox.next_message() == flush
    assert outbox.next_message() == b"\1\0" * 3


def test_old_flushes_are_forgotten_with_their_audio() -> None:
    outbox = AudioOutbox(10, packet=4)
    for _ in range(50):
        outbox.add(np.ones(5, np.int16))
        outbox.flush()
    outbox.go_to(outbox.start)
    flushes = 0
    while (message := outbox.next_message()) is not None:
        flushes += isinstance(message, str)
    assert flushes == 3

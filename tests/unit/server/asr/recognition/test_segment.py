"""A segment is itself, whatever others look like."""

from collections import deque

from voicechat_server.asr.paraformer.state import SegmentState
from voicechat_server.asr.recognition.segment import Segment


def test_a_segment_is_found_among_others_that_look_alike() -> None:
    """Their states hold arrays, which can't tell in one word whether they are equal."""
    segments = deque(Segment(0, 9600, 0, state=SegmentState((0, 10, 5), 0)) for _ in range(3))
    last = segments.pop()
    assert last not in segments
    assert [segments.index(segment) for segment in segments] == [0, 1]
    assert segments[0].state != segments[1].state

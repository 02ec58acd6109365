"""Merging of partial and final results into segments: pure, no clock, no I/O."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import takewhile

from voicechat_common.protocol.speech import Final, SegmentEvent, Word


@dataclass(frozen=True)
class Segment:
    """One stretch of speech, as far as it is known.

    Attributes:
        index: Position in the stream, from 0.
        revision: The revision of `text`; increases with every event of the segment.
        text: The text of the segment so far.
        settled: How many leading characters of `text` were unchanged by the last revision.
        start_ms: Start, in milliseconds of the stream.
        end_ms: End of what `text` covers.
        is_final: True once it can no longer change.
        words: Words with their times; only when final.
    """

    index: int
    revision: int
    text: str
    settled: int
    start_ms: int
    end_ms: int
    is_final: bool
    words: tuple[Word, ...] = ()


@dataclass
class Transcript:
    """The segments of one stream, even if their events arrive out of order, repeatedly or stale.

    Args:
        first: The number of the first segment; earlier ones belong to somebody else.
    """

    first: int = 0
    _segments: dict[int, Segment] = field(default_factory=dict, init=False)

    def apply(self, event: SegmentEvent) -> Segment | None:
        """Take one event; return the segment as it is now, or None if the event brought nothing new.

        A final always wins, an older revision never does, and a final segment never changes.
        """
        known = self._segments.get(event.segment)
        is_final = isinstance(event, Final)
        if known is not None and (known.is_final or (not is_final and event.revision <= known.revision)):
            return None
        shared = shared_length(known.text, event.text) if known is not None else 0
        segment = Segment(
            index=event.segment,
            revision=event.revision,
            text=event.text,
            settled=len(event.text) if is_final else shared,
            start_ms=event.start_ms,
            end_ms=event.end_ms,
            is_final=is_final,
            words=tuple(event.words) if isinstance(event, Final) else (),
        )
        self._segments[event.segment] = segment
        return segment

    @property
    def segments(self) -> list[Segment]:
        """All segments in the order of the stream."""
        return [self._segments[index] for index in sorted(self._segments)]

    @property
    def finals_in_order(self) -> int:
        """The number after the last of the segments that are final without a gap from the first."""
        number = self.first
        while number in self._segments and self._segments[number].is_final:
            number += 1
        return number

    @property
    def final_until_ms(self) -> int:
        """Where the last of `finals_in_order` ends; 0 if there are none."""
        last = self._segments.get(self.finals_in_order - 1)
        return 0 if last is None else last.end_ms


def join_texts(texts: Iterable[str]) -> str:
    """Join the texts of consecutive segments: a space only where two meet in Latin letters or digits."""
    joined = ""
    for text in texts:
        if joined and text and joined[-1].isascii() and text[0].isascii():
            joined += " "
        joined += text
    return joined


def shared_length(one: str, other: str) -> int:
    """Return how many leading characters two texts have in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))

"""One speaker's recognition: audio in, work for the model out, events out. No I/O, no clock, no model.

The scheduler feeds a session, asks it for windows to judge and chunks to decode, does both for many sessions
at once, and gives the results back.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from voicechat_common.protocol.speech import ChunkSize, SegmentEvent
from voicechat_server.asr.config import FRAME_SAMPLES, MAX_SEGMENT_CHARACTERS, SAMPLE_RATE
from voicechat_server.asr.paraformer.state import Token
from voicechat_server.asr.recognition.segment import Segment
from voicechat_server.asr.recognition.timeline import Timeline
from voicechat_server.asr.vad.endpoint import CUT_SEARCH_S, Begin, Boundary, Cut, End, Endpointer, Speech
from voicechat_server.asr.vad.state import WINDOW_SAMPLES

MAX_WINDOWS = 64
"""Most windows judged at once, about two seconds, so that a fast upload doesn't hold up other streams."""

PATIENT_WINDOWS = 6
"""Windows worth judging while there is other work, 192 ms; with fewer, each one takes longer."""


LEAD_SAMPLES = 32 * WINDOW_SAMPLES
"""Audio before a segment, about a second, enough to find speech as if everything before had been heard."""


class _Mark(Enum):
    FLUSH = auto()
    STOP = auto()


@dataclass(frozen=True)
class DueChunk:
    """Audio of one segment that the model can take now."""

    segment: Segment
    samples: NDArray[np.float32]
    is_final: bool


class SpeechSession:
    """The state of one stream between its audio and its events.

    Args:
        chunk_size: `[left, step, look-ahead]` in frames.
        endpointer: Cuts the stream into segments; None takes everything up to a flush or the end as one.
        longest: Samples after which a segment is cut at a quiet point, if there is no endpointer.
        begin: Position of the first sample that comes, at 16 kHz.
        last_end: Where the segment before ended.
        segments: Earlier segments, which got their finals.

    Attributes:
        segments_done: Segments that got a final.
        flushes_done: Flushes whose segment, if any, has got its final.
    """

    def __init__(
        self,
        chunk_size: ChunkSize,
        endpointer: Endpointer | None,
        *,
        longest: float = math.inf,
        begin: int = 0,
        last_end: int = 0,
        segments: int = 0,
    ) -> None:
        self.chunk_size = chunk_size
        self.segments_done = segments
        self.flushes_done = 0
        self._stride = chunk_size[1] * FRAME_SAMPLES
        self._endpointer = endpointer
        self._longest = longest
        self._inputs: deque[NDArray[np.float32] | _Mark] = deque()
        self._queued = 0
        self._begin = begin
        self._last_end = last_end
        self._timeline = Timeline(begin)
        self._judged = begin
        self._segments: deque[Segment] = deque()
        self._flushing: list[Segment] = []
        self._spoken = 0
        self._stopped = False

    def feed(self, samples: NDArray[np.float32]) -> None:
        """Take audio at 16 kHz, in [-1, 1]."""
        self._inputs.append(samples)
        self._queued += len(samples)

    def flush(self) -> None:
        """End the open segment behind the audio fed so far."""
        self._inputs.append(_Mark.FLUSH)

    def stop(self) -> None:
        """Say that no more audio comes."""
        self._inputs.append(_Mark.STOP)

    @property
    def is_done(self) -> bool:
        """Whether the stream was stopped and all its finals are out."""
        return self._stopped and not self._segments

    @property
    def undecoded(self) -> int:
        """Samples that were fed and neither decoded nor found silent yet."""
        waiting = sum(min(segment.wanted, self._judged) - segment.decoded for segment in self._segments)
        return self._queued + (self._timeline.end - self._judged) + waiting

    @property
    def silence(self) -> int:
        """Samples dealt with that belong to no segment."""
        spoken = sum(min(segment.end, self._judged) - segment.begin for segment in self._segments)
        return self._judged - self._begin - self._spoken - spoken

    @property
    def needed_from(self) -> int:
        """From where on audio is needed, at 16 kHz, to recognise again what has not been emitted yet.

        The more silence is heard before speech, the better it is found, but no segment reaches back into the
        one before it. Windows begin where those of the stream do, so that segments do too.
        """
        if self._segments:
            first = self._segments[0].begin
        else:
            first = self._judged if self._endpointer is None else self._endpointer.keep_from
        earliest = max(first - LEAD_SAMPLES, self._last_end)
        return max(self._begin, earliest - (earliest - self._begin) % WINDOW_SAMPLES)

    @property
    def segments(self) -> Sequence[Segment]:
        """Segments without a final yet, oldest first."""
        return self._segments

    def windows(self, *, patient: bool = False) -> NDArray[np.float32]:
        """Return whole windows whose probability of speech is to be found next; empty if there are none.

        Args:
            patient: Leave few of them for later, unless a chunk, a flush or the end may depend on them.
        """
        self._take_inputs()
        count = min(self._unjudged_windows(), MAX_WINDOWS)
        if patient and count < PATIENT_WINDOWS and not self._inputs and not self._may_be_due():
            count = 0
        return self._timeline.read(self._judged, self._judged + count * WINDOW_SAMPLES)

    def judge(self, windows: NDArray[np.float32], probabilities: NDArray[np.float32]) -> None:
        """Take the probabilities of speech in the windows asked for."""
        levels = np.sqrt(np.mean(np.square(windows.reshape(-1, WINDOW_SAMPLES)), axis=1))
        for probability, level in zip(probabilities.tolist(), levels.tolist(), strict=True):
            self._judged += WINDOW_SAMPLES
            for boundary in self._endpointer.push(probability, level) if self._endpointer else []:
                self._apply(boundary)
        self._take_inputs()
        self._forget()

    @property
    def is_due(self) -> bool:
        """Whether there is audio to decode."""
        if not self._segments:
            return False
        head = self._segments[0]
        return head.closed or head.wanted - head.decoded >= self._stride

    def next_chunk(self) -> DueChunk:
        """Return the next audio to decode, if it is due; give its tokens back before asking again."""
        head = self._segments[0]
        begin, is_final = head.decoded, head.wanted - head.decoded < self._stride
        head.decoded = head.wanted if is_final else begin + self._stride
        return DueChunk(head, self._timeline.read(begin, head.decoded), is_final)

    def accept(self, due: DueChunk, tokens: list[Token]) -> list[SegmentEvent]:
        """Take the tokens of a chunk; return the events they cause."""
        segment = due.segment
        changed = segment.add(tokens)
        events: list[SegmentEvent] = []
        if not due.is_final:
            if changed:
                events.append(segment.partial(self.segments_done))
            if segment.characters >= MAX_SEGMENT_CHARACTERS and not segment.closed:
                self._cut(segment.decoded)
        else:
            self._segments.popleft()
            self._spoken += segment.end - segment.begin
            self._last_end = segment.end
            if segment.has_final:
                events.append(segment.final(self.segments_done))
                self.segments_done += 1
            self._settle_flushes()
        self._forget()
        return events

    def _take_inputs(self) -> None:
        """Move audio onto the timeline, up to a mark that has to wait for the windows before it."""
        while self._inputs:
            head = self._inputs[0]
            if isinstance(head, _Mark):
                if self._unjudged_windows():
                    return
                self._finish(head)
            else:
                self._timeline.append(head)
                self._queued -= len(head)
                if self._endpointer is None:
                    self._take_all()
            self._inputs.popleft()
        if self._endpointer is not None and self._endpointer.in_segment:
            self._apply(Speech(self._endpointer.wanted_now(self._timeline.end)))

    def _may_be_due(self) -> bool:
        """Whether a chunk is due if what isn't judged yet is like the audio before it."""
        if self._endpointer is None or not self._endpointer.in_segment:
            return False
        wanted = self._endpointer.wanted_if_alike(self._timeline.end)
        return wanted - self._segments[-1].decoded >= self._stride

    def _unjudged_windows(self) -> int:
        return (self._timeline.end - self._judged) // WINDOW_SAMPLES

    def _take_all(self) -> None:
        """Without endpointing: everything is speech."""
        end = self._timeline.end
        if end == self._judged:
            return
        if not self._segments or self._segments[-1].closed:
            self._apply(Begin(self._judged))
        while end - self._segments[-1].begin >= self._longest:
            latest = self._segments[-1].begin + int(self._longest)
            self._apply(Speech(latest))
            self._cut(self._quietest(latest))
        self._apply(Speech(end))
        self._judged = end

    def _quietest(self, latest: int) -> int:
        """Return the quietest position before a sample, in the nearer half of the open segment at most."""
        earliest = max(latest - int(min(CUT_SEARCH_S * SAMPLE_RATE, self._longest / 2)), self._timeline.begin)
        count = (latest - earliest) // WINDOW_SAMPLES
        windows = self._timeline.read(earliest, earliest + count * WINDOW_SAMPLES)
        energies = np.square(windows).reshape(count, WINDOW_SAMPLES).sum(axis=1)
        return earliest + int(energies.argmin()) * WINDOW_SAMPLES + WINDOW_SAMPLES // 2

    def _cut(self, position: int) -> None:
        """End the open segment, and begin the next one there."""
        self._apply(Cut(position) if self._endpointer is None else self._endpointer.cut_at(position))

    def _finish(self, mark: _Mark) -> None:
        end = self._timeline.end
        open_segment = self._segments[-1] if self._segments and not self._segments[-1].closed else None
        if self._endpointer is not None:
            for boundary in self._endpointer.finish(end):
                self._apply(boundary)
        elif open_segment is not None:
            self._apply(End(end))
        if open_segment is not None or mark is _Mark.STOP:
            self._judged = end
            if self._endpointer is not None:
                self._endpointer.skip_to(end)
        if mark is _Mark.STOP:
            self._stopped = True
        elif self._segments:
            self._flushing.append(self._segments[-1])
        else:
            self.flushes_done += 1

    def _settle_flushes(self) -> None:
        waiting = [segment for segment in self._flushing if segment in self._segments]
        self.flushes_done += len(self._flushing) - len(waiting)
        self._flushing = waiting

    def _apply(self, boundary: Boundary) -> None:
        match boundary:
            case Begin(sample):
                self._segments.append(Segment(begin=sample, wanted=sample, decoded=sample))
            case Speech(end):
                self._segments[-1].wanted = max(self._segments[-1].wanted, end)
            case End(sample):
                self._segments[-1].wanted = max(self._segments[-1].wanted, sample)
                self._segments[-1].closed = True
            case Cut(sample):
                long = self._segments[-1]
                long.closed = True
                long.limit_to(sample)
                self._segments.append(Segment(begin=sample, wanted=max(long.wanted, sample), decoded=sample))

    def _forget(self) -> None:
        needed = [segment.decoded for segment in self._segments]
        # A cut may go back this far without an endpointer, as it may with one.
        kept = (
            self._judged - int(CUT_SEARCH_S * SAMPLE_RATE)
            if self._endpointer is None
            else self._endpointer.keep_from
        )
        needed.append(kept)
        self._timeline.forget_before(min(needed))

"""A double of the server's side of the wire: it counts samples and keeps streams, and recognises nothing.

Each flush or stop makes a segment of what came since the last; its "text" names the samples it covers.
"""

from dataclasses import dataclass, field

import numpy as np

from voicechat_common.audio import SampleFramer, Samples, milliseconds
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.speech import (
    Ack,
    Done,
    Error,
    Final,
    Flush,
    Partial,
    Ping,
    Pong,
    Ready,
    ServerMessage,
    Start,
    Stop,
    StreamOrigin,
    client_decoder,
)


@dataclass
class Stream:
    """What the server knows of one stream."""

    stream_id: str
    rate: int
    audio: Samples = field(default_factory=lambda: np.zeros(0, np.int16))
    framer: SampleFramer = field(default_factory=SampleFramer)
    segment_start: int = 0
    finals: list[Final] = field(default_factory=list)
    revision: int = 0
    stores: bool = False

    @property
    def received(self) -> int:
        return len(self.audio)

    def add(self, packet: bytes) -> list[ServerMessage]:
        self.audio = np.concatenate([self.audio, self.framer.push(packet)])
        self.revision += 1
        partial = Partial(
            segment=len(self.finals),
            revision=self.revision,
            text=f"[{self.segment_start},{self.received})…",
            start_ms=milliseconds(self.segment_start, self.rate),
            end_ms=milliseconds(self.received, self.rate),
        )
        return [partial, self.ack()]

    def ack(self) -> Ack:
        return Ack(
            received_samples=self.received,
            decoded_samples=self.received,
            lag_ms=0,
            durable_samples=self.segment_start if self.stores else None,
        )

    def restore(self, durable_samples: int) -> None:
        """Go on where the last final ends, or beyond, where a client knows that nothing was said."""
        begin = max(self.segment_start, durable_samples)
        self.audio = self.audio[:begin]
        self.segment_start = begin
        self.revision = 0

    def end_segment(self) -> list[ServerMessage]:
        if self.received == self.segment_start:
            return []
        self.revision += 1
        final = Final(
            segment=len(self.finals),
            revision=self.revision,
            text=describe(self.audio[self.segment_start :]),
            start_ms=milliseconds(self.segment_start, self.rate),
            end_ms=milliseconds(self.received, self.rate),
            words=[
                (
                    describe(self.audio[self.segment_start :]),
                    milliseconds(self.segment_start, self.rate),
                    milliseconds(self.received, self.rate),
                )
            ],
        )
        self.finals.append(final)
        self.segment_start = self.received
        return [final]

    def done(self) -> Done:
        ms = milliseconds(self.received, self.rate)
        return Done(
            received_ms=ms,
            decoded_ms=ms,
            dropped_ms=0,
            segments=len(self.finals),
            received_samples=self.received,
            decoded_samples=self.received,
            dropped_samples=0,
        )


def describe(samples: Samples) -> str:
    """Name the first and the last value of a segment."""
    return f"<{samples[0]}..{samples[-1]}>"


class CountingServer:
    """Answers the frames of one connection at a time; streams outlive it until they are forgotten.

    Args:
        stores: Whether finals are stored, so that a stream that was forgotten is restored.
    """

    def __init__(self, *, stores: bool = False) -> None:
        self._stores = stores
        self.streams: dict[str, Stream] = {}
        self.all_streams: list[Stream] = []
        self.started: list[Start] = []
        self.finished = False
        self._current: Stream | None = None

    @property
    def current(self) -> Stream:
        assert self._current is not None
        return self._current

    def forget(self) -> None:
        """Lose every stream, as a restarted process does."""
        self.streams.clear()

    def disconnect(self) -> None:
        """The connection is gone; its stream is kept."""
        self._current = None

    def handle(self, frame: str | bytes) -> list[str]:
        """Return the frames that answer a frame."""
        return [encode(message) for message in self._answers(frame)]

    def _answers(self, frame: str | bytes) -> list[ServerMessage]:
        if isinstance(frame, bytes):
            return self.current.add(frame)
        match client_decoder.decode(frame):
            case Start() as start:
                return self._open(start)
            case Flush():
                return [*self.current.end_segment(), self.current.ack()]
            case Stop():
                self.finished = True
                return [*self.current.end_segment(), self.current.done()]
            case Ping(id=name):
                return [Pong(id=name)]

    def _open(self, start: Start) -> list[ServerMessage]:
        self.started.append(start)
        origin = StreamOrigin.HELD
        if start.stream_id is None:
            origin = StreamOrigin.NEW
            name = f"stream-{len(self.all_streams)}"
            stream = Stream(name, start.sample_rate, stores=self._stores)
            self.streams[stream.stream_id] = stream
            self.all_streams.append(stream)
        elif start.stream_id in self.streams:
            stream = self.streams[start.stream_id]
            stream.framer = SampleFramer()
        elif self._stores:
            origin = StreamOrigin.RESTORED
            (stream,) = (each for each in self.all_streams if each.stream_id == start.stream_id)
            stream.framer = SampleFramer()
            stream.restore(start.durable_samples)
            self.streams[stream.stream_id] = stream
        else:
            return [
                Error(
                    code=ErrorCode.UNKNOWN_STREAM, message="No such stream.", advice="Begin anew.", fatal=True
                )
            ]
        self._current = stream
        ready = Ready(
            stream_id=stream.stream_id,
            model="none",
            chunk_ms=600,
            lookahead_ms=300,
            received_samples=stream.received,
            origin=origin,
        )
        return [ready, *stream.finals[start.finals_received :]]

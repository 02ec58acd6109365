"""Where a stream of the server stands in the client's own stream."""

from dataclasses import dataclass

from voicechat_common.audio import milliseconds
from voicechat_common.protocol.speech import Ack, Done, Final, Partial, Ready, Word


@dataclass(frozen=True)
class StreamOffset:
    """What came before a stream that was begun anew because the server had forgotten the last one.

    The application sees one stream with one numbering and one clock, whatever the server went through.

    Attributes:
        rate: Samples per second.
        samples: The position of the server's first sample.
        segments: The number of its first segment.
        revisions: Added to its revisions, so that they are newer than what was shown of that segment before.
        lost: How many of the samples before it no server will recognise.
    """

    rate: int
    samples: int = 0
    segments: int = 0
    revisions: int = 0
    lost: int = 0

    @property
    def ms(self) -> int:
        """The position of the server's first sample in milliseconds."""
        return milliseconds(self.samples, self.rate)

    def ready(self, event: Ready) -> Ready:
        """Return a `ready` in the client's terms."""
        return event.model_copy(update={"received_samples": event.received_samples + self.samples})

    def partial(self, event: Partial) -> Partial:
        """Return a partial in the client's terms."""
        return event.model_copy(update=self._place(event))

    def final(self, event: Final) -> Final:
        """Return a final in the client's terms."""
        words = [Word(text, start + self.ms, end + self.ms) for text, start, end in event.words]
        return event.model_copy(update={**self._place(event), "words": words})

    def ack(self, event: Ack) -> Ack:
        """Return an ack in the client's terms."""
        return event.model_copy(
            update={
                "received_samples": event.received_samples + self.samples,
                "decoded_samples": event.decoded_samples + self.samples,
            }
        )

    def done(self, event: Done) -> Done:
        """Return the receipt over all that the client's stream was."""
        lost_ms = milliseconds(self.lost, self.rate)
        return event.model_copy(
            update={
                "received_ms": event.received_ms + self.ms,
                "decoded_ms": event.decoded_ms + self.ms - lost_ms,
                "dropped_ms": event.dropped_ms + lost_ms,
                "segments": event.segments + self.segments,
                "received_samples": event.received_samples + self.samples,
                "decoded_samples": event.decoded_samples + self.samples - self.lost,
                "dropped_samples": event.dropped_samples + self.lost,
            }
        )

    def _place(self, event: Partial | Final) -> dict[str, int]:
        return {
            "segment": event.segment + self.segments,
            "revision": event.revision + self.revisions,
            "start_ms": event.start_ms + self.ms,
            "end_ms": event.end_ms + self.ms,
        }

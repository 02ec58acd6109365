"""Where a stream goes on after its server has lost it."""

from dataclasses import dataclass

from voicechat_common.protocol.speech import Final


@dataclass(frozen=True)
class Checkpoint:
    """What a server needs to know of a stream to go on with it; the defaults are for a new one.

    Attributes:
        stream_id: The stream's name.
        samples: Where its audio goes on, in the stream's own rate.
        last_end_ms: Where the last segment before ends; no other begins before that.
        segments: How many segments there were.
        finals: Their finals that the client may not have.
    """

    stream_id: str
    samples: int = 0
    last_end_ms: int = 0
    segments: int = 0
    finals: tuple[Final, ...] = ()

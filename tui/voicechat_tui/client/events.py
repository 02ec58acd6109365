"""What a speech client tells its application: the server's messages, and what happens to the connection."""

from typing import Literal

from voicechat_common.protocol.codec import Message
from voicechat_common.protocol.speech import Ack, Done, Error, Final, Partial, Ready


class Retrying(Message):
    """There is no stream now; the client tries again.

    Attributes:
        in_s: Seconds until the next attempt.
        reason: Why there is none, a sentence.
        advice: What to do about it; empty if it isn't told.
    """

    type: Literal["retrying"] = "retrying"
    in_s: float
    reason: str
    advice: str = ""


class Resumed(Message):
    """The stream goes on after an outage.

    Attributes:
        resent_ms: Audio that had been sent before and is sent again.
        restarted: True if the server had forgotten the stream and a new one takes its place.
    """

    type: Literal["resumed"] = "resumed"
    resent_ms: int
    restarted: bool


class AudioLost(Message):
    """Audio that will not be recognised, because the ring no longer had it when it could have been sent.

    Attributes:
        at_ms: Where in the stream it was.
        ms: How much.
    """

    type: Literal["audio_lost"] = "audio_lost"
    at_ms: int
    ms: int


Event = Ready | Partial | Final | Ack | Done | Error | Retrying | Resumed | AudioLost

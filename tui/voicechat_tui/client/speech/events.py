"""What a speech client emits: the server's messages, and what happens to the connection."""

from typing import Literal

from voicechat_common.protocol.codec import Message
from voicechat_common.protocol.speech import Ack, Ready, StreamEvent
from voicechat_tui.client.connection.core import Retrying


class Resumed(Message):
    """The stream goes on after an outage.

    Attributes:
        resent_ms: Audio that had been sent before and is sent again.
        restarted: True if the server had forgotten the stream, and what it had not stored is recognised anew.
        stream_id: The name under which the server has the whole stream; None if it has only a part.
    """

    type: Literal["resumed"] = "resumed"
    resent_ms: int
    restarted: bool
    stream_id: str | None = None


class AudioLost(Message):
    """Audio that will not be recognised, because the ring no longer had it when it could have been sent.

    Attributes:
        at_ms: Where in the stream it was.
        ms: How much.
    """

    type: Literal["audio_lost"] = "audio_lost"
    at_ms: int
    ms: int


def durable_end(ack: Ack) -> int:
    """Return up to where a server has taken over what is spoken into a chat, in samples.

    An older server reports nothing of its store, but finishes into the chat what it has received.
    """
    return ack.received_samples if ack.durable_samples is None else ack.durable_samples


Event = Ready | StreamEvent | Retrying | Resumed | AudioLost

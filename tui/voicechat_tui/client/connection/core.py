"""What every connection of a client goes through."""

from typing import Literal

from voicechat_common.protocol.codec import Message


class Retrying(Message):
    """There is no connection now; the client tries again.

    Attributes:
        in_s: Seconds until the next attempt.
        reason: Why there is none, a sentence.
        advice: What to do about it; empty if it isn't told.
    """

    type: Literal["retrying"] = "retrying"
    in_s: float
    reason: str
    advice: str = ""

"""What the client of one WebSocket may send: its protocol sees to that, its route knows what for."""

import time

from starlette.requests import HTTPConnection

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.api.gate.allowance import Allowance

EXTENSION = "voicechat.frame_limits"
"""Under this name a connection's scope has its limits."""

REFUSAL = "voicechat.refusal"
"""Under this name a message to the route has the error for which nothing more is read."""

ANNOUNCED = "voicechat.announced"
"""Under this name a message to the route says that audio comes for which there has to be a stream first."""

STRANGERS_FRAME_BYTES = 64 * 1024
"""The largest frame of a client of whom nothing is known yet."""

IDLE_FRAMES_A_SECOND = 200
IDLE_FRAMES_AT_ONCE = 1_000
"""Frames that carry neither audio nor a message. Ten pings a second would be many; what comes at once keeps
the interpreter from recognition for so long as a few packets of audio take."""


class FrameLimits:
    """The limits of one connection.

    Attributes:
        largest: The largest message that is read, in bytes.
        largest_of_stream: The same, once the client has a stream.
    """

    def __init__(self) -> None:
        self.largest = self.largest_of_stream = STRANGERS_FRAME_BYTES
        self._idle_frames = Allowance(IDLE_FRAMES_A_SECOND, IDLE_FRAMES_AT_ONCE, time.monotonic())

    def count_idle_frame(self) -> None:
        """Count a frame that costs the server work and carries nothing.

        Raises:
            VoicechatError: `too_many_frames`.
        """
        if not self._idle_frames.spend(time.monotonic()):
            raise VoicechatError(
                ErrorCode.TOO_MANY_FRAMES,
                "Too many frames came that carry neither audio nor a message, such as pings, empty frames, "
                "pieces of a message, and frames that are refused.",
                f"Send fewer than {IDLE_FRAMES_A_SECOND} of them a second, and connect again.",
            )

    def open_stream(self) -> None:
        """Note that the client has a stream."""
        self.largest = self.largest_of_stream


def frame_limits_of(connection: HTTPConnection) -> FrameLimits:
    """Return the limits of a WebSocket; a server without this gate holds nobody to them."""
    limits = connection.scope.get("extensions", {}).get(EXTENSION)
    return limits if isinstance(limits, FrameLimits) else FrameLimits()

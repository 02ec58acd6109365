"""Limits on what a WebSocket's client may send: set by its route, enforced by its protocol."""

import time

from starlette.requests import HTTPConnection

from voicechat_common.errors import ErrorCode, VoicechatError

EXTENSION = "voicechat.frame_limits"
"""The key of the limits in a connection's scope."""

REFUSAL = "voicechat.refusal"
"""The key of a message to the route with the error for which nothing more is read."""

ANNOUNCED = "voicechat.announced"
"""The key of a message to the route announcing audio that needs an open stream first."""

STRANGERS_FRAME_BYTES = 64 * 1024
"""The largest frame of a client about which nothing is known yet."""

IDLE_FRAMES_A_SECOND = 200
IDLE_FRAMES_AT_ONCE = 1_000
"""Frames that carry neither audio nor a message. Ten pings a second would be many; a burst keeps the
interpreter from recognition for as long as a few packets of audio."""


class TokenBucket:
    """A token bucket: how often something may be done, at once and in the long run.

    Args:
        rate: What is added, in units a second.
        burst: What it holds at most, and initially.
        now: The time, in seconds of a monotonic clock.
    """

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._then = now

    def spend(self, now: float) -> bool:
        """Take one unit out, or return False if there is none."""
        self._left = min(self._burst, self._left + (now - self._then) * self._rate)
        self._then = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class FrameLimits:
    """The limits of one connection.

    Attributes:
        largest: The largest message that is read, in bytes.
        largest_of_stream: The same, once the client has a stream.
    """

    def __init__(self) -> None:
        self.largest = self.largest_of_stream = STRANGERS_FRAME_BYTES
        self._idle_frames = TokenBucket(IDLE_FRAMES_A_SECOND, IDLE_FRAMES_AT_ONCE, time.monotonic())

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
    """Return the limits of a WebSocket; under a server without this gate nothing enforces them."""
    limits = connection.scope.get("extensions", {}).get(EXTENSION)
    return limits if isinstance(limits, FrameLimits) else FrameLimits()

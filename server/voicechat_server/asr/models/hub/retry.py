"""The one failure of a download that may pass by itself, and how long to wait before the next attempt."""

import random
from collections.abc import Callable

from voicechat_common.errors import ErrorCode, VoicechatError

FIRST_S = 2.0
LONGEST_S = 60.0
LONGEST_ASKED_S = 3600.0


class HubUnreachableError(VoicechatError):
    """`hub_unreachable`: a hub, or the network on the way to it, doesn't work now.

    What stays wrong until somebody changes something is a plain `VoicechatError`.

    Args:
        message: What happened.
        advice: What to do about it, if it does not pass.
        asked_s: Seconds for which the hub asks to be left alone; None unless it does.
    """

    def __init__(self, message: str, advice: str, asked_s: float | None = None) -> None:
        super().__init__(ErrorCode.HUB_UNREACHABLE, message, advice, retry_after_s=asked_s)


class BackOff:
    """Pauses that double from the first to the longest, each shortened at random.

    Randomness keeps servers that lost the same hub from coming back to it all at once.

    Args:
        chance: Returns numbers from 0 to 1.
    """

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._next_s = FIRST_S

    def reset(self) -> None:
        """Start again with the first pause, after progress."""
        self._next_s = FIRST_S

    def next_s(self, asked_s: float | None) -> float:
        """Return the length of the next pause, in seconds.

        Args:
            asked_s: For how long the other side asks to be left alone, if it does; an hour is granted.
        """
        whole_s = self._next_s
        self._next_s = min(2 * whole_s, LONGEST_S)
        return whole_s * (1 + self._chance()) / 2 + min(asked_s or 0.0, LONGEST_ASKED_S)

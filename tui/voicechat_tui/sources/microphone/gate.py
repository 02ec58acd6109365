"""What of the audio is given on: a talk, from just before its beginning to just after its end."""

import numpy as np

from voicechat_common.audio import SAMPLE_RATE, Samples
from voicechat_tui.sources.base import PacketCutter
from voicechat_tui.sources.microphone.policy import MicrophonePolicy
from voicechat_tui.sources.microphone.pre_roll import PreRoll

BREAK: Samples = np.zeros(0, np.int16)
"""An empty packet: what follows it was not said right after what came before."""


class TalkGate:
    """Lets audio pass in packets, between `talk` and the end of the post-roll, unless it is muted.

    Args:
        policy: The limits.

    Attributes:
        is_talking: Whether audio passes, or would if it were not muted.
        is_muted: Whether it is muted.
    """

    def __init__(self, policy: MicrophonePolicy) -> None:
        self.is_talking = False
        self.is_muted = False
        self._policy = policy
        self._pre_roll = PreRoll(int(policy.pre_roll_s * SAMPLE_RATE))
        self._cutter = PacketCutter(max(1, SAMPLE_RATE * policy.packet_ms // 1000))
        self._tail: int | None = None

    def talk(self) -> list[Samples]:
        """Begin a talk, or go on with the one that is just ending; return what was said just before."""
        self._tail = None
        if self.is_talking:
            return []
        self.is_talking = True
        return self._cutter.push(self._pre_roll.take())

    def hush(self) -> None:
        """End the talk after the post-roll."""
        if self._tail is None:
            self._tail = int(self._policy.post_roll_s * SAMPLE_RATE)

    def mute(self, *, muted: bool) -> list[Samples]:
        """Mute or not; return what had passed and was no whole packet yet."""
        self.is_muted = muted
        return self.interrupt()

    def push(self, samples: Samples) -> list[Samples]:
        """Take what was heard; return what passes."""
        if self.is_muted:
            return []
        if not self.is_talking:
            self._pre_roll.add(samples)
            return []
        if self._tail is None:
            return self._cutter.push(samples)
        packets = self._cutter.push(samples[: self._tail])
        self._tail -= len(samples)
        return packets + self.interrupt() if self._tail <= 0 else packets

    def interrupt(self) -> list[Samples]:
        """Let nothing old mix with what comes next; return what had passed and was no whole packet yet.

        A talk that goes on gets a `BREAK`; one that was in its post-roll is over.
        """
        self._pre_roll.clear()
        packets = self._cutter.finish()
        if self._tail is not None:
            self.is_talking = False
            self._tail = None
        elif self.is_talking:
            packets.append(BREAK)
        return packets

"""The gate for audio: a talk passes, from just before its start to just after its end."""

import numpy as np

from voicechat_common.audio import SAMPLE_RATE, Samples
from voicechat_tui.client.speech.ring import AudioRing
from voicechat_tui.sources.base import PacketCutter
from voicechat_tui.sources.microphone.policy import MicrophonePolicy

BREAK: Samples = np.zeros(0, np.int16)
"""An empty packet: what follows was not said right after what came before."""


class TalkGate:
    """Lets audio pass in packets, between `talk` and the end of the post-roll, unless it is muted.

    Moments are seconds of any steady clock; the same one for the user's actions and for when audio was
    recorded.

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
        self._heard_until = 0.0
        self._deaf_until = 0.0
        self._ends_at: float | None = None

    def talk(self, now: float) -> list[Samples]:
        """Begin a talk, or go on with the one that is just ending; return what was said just before.

        Audio may be late: anything still on its way from before the pre-roll does not belong to the talk.
        """
        self._ends_at = None
        if self.is_talking:
            return []
        self.is_talking = True
        begins_at = now - self._policy.pre_roll_s
        self._deaf_until = max(self._deaf_until, begins_at)
        in_time = max(0, round((self._heard_until - begins_at) * SAMPLE_RATE))
        kept = self._pre_roll.take()
        return self._cutter.push(kept[max(0, len(kept) - in_time) :])

    def hush(self, now: float) -> None:
        """End the talk after the post-roll."""
        if self._ends_at is None:
            self._ends_at = now + self._policy.post_roll_s

    def mute(self, now: float, *, muted: bool) -> list[Samples]:
        """Mute or unmute; return what had passed but did not fill a packet yet."""
        self.is_muted = muted
        self._deaf_until = now
        return self.interrupt()

    def push(self, samples: Samples, begun_at: float) -> list[Samples]:
        """Take what was heard from a given moment on; return what passes."""
        self._heard_until = begun_at + len(samples) / SAMPLE_RATE
        if self.is_muted or begun_at < self._deaf_until:
            return []
        if not self.is_talking:
            self._pre_roll.add(samples)
            return []
        if self._ends_at is None:
            return self._cutter.push(samples)
        left = max(0, round((self._ends_at - begun_at) * SAMPLE_RATE))
        packets = self._cutter.push(samples[:left])
        return packets + self.interrupt() if left <= len(samples) else packets

    def interrupt(self) -> list[Samples]:
        """Keep old audio apart from new; return what had passed but did not fill a packet yet.

        A talk in progress gets a `BREAK`; one in its post-roll is over.
        """
        self._pre_roll.clear()
        packets = self._cutter.finish()
        if self._ends_at is not None:
            self.is_talking = False
            self._ends_at = None
        elif self.is_talking:
            packets.append(BREAK)
        return packets


class PreRoll:
    """Keeps the newest audio until a talk begins.

    Args:
        capacity: How many samples; none for no pre-roll.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self.clear()

    def add(self, samples: Samples) -> None:
        """Add audio; the oldest is dropped."""
        if self._ring is not None:
            self._ring.add(samples)

    def take(self) -> Samples:
        """Return what is kept, and clear it."""
        kept = (
            np.zeros(0, np.int16) if self._ring is None else self._ring.read(self._ring.start, self._ring.end)
        )
        self.clear()
        return kept

    def clear(self) -> None:
        """Clear what is kept."""
        self._ring = AudioRing(self._capacity) if self._capacity else None

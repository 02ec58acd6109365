"""What is reported about the loudness of a microphone."""

from voicechat_common.audio import SAMPLE_RATE, Samples
from voicechat_common.errors import VoicechatError
from voicechat_common.levels import LevelMeter, Sound
from voicechat_tui.sources.microphone.events import AllZero, Clipped, LevelChanged, MicrophoneEvent, Quiet
from voicechat_tui.sources.microphone.policy import MicrophonePolicy


class Loudness:
    """A meter that reports when something about the level changes.

    Args:
        policy: The limits.
        all_zero: What it means if this microphone delivers nothing but zeros.
    """

    def __init__(self, policy: MicrophonePolicy, all_zero: VoicechatError) -> None:
        self._meter = LevelMeter(SAMPLE_RATE)
        self._all_zero = all_zero
        self._every = int(policy.level_every_s * SAMPLE_RATE)
        self._due = self._every
        self._was_heard = False

    def push(self, samples: Samples) -> list[MicrophoneEvent]:
        """Measure; return the events to emit."""
        before, level = self._meter.level, self._meter.push(samples)
        events: list[MicrophoneEvent] = []
        if level.clipped and not before.clipped:
            events.append(Clipped())
        if level.sound is not before.sound:
            events += self._change(level.sound)
        self._due -= len(samples)
        if self._due <= 0:
            self._due += self._every
            events.append(LevelChanged(level))
        return events

    def _change(self, sound: Sound) -> list[MicrophoneEvent]:
        if sound is Sound.SIGNAL:
            self._was_heard = True
            return []
        # A noise gate yields zeros in every pause: a microphone that has been heard is fine.
        if sound is Sound.ALL_ZERO and not self._was_heard:
            return [AllZero(self._all_zero)]
        return [Quiet()]

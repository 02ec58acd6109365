"""A microphone without I/O and without a clock: what audio it passes on, what it reports, what to do next.

Its owner reports what happens to the device, hands in the blocks that the device delivers, and passes on
the packets it gets back. Nothing that is heard while muted, or before the pre-roll of a talk, ever leaves
it.
"""

from collections import deque
from enum import Enum, auto

from voicechat_common.audio import (
    SAMPLE_RATE,
    Downmixer,
    Resampler,
    Samples,
    milliseconds,
    samples_of,
)
from voicechat_common.errors import VoicechatError
from voicechat_tui.sources.microphone import failures
from voicechat_tui.sources.microphone.devices import DeviceName, Format, InputDevice, find
from voicechat_tui.sources.microphone.events import (
    Closed,
    LevelChanged,
    Lost,
    MicrophoneEvent,
    Opened,
    Overflow,
    Returned,
    Unavailable,
)
from voicechat_tui.sources.microphone.gate import TalkGate
from voicechat_tui.sources.microphone.loudness import Loudness
from voicechat_tui.sources.microphone.policy import MicrophonePolicy
from voicechat_tui.sources.microphone.surroundings import Surroundings

_EVENTS_KEPT = 64
"""Kept for a slow reader. Beyond this the oldest are dropped: what counts is the present state."""


class State(Enum):
    """The state of a microphone."""

    CLOSED = auto()
    """It is not wanted."""
    OPENING = auto()
    """It is being opened."""
    LISTENING = auto()
    """Audio is arriving."""
    SEEKING = auto()
    """None could be opened; the next attempt is due after a delay."""


class MicrophoneCore:
    """The state of one microphone.

    Args:
        wished: Which one; None for the system's default.
        policy: The limits.
        here: Where the client runs.

    Attributes:
        wished: The chosen one.
        device: The one that is open, or was last.
        state: Its state.
    """

    def __init__(self, wished: DeviceName | None, policy: MicrophonePolicy, here: Surroundings) -> None:
        self.wished = wished
        self.device: InputDevice | None = None
        self.state = State.CLOSED
        self._policy = policy
        self._here = here
        self._events: deque[MicrophoneEvent] = deque(maxlen=_EVENTS_KEPT)
        self._gate = TalkGate(policy)
        self._loudness: Loudness | None = None
        self._format = Format(SAMPLE_RATE, 1)
        self._listen_as(self._format)
        self._must_reopen = False
        self._complaint: str | None = None
        self._attempts = 0
        self._returns = 0

    # Called by the application

    def talk(self, now: float) -> list[Samples]:
        """Begin a talk; return what was said just before."""
        return self._gate.talk(now)

    def hush(self, now: float) -> list[Samples]:
        """End the talk after the post-roll; if none can come, return what is left to pass on."""
        if not self._gate.is_talking:
            return []
        self._gate.hush(now)
        can_come = self.state is State.LISTENING and not self._gate.is_muted
        return [] if can_come else self._gate.interrupt()

    def mute(self, now: float, *, muted: bool) -> list[Samples]:
        """Mute or unmute it; return what was heard before and did not fill a packet yet."""
        if muted == self._gate.is_muted:
            return []
        self._listen_as(self._format)  # A resampler retains some of what it has heard.
        return self._gate.mute(now, muted=muted)

    @property
    def is_talking(self) -> bool:
        """Whether there is a talk: from `talk` until its post-roll has arrived."""
        return self._gate.is_talking

    @property
    def is_wanted(self) -> bool:
        """Whether a device should be open."""
        return self._gate.is_talking or self._policy.warm

    @property
    def must_reopen(self) -> bool:
        """Whether the open device should be replaced by another."""
        return self._must_reopen

    @property
    def is_fallback(self) -> bool:
        """Whether the open device is not the chosen one."""
        if self.state is not State.LISTENING or self.wished is None or self.device is None:
            return False
        return find([self.device], self.wished) is None

    @property
    def look_in_s(self) -> float:
        """Seconds until the next look for the chosen device: more if it was back but did not open."""
        return min(self._policy.look_every_s * 2.0**self._returns, self._policy.longest_look_s)

    def take_events(self) -> list[MicrophoneEvent]:
        """Return what happened since the last call."""
        events = list(self._events)
        self._events.clear()
        return events

    # Called when something happens to the device

    def opening(self) -> None:
        """A device is about to be opened."""
        self.state = State.OPENING
        self._must_reopen = False

    def opened(self, device: InputDevice, opened_as: Format) -> None:
        """A device is open in a format."""
        self.state = State.LISTENING
        self.device = device
        self._format = opened_as
        self._listen_as(opened_as)
        self._loudness = Loudness(self._policy, failures.all_zero(device.id.name, self._here))
        self._attempts = 0
        self._complaint = None
        problem = None
        if self.is_fallback and self.wished is not None:
            problem = failures.not_there(self.wished.name)
        else:
            self._returns = 0
        self._tell(Opened(device.id, opened_as.rate, problem))

    def block(self, pcm: bytes, begun_at: float) -> list[Samples]:
        """Take what the device has delivered; return the packets to pass on.

        Args:
            pcm: The block.
            begun_at: When its first sample was recorded, by the clock used for talking and muting.
        """
        samples = self._resampler.process(self._downmixer.push(samples_of(pcm)))
        if self._loudness is not None:
            for event in self._loudness.push(samples):
                self._tell(event)
        return self._gate.push(samples, begun_at)

    def overflowed(self, frames: int) -> None:
        """So many frames were lost on the way from the device; -1 if nobody knows how many."""
        self._tell(Overflow(milliseconds(max(0, frames), self._format.rate)))

    def dropped(self, packet: Samples) -> None:
        """A packet was lost because nobody took it in time."""
        self._tell(Overflow(milliseconds(len(packet), SAMPLE_RATE)))

    def lost(self) -> list[Samples]:
        """The device is gone; return what was heard before and did not fill a packet yet."""
        if self.device is None:
            raise RuntimeError("no device was open")
        self.state = State.OPENING
        self._tell(Lost(self.device.id, failures.lost(self.device.id.name)))
        return self._gate.interrupt()

    def returned(self, device: DeviceName) -> None:
        """The chosen device is back, while another one is open."""
        self._must_reopen = True
        self._returns += 1
        self._tell(Returned(device))

    def failed(self, error: VoicechatError) -> float:
        """No device could be opened; return how many seconds to wait before the next attempt."""
        self.state = State.SEEKING
        if error.message != self._complaint:
            self._complaint = error.message
            self._tell(Unavailable(error))
        delay = self._policy.first_retry_s * 2.0**self._attempts
        self._attempts += 1
        return min(delay, self._policy.longest_retry_s)

    def closed(self) -> None:
        """The device was closed because it is no longer wanted."""
        self.state = State.CLOSED
        self._tell(Closed())

    def _listen_as(self, opened_as: Format) -> None:
        self._downmixer = Downmixer(opened_as.channels)
        self._resampler = Resampler(opened_as.rate)

    def _tell(self, event: MicrophoneEvent) -> None:
        if isinstance(event, LevelChanged) and self._events and isinstance(self._events[-1], LevelChanged):
            self._events.pop()
        self._events.append(event)

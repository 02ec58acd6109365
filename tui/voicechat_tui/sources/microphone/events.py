"""What a microphone tells whoever watches it."""

from dataclasses import dataclass

from voicechat_common.errors import VoicechatError
from voicechat_common.levels import Level
from voicechat_tui.sources.microphone.devices import DeviceName


@dataclass(frozen=True)
class Opened:
    """It listens now.

    Attributes:
        device: Which one.
        rate: Samples per second it was opened at; what it gives has 16,000.
        problem: Why it is not the one that was wished for, and what to do.
    """

    device: DeviceName
    rate: int
    problem: VoicechatError | None = None


@dataclass(frozen=True)
class Returned:
    """The wished one is back and is opened next.

    Attributes:
        device: Which one.
    """

    device: DeviceName


@dataclass(frozen=True)
class Closed:
    """Nobody wants to hear it: it was closed."""


@dataclass(frozen=True)
class Lost:
    """It stopped while it was open; another is looked for.

    Attributes:
        device: Which one.
        error: The same for a person.
    """

    device: DeviceName
    error: VoicechatError


@dataclass(frozen=True)
class Unavailable:
    """None can be opened. It is tried again by itself; told once for each reason.

    Attributes:
        error: Why, and what to do.
    """

    error: VoicechatError


@dataclass(frozen=True)
class LevelChanged:
    """How loud it is. Only the newest is kept for a reader who is late.

    Attributes:
        level: What a meter shows.
    """

    level: Level


@dataclass(frozen=True)
class Clipped:
    """It is too loud: the signal was cut off. Told once until it has stopped."""


@dataclass(frozen=True)
class Quiet:
    """Nobody speaks into it. Told once until there is sound again."""


@dataclass(frozen=True)
class AllZero:
    """It delivers nothing at all. Told once until there is sound again.

    Attributes:
        error: What that means here, and what to do.
    """

    error: VoicechatError


@dataclass(frozen=True)
class Overflow:
    """Audio was lost because this program was too slow to take it.

    Attributes:
        ms: How much, 0 where the system does not say.
    """

    ms: int


MicrophoneEvent = (
    Opened | Returned | Closed | Lost | Unavailable | LevelChanged | Clipped | Quiet | AllZero | Overflow
)

"""The events of a microphone."""

from dataclasses import dataclass

from voicechat_common.errors import VoicechatError
from voicechat_common.levels import Level
from voicechat_tui.sources.microphone.devices import DeviceName


@dataclass(frozen=True)
class Opened:
    """It is listening now.

    Attributes:
        device: Which one.
        rate: Samples per second it was opened at; its packets have 16,000.
        problem: Why it is not the chosen one, and what to do.
    """

    device: DeviceName
    rate: int
    problem: VoicechatError | None = None


@dataclass(frozen=True)
class Returned:
    """The chosen one is back and will be opened next.

    Attributes:
        device: Which one.
    """

    device: DeviceName


@dataclass(frozen=True)
class Closed:
    """It was closed because it is no longer wanted."""


@dataclass(frozen=True)
class Lost:
    """It stopped while it was open; a search for another has begun.

    Attributes:
        device: Which one.
        error: The same in words.
    """

    device: DeviceName
    error: VoicechatError


@dataclass(frozen=True)
class Unavailable:
    """None can be opened. Attempts continue automatically; this is emitted once for each reason.

    Attributes:
        error: Why, and what to do.
    """

    error: VoicechatError


@dataclass(frozen=True)
class LevelChanged:
    """How loud it is. Only the newest is kept for a slow reader.

    Attributes:
        level: What a meter shows.
    """

    level: Level


@dataclass(frozen=True)
class Clipped:
    """It is too loud and clips. Emitted once until that has stopped."""


@dataclass(frozen=True)
class Quiet:
    """Nobody is speaking into it. Emitted once until there is sound again."""


@dataclass(frozen=True)
class AllZero:
    """It delivers nothing at all. Emitted once until there is sound again.

    Attributes:
        error: What that means here, and what to do.
    """

    error: VoicechatError


@dataclass(frozen=True)
class Overflow:
    """Audio was lost because this program was too slow to read it.

    Attributes:
        ms: How much; 0 if the system does not say.
    """

    ms: int


MicrophoneEvent = (
    Opened | Returned | Closed | Lost | Unavailable | LevelChanged | Clipped | Quiet | AllZero | Overflow
)

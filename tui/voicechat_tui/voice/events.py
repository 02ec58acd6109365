"""What speaking tells whoever shows it: all of the microphone's events, and these."""

from dataclasses import dataclass

from voicechat_common.errors import VoicechatError
from voicechat_common.protocol.speech import Start
from voicechat_tui.client.speech.events import Event
from voicechat_tui.sources.microphone.events import MicrophoneEvent


@dataclass(frozen=True)
class TalkStarted:
    """Somebody has begun to talk.

    Attributes:
        talk: Its number.
        start: Who talks, and into which chat.
    """

    talk: int
    start: Start


@dataclass(frozen=True)
class TalkHeard:
    """The speech client of a talk tells something: text, an outage and its end, audio that was lost.

    Attributes:
        talk: Its number.
        event: What it tells.
    """

    talk: int
    event: Event


@dataclass(frozen=True)
class TalkEnded:
    """Nothing more comes of a talk.

    Attributes:
        talk: Its number.
        error: Why it was given up, or None if all of it was recognised.
        unheard_ms: What had been said and the server is not known to have received.
    """

    talk: int
    error: VoicechatError | None
    unheard_ms: int


@dataclass(frozen=True)
class JournalStopped:
    """What is said from now on in a talk is not kept on disk. The talk goes on.

    Attributes:
        talk: Its number.
        error: Why, and what to do.
    """

    talk: int
    error: VoicechatError


VoiceEvent = MicrophoneEvent | TalkStarted | TalkHeard | TalkEnded | JournalStopped

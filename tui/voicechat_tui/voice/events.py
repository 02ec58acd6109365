"""The events of speaking: all of the microphone's events, and these."""

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
        start: Who is talking, and into which chat.
    """

    talk: int
    start: Start


@dataclass(frozen=True)
class TalkHeard:
    """An event from a talk's speech client: text, an outage and its end, lost audio.

    Attributes:
        talk: Its number.
        event: The client's event.
    """

    talk: int
    event: Event


@dataclass(frozen=True)
class TalkEnded:
    """A talk is finished; it has no further events.

    Attributes:
        talk: Its number.
        error: Why it was abandoned, or None if all of it was recognised.
        unheard_ms: Speech that the server is not known to have received.
    """

    talk: int
    error: VoicechatError | None
    unheard_ms: int


@dataclass(frozen=True)
class JournalStopped:
    """From now on, what is said in a talk is not kept on disk. The talk goes on.

    Attributes:
        talk: Its number.
        error: Why, and what to do.
    """

    talk: int
    error: VoicechatError


VoiceEvent = MicrophoneEvent | TalkStarted | TalkHeard | TalkEnded | JournalStopped

"""Speaking: the microphone on the one side, the stream of speech to the server on the other."""

from voicechat_tui.voice.events import JournalStopped, TalkEnded, TalkHeard, TalkStarted, VoiceEvent
from voicechat_tui.voice.stream import VoiceStream

__all__ = ["JournalStopped", "TalkEnded", "TalkHeard", "TalkStarted", "VoiceEvent", "VoiceStream"]

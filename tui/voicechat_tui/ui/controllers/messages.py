"""What workers report to the app. Its handlers own the state; workers change nothing themselves."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from textual.message import Message

from voicechat_common.errors import VoicechatError
from voicechat_common.protocol.chat_http import ChatSummary

if TYPE_CHECKING:
    from voicechat_tui.client.chat.events import ChatEvent
    from voicechat_tui.ui.backend.chat_session import ChatSession
    from voicechat_tui.ui.backend.voice_session import VoiceSession
    from voicechat_tui.ui.model.unread import Spoken
    from voicechat_tui.voice.events import VoiceEvent


@dataclass
class ChatsListed(Message):
    """The server has listed the chats.

    Attributes:
        chats: All of them.
        seen: Up to where other apps of this login have shown chats.
        spoken: What was learned of who has spoken, by chat.
    """

    chats: list[ChatSummary]
    seen: dict[str, int] = field(default_factory=dict)
    spoken: "dict[str, Spoken]" = field(default_factory=dict)


@dataclass
class ChatsUnreachable(Message):
    """The server could not be asked for the chats.

    Attributes:
        error: Why.
        in_s: Seconds until it is asked again; None if the person has to do something first.
    """

    error: VoicechatError
    in_s: float | None


@dataclass
class VoiceEventArrived(Message):
    """An event of the microphone or of a talk.

    Attributes:
        session: Whose.
        event: What.
    """

    session: "VoiceSession"
    event: "VoiceEvent"


@dataclass
class ChatEventArrived(Message):
    """An event of a chat or of the connection to it.

    Attributes:
        session: Which chat.
        event: What.
    """

    session: "ChatSession"
    event: "ChatEvent"

"""What the app remembers, as its file has it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from voicechat_common.protocol.chat_http import ChatSummary


class Remembered(BaseModel):
    """What is remembered of one person on one server.

    Attributes:
        drafts: What is written and not sent, by chat.
        unsent: Own texts that are not known to be stored, by chat and client_message_id.
        seen: The seq of the last message that was shown, by chat.
        chats: The list of chats as it was last.
    """

    model_config = ConfigDict(extra="ignore")

    drafts: dict[str, str] = Field(default_factory=dict)
    unsent: dict[str, dict[str, str]] = Field(default_factory=dict)
    seen: dict[str, int] = Field(default_factory=dict)
    chats: list[ChatSummary] = Field(default_factory=list)


class Contents(BaseModel):
    """What the file says.

    Attributes:
        version: Its form; one without it does not say whose each thing is.
        muted: Whether the microphone is muted.
        servers: What is remembered, by server and person.
    """

    model_config = ConfigDict(extra="ignore")

    version: Literal[2]
    muted: bool = False
    servers: dict[str, dict[str, Remembered]] = Field(default_factory=dict)

    def of(self, server: str, user: str) -> Remembered:
        """Return what is remembered of a person on a server; what is changed in it is remembered."""
        return self.servers.setdefault(server, {}).setdefault(user, Remembered())

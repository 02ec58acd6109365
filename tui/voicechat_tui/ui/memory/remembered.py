"""What the app remembers, in the form of its file."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from voicechat_common.protocol.chat_http import ChatSummary
from voicechat_tui.redaction import without_login
from voicechat_tui.ui.model.unread import Spoken


class Remembered(BaseModel):
    """What is remembered of one person on one server.

    Attributes:
        drafts: What is written and not sent, by chat.
        unsent: Own texts that are not known to be stored, by chat and client_message_id.
        seen: The seq of the last message that was shown, by chat.
        spoken: Who wrote what was not shown, by chat.
        chats: The last known list of chats.
    """

    model_config = ConfigDict(extra="ignore")

    drafts: dict[str, str] = Field(default_factory=dict)
    unsent: dict[str, dict[str, str]] = Field(default_factory=dict)
    seen: dict[str, int] = Field(default_factory=dict)
    spoken: dict[str, Spoken] = Field(default_factory=dict)
    chats: list[ChatSummary] = Field(default_factory=list)

    def joined(self, newer: "Remembered") -> "Remembered":
        """Return this, overridden by what a newer one says."""
        unsent = {chat: {**self.unsent.get(chat, {}), **texts} for chat, texts in newer.unsent.items()}
        return Remembered(
            drafts={**self.drafts, **newer.drafts},
            unsent={**self.unsent, **unsent},
            seen={**self.seen, **newer.seen},
            spoken={**self.spoken, **newer.spoken},
            chats=newer.chats or self.chats,
        )


class Contents(BaseModel):
    """The contents of the file.

    Attributes:
        version: Of the format; files without it don't say whose each thing is.
        muted: Whether the microphone is muted.
        servers: What is remembered, by server and person.
    """

    model_config = ConfigDict(extra="ignore")

    version: Literal[2]
    muted: bool = False
    servers: dict[str, dict[str, Remembered]] = Field(default_factory=dict)

    def of(self, server: str, user: str) -> Remembered:
        """Return what is remembered of a person on a server; changes to it are remembered."""
        return self.servers.setdefault(server, {}).setdefault(user, Remembered())

    @property
    def has_logins(self) -> bool:
        """Whether a server's name contains a login, as earlier versions wrote it."""
        return any(without_login(server) != server for server in self.servers)

    def without_logins(self) -> "Contents":
        """Return the same without logins in servers' names; what belongs to one server is merged."""
        servers: dict[str, dict[str, Remembered]] = {}
        # A name without a login comes last and wins, because this version wrote it.
        for server in sorted(self.servers, key=lambda name: without_login(name) == name):
            people = servers.setdefault(without_login(server), {})
            for user, remembered in self.servers[server].items():
                people[user] = people.get(user, Remembered()).joined(remembered)
        return self.model_copy(update={"servers": servers})

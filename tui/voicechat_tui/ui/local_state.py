"""What the app remembers on this machine between two runs: drafts, what was read, and the list of chats."""

import asyncio
import os
import tempfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voicechat_common.protocol.chat_http import ChatSummary

CHATS_KEPT = 200
"""Chats whose last state is shown while the server is not reached yet."""


class Remembered(BaseModel):
    """The content of the file.

    Attributes:
        drafts: What is written and not sent, by chat.
        unsent: Own texts that are not known to be stored, by chat and client_message_id.
        seen: The seq of the last message that was shown, by chat.
        chats: The list of chats as it was last.
        muted: Whether the microphone is muted.
    """

    model_config = ConfigDict(extra="ignore")

    drafts: dict[str, str] = Field(default_factory=dict)
    unsent: dict[str, dict[str, str]] = Field(default_factory=dict)
    seen: dict[str, int] = Field(default_factory=dict)
    chats: list[ChatSummary] = Field(default_factory=list)
    muted: bool = False


class LocalState:
    """The file and what is in it. One that can't be read counts as empty.

    Args:
        path: The file; None keeps nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._saving = asyncio.Lock()
        self.remembered = _read(path)

    def keep_draft(self, chat_id: str, text: str) -> None:
        """Remember what is written in a chat, or that nothing is."""
        if text.strip():
            self.remembered.drafts[chat_id] = text
        else:
            self.remembered.drafts.pop(chat_id, None)

    def keep_seen(self, chat_id: str, seq: int) -> None:
        """Remember up to where a chat was read."""
        self.remembered.seen[chat_id] = max(seq, self.remembered.seen.get(chat_id, 0))

    def unsent(self, chat_id: str) -> dict[str, str]:
        """Return the texts of a chat that are not known to be stored; what is changed in it is remembered."""
        return self.remembered.unsent.setdefault(chat_id, {})

    def written(self) -> dict[str, str]:
        """Return what is written and not stored, by chat."""
        unsent = {chat: " ".join(texts.values()) for chat, texts in self.remembered.unsent.items() if texts}
        return {**unsent, **self.remembered.drafts}

    async def save(self) -> None:
        """Write the file, away from the event loop.

        Raises:
            OSError: If it can't be written.
        """
        async with self._saving:
            await asyncio.to_thread(self._write, self._text())

    def save_now(self) -> None:
        """Write the file at the end of the app."""
        self._write(self._text())

    def _text(self) -> str:
        kept = self.remembered.model_copy(update={"chats": self.remembered.chats[:CHATS_KEPT]})
        return kept.model_dump_json()

    def _write(self, text: str) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as new:
                new.write(text)
            Path(name).replace(self._path)
        finally:
            Path(name).unlink(missing_ok=True)


def _read(path: Path | None) -> Remembered:
    if path is None:
        return Remembered()
    try:
        return Remembered.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return Remembered()

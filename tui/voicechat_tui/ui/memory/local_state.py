"""What the app remembers on this machine between two runs: drafts, what was read, and the list of chats."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

from voicechat_common.errors import VoicechatError
from voicechat_common.protocol.chat_http import ChatSummary
from voicechat_tui.ui.memory.local_file import load, look, update, written_at
from voicechat_tui.ui.memory.merging import merged
from voicechat_tui.ui.memory.remembered import Contents
from voicechat_tui.ui.model.unread import Spoken

THIS_MACHINE = "this machine"
"""Stands for the server that the app starts itself, whose address is another one each time."""


class LocalState:
    """What is remembered of one person on one server, and the file it is in.

    Args:
        path: The file; with None nothing is saved.
        server: The server's address as `server_name` gives it, or `THIS_MACHINE`.
        user: The person.

    Attributes:
        problem: Why the file could not be used, or None.
        remembered: What is remembered of the person on the server.
    """

    def __init__(self, path: Path | None, server: str, user: str) -> None:
        self.problem: VoicechatError | None = None
        self._path = path
        self._server = server
        self._user = user
        self._written_at: int | None = None
        self._contents = Contents(version=2)
        if path is not None:
            self._contents, self.problem = load(path)
        self._saved = self._contents.model_copy(deep=True)
        self._saving = asyncio.Lock()
        self.remembered = self._contents.of(server, user)

    def move_to(self, server: str, user: str) -> None:
        """Switch to what is remembered of another server, and of the person there."""
        self._server, self._user = server, user
        self.remembered = self._contents.of(server, user)

    @property
    def muted(self) -> bool:
        """Whether the microphone is muted, on whatever server."""
        return self._contents.muted

    @muted.setter
    def muted(self, muted: bool) -> None:
        self._contents.muted = muted

    def keep_draft(self, chat_id: str, text: str) -> None:
        """Remember the draft in a chat, or that there is none."""
        if text.strip():
            self.remembered.drafts[chat_id] = text
        else:
            self.remembered.drafts.pop(chat_id, None)

    def keep_seen(self, chat_id: str, seq: int) -> bool:
        """Remember up to where a chat was read; return whether that is new."""
        is_new = seq > self.remembered.seen.get(chat_id, 0)
        if is_new:
            self.remembered.seen[chat_id] = seq
        return is_new

    def forget_seen(self, chat_id: str) -> None:
        """Forget what was read in a chat, because it has another history now."""
        self.remembered.seen.pop(chat_id, None)
        self.remembered.spoken.pop(chat_id, None)

    def keep_spoken(self, spoken: Mapping[str, Spoken]) -> None:
        """Remember who wrote the messages that were not shown."""
        listed = {chat.chat_id for chat in self.remembered.chats}
        known = {**self.remembered.spoken, **spoken}
        self.remembered.spoken = {chat: each for chat, each in known.items() if chat in listed}

    async def seen_elsewhere(self, chats: Iterable[ChatSummary]) -> dict[str, int]:
        """Return up to where other apps of this login have shown chats, where that is new."""
        there = await asyncio.to_thread(self._written_by_others)
        seen = {} if there is None else there.of(self._server, self._user).seen
        # A larger seq than there are messages belongs to another history.
        return {
            chat.chat_id: seq
            for chat in chats
            if 0 < (seq := seen.get(chat.chat_id, 0)) <= chat.message_count
        }

    def _written_by_others(self) -> Contents | None:
        if self._path is None:
            return None
        before, self._written_at = self._written_at, written_at(self._path)
        return look(self._path) if self._written_at != before else None

    def unsent(self, chat_id: str) -> dict[str, str]:
        """Return the texts of a chat that are not known to be stored; changes to it are remembered."""
        return self.remembered.unsent.setdefault(chat_id, {})

    def written(self) -> dict[str, str]:
        """Return what is written and not stored, by chat."""
        unsent = {chat: " ".join(texts.values()) for chat, texts in self.remembered.unsent.items() if texts}
        return {**unsent, **self.remembered.drafts}

    async def save(self) -> None:
        """Write the file, away from the event loop; what other apps have written into it stays.

        Raises:
            OSError: If it can't be read and written.
        """
        async with self._saving:
            await asyncio.to_thread(self._write, self._copy())

    def save_now(self) -> None:
        """Write the file at the end of the app.

        Raises:
            OSError: If it can't be read and written.
        """
        self._write(self._copy())

    def _copy(self) -> Contents:
        return self._contents.model_copy(deep=True)

    def _write(self, now: Contents) -> None:
        if self._path is not None:
            update(self._path, lambda there: merged(self._saved, now, there))
            self._saved = now

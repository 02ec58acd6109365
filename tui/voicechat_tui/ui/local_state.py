"""What the app remembers on this machine between two runs: drafts, what was read, and the list of chats."""

import asyncio
from pathlib import Path

from voicechat_common.errors import VoicechatError
from voicechat_tui.ui.local_file import load, update
from voicechat_tui.ui.model.merging import merged
from voicechat_tui.ui.model.remembered import Contents

THIS_MACHINE = "this machine"
"""Stands for the server that the app starts itself, whose address is another one each time."""


class LocalState:
    """What is remembered of one person on one server, and the file it is in.

    Args:
        path: The file; None keeps nothing.
        server: The server's address as `server_name` gives it, or `THIS_MACHINE`.
        user: The person.

    Attributes:
        problem: Why the file could not be used, or None.
        remembered: What is remembered of the person on the server.
    """

    def __init__(self, path: Path | None, server: str, user: str) -> None:
        self.problem: VoicechatError | None = None
        self._path = path
        self._user = user
        self._contents = Contents(version=2)
        if path is not None:
            self._contents, self.problem = load(path)
        self._saved = self._contents.model_copy(deep=True)
        self._saving = asyncio.Lock()
        self.remembered = self._contents.of(server, user)

    def move_to(self, server: str) -> None:
        """Go on with what is remembered of another server."""
        self.remembered = self._contents.of(server, self._user)

    @property
    def muted(self) -> bool:
        """Whether the microphone is muted, on whatever server."""
        return self._contents.muted

    @muted.setter
    def muted(self, muted: bool) -> None:
        self._contents.muted = muted

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

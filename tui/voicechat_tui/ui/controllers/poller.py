"""Polling the server for the list of chats, sooner on request."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from textual.message import Message

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.chat_http import ChatSummary
from voicechat_tui.client.connection.backoff import agreed_pause, may_pass, own_pause
from voicechat_tui.ui.backend.server import Backend
from voicechat_tui.ui.controllers.messages import ChatsListed, ChatsUnreachable
from voicechat_tui.ui.memory.local_state import LocalState
from voicechat_tui.ui.model.unread import Spoken, gap, learned

EVERY_S = 4.0
"""How old the list of chats may be. One small call per person and interval costs a server little."""
PAGES = 10
"""Chats whose messages are fetched in one poll to learn who wrote them; the rest follow in the next."""
LASTING = frozenset({ErrorCode.UNAUTHORIZED, ErrorCode.FORBIDDEN, ErrorCode.WRONG_NAME})
"""What asking again would not change, and the person can."""
LONGEST_S = 8.0
"""The longest delay between attempts, the same as for a chat."""
LONGEST_REFUSED_S = 60.0
"""The same while the server, or something before it, refuses: that lasts until somebody changes something."""


class ChatListPoller:
    """The list of chats, kept up to date.

    Args:
        backend: Whom to ask.
        user: Whose chats.
        local: What is known of them.

    Attributes:
        has_asked: Set when the outcome of the last poll has been reported.
    """

    def __init__(self, backend: Backend, user: str, local: LocalState) -> None:
        self._local = local
        self._backend = backend
        self._user = user
        self.has_asked = asyncio.Event()
        self._now = asyncio.Event()

    def ask_now(self) -> None:
        """Poll now instead of waiting."""
        self._now.set()

    async def ask(self) -> None:
        """Poll now, and wait for the outcome."""
        self.has_asked.clear()
        self.ask_now()
        await self.has_asked.wait()

    async def run(self, emit: Callable[[Message], object]) -> None:
        """Poll for ever, and report each outcome."""
        failures = 0
        delay: float | None
        while True:
            try:
                await self._backend.prepare()
                chats = await self._backend.chats(self._user)
                seen = await self._local.seen_elsewhere(chats)
                spoken = await self._who_spoke(chats, seen)
            except VoicechatError as error:
                failures += 1
                longest = LONGEST_S if may_pass(error) else LONGEST_REFUSED_S
                own_s = own_pause(1.0, failures, longest)
                is_lasting = error.code in LASTING
                delay = None if is_lasting else agreed_pause(own_s, error.retry_after_s, longest)
                emit(ChatsUnreachable(error, delay))
            else:
                delay = EVERY_S
                failures = 0
                emit(ChatsListed(chats, seen, spoken))
            self.has_asked.set()
            await self._pause(delay)

    async def _who_spoke(self, chats: list[ChatSummary], elsewhere: dict[str, int]) -> dict[str, Spoken]:
        """Find out which unseen messages are the person's own; those don't count as unread."""
        found: dict[str, Spoken] = {}
        remembered, asked = self._local.remembered, 0
        for chat in chats:
            seen = max(remembered.seen.get(chat.chat_id, 0), elsewhere.get(chat.chat_id, 0))
            known = remembered.spoken.get(chat.chat_id, Spoken())
            if (missing := gap(chat, seen, known)) is None:
                continue
            since, count = missing
            messages = [chat.last_message] if count == 1 and chat.last_message else None
            if messages is None:
                if asked == PAGES:
                    continue
                asked += 1
                try:
                    messages = (await self._backend.page(chat.chat_id, since, count)).messages
                except VoicechatError:
                    break  # The list is complete; who wrote the messages is looked up again in the next poll.
            found[chat.chat_id] = learned(chat, seen, known, messages, self._user)
        return found

    async def _pause(self, seconds: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._now.wait()
        self._now.clear()
